"""Grad-CAM: the library's own values, none of its side effects, safe among threads."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
import tqdm
from scipy.special import softmax
from torch import nn

from core.analysis import calibration
from core.analysis.calibration import Temperature
from core.data import cifar10, gallery
from core.errors import ModelError
from core.heatmaps import gradcam
from core.heatmaps.gradcam import METHODS, Focus, focus, heatmap, overlay, overlay_difference
from core.heatmaps.predictor import Predictor
from core.models.cifar import untrained
from core.runs.library import find_run


@pytest.fixture
def model():
    return untrained(depth=8, skip=True, norm="batch", seed=0).eval().requires_grad_(False)


def hooks(model) -> int:
    return sum(len(m._forward_hooks) + len(m._backward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


@pytest.fixture
def inputs():
    return torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("method", [name for name in METHODS if name != "EigenCAM"])
def test_equals_the_library_used_by_its_book(model, inputs, method):
    import pytorch_grad_cam
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    ours = heatmap(model, model.layer3[-1], inputs, 4, method)
    model.requires_grad_(True)
    with getattr(pytorch_grad_cam, method)(model=model, target_layers=[model.layer3[-1]]) as cam:
        theirs = cam(inputs, targets=[ClassifierOutputTarget(4)])[0]
    assert ours.max() > 0.9
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("seed", range(10))
def test_the_strongest_pattern_is_bright_where_the_channels_respond(seed):
    """The library leaves its sign to chance."""
    activations = np.random.default_rng(seed).random((1, 8, 4, 4), dtype=np.float32)
    activations[0, :, 1, 2] += 5
    cam = gradcam._cam_class("EigenCAM")(nn.Linear(1, 1), [])
    assert cam.get_cam_image(None, None, None, activations, None, None).argmax() == 6


@pytest.mark.parametrize("target", [0, 10])
@pytest.mark.parametrize("method", METHODS)
def test_leaves_nothing_behind_also_after_an_error(model, inputs, method, target):
    before = [(name, id(module)) for name, module in model.named_modules()]
    if target < 10 or method == "EigenCAM":  # which has no target
        heatmap(model, model.layer3[-1], inputs, target, method)
    else:
        with pytest.raises(ModelError, match="no class 10"):
            heatmap(model, model.layer3[-1], inputs, target, method)
    assert hooks(model) == 0
    assert [(name, id(module)) for name, module in model.named_modules()] == before
    assert all(weights.grad is None and not weights.requires_grad for weights in model.parameters())
    assert not model.training


def test_the_words_say_whether_a_map_is_of_a_class(model, inputs):
    for name, method in METHODS.items():
        same = np.allclose(*(heatmap(model, model.layer3[-1], inputs, target, name) for target in (0, 1)))
        assert method.of_class == (not same), name
        assert ("cat" in method.caption("A", "cat"), "class" in method.bright) == (not same, not same)


IN_THE_APP = """
    import asyncio, sys
    import numpy as np
    from pathlib import Path
    from ui import warm_up

    async def serve():
        async with warm_up.while_serving(None):
            from core.heatmaps.predictor import Predictor
            from core.runs.run import open_run

            predictor = Predictor(open_run(Path(sys.argv[1])))
            for method in ("ScoreCAM", "AblationCAM"):
                assert predictor.predict(np.zeros((32, 32, 3), np.uint8), method=method).heatmap.shape == (32, 32)

    warm_up.warm_up = lambda _: None
    asyncio.run(serve())
"""


@pytest.mark.slow
def test_slow_methods_print_no_progress_bar_in_the_app(make_run, without_tqdm_variable):
    command = [sys.executable, "-c", textwrap.dedent(IN_THE_APP), str(make_run("a").path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (result.returncode, result.stderr) == (0, "")


ON_THE_COMMAND_LINE = """
    import sys
    from core.commands import predict

    run, picture = sys.argv[1:]
    for method in ("ScoreCAM", "AblationCAM"):
        predict.main([run, picture, "--heatmap", f"{picture}-{method}.png", "--method", method])
"""


@pytest.mark.slow
def test_slow_methods_print_no_progress_bar_on_the_command_line(make_run, tmp_path, without_tqdm_variable):
    picture = tmp_path / "picture"  # a name without a suffix: the content decides
    picture.write_bytes(gallery.read("cat"))
    command = [sys.executable, "-c", textwrap.dedent(ON_THE_COMMAND_LINE), str(make_run("a").path), str(picture)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (result.returncode, result.stderr) == (0, "")


def test_no_module_of_others_is_changed(model, inputs):
    from pytorch_grad_cam import ablation_cam, score_cam

    heatmap(model, model.layer3[-1], inputs, 0, "AblationCAM")
    assert ablation_cam.tqdm is score_cam.tqdm is tqdm


@pytest.fixture
def without_tqdm_variable(monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)


def test_weights_that_are_not_numbers_are_an_error(model):
    model.fc.weight.fill_(float("nan"))
    with pytest.raises(ModelError, match="not finite"):
        heatmap(model, model.layer3[-1], torch.randn(1, 3, 32, 32), target=0)


def test_overlay_shows_the_picture_at_0_and_the_map_at_1():
    dark = np.random.default_rng(0).integers(0, 100, (64, 64, 3), dtype=np.uint8)
    heatmap = np.zeros((8, 8), np.float32)
    heatmap[:, 4:] = 1
    np.testing.assert_array_equal(overlay(dark, heatmap, strength=0), dark)
    alone = overlay(dark, heatmap, strength=1).astype(int)
    np.testing.assert_array_equal(alone, overlay(255 - dark, heatmap, strength=1))
    assert alone[:, 50:].mean() > alone[:, :14].mean() + 50
    np.testing.assert_allclose(overlay(dark, heatmap, 0.5), (dark + alone) / 2, atol=1)


def test_overlay_of_a_black_picture_stays_black_where_the_map_is_0():
    black = np.zeros((8, 8, 3), np.uint8)
    assert overlay(black, np.zeros((8, 8), np.float32)).max() <= 2  # the color scale begins at (0, 0, 4)


def test_difference_is_gray_where_equal_and_in_the_color_of_the_higher():
    picture = np.full((32, 32, 3), 100, np.uint8)
    left, right = np.zeros((32, 32), np.float32), np.zeros((32, 32), np.float32)
    left[:, :8], right[:, 24:] = 1, 1
    shown = overlay_difference(picture, left, right, ("#D55E00", "#0072B2"))
    assert shown[16, 16].tolist() == [100, 100, 100]
    assert shown[16, 2].tolist() == [213, 94, 0]
    assert shown[16, 30].tolist() == [0, 114, 178]


def test_a_predictor_answers_with_a_map_for_its_answer(make_run):
    predictor = Predictor(make_run("a"))
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    answer = predictor.predict(pixels)
    assert answer.probabilities.sum() == pytest.approx(1)
    assert answer.explained == answer.probabilities.argmax()
    assert answer.heatmap.shape == (32, 32)
    other = predictor.predict(pixels, target=(answer.explained + 1) % 10)
    assert other.label == answer.label
    assert not np.allclose(other.heatmap, answer.heatmap)
    assert [predictor.cells(layer) for layer in predictor.layers] == [32, 16, 8]
    early = predictor.predict(pixels, layer="layer1", method="HiResCAM")
    assert not np.allclose(early.heatmap, answer.heatmap)


def test_a_predictor_is_as_sure_as_its_temperature_says(make_run):
    run, pixels = make_run("a"), np.zeros((32, 32, 3), np.uint8)
    before = Predictor(run).predict(pixels)
    calibration.save(run, Temperature(0.5, 40))
    after, asked = Predictor(run).predict(pixels), Predictor(run).probabilities(pixels[None])[0]
    assert np.array_equal(before.logits, after.logits)
    np.testing.assert_allclose(after.probabilities, softmax(2 * before.logits), rtol=1e-5)
    np.testing.assert_allclose(asked, after.probabilities, rtol=1e-5)
    assert after.confidence > before.confidence


@pytest.mark.parametrize("name", ["plain20-s0", "resnet20-s0"])
def test_the_usual_layer_has_8_x_8_cells_and_lively_maps(name):
    """On 100 test photos: finite, and not the same everywhere."""
    predictor = Predictor(find_run(name))
    assert predictor.cells(predictor.layers[-1]) == 8
    for picture in cifar10.load_test().pixels[:100]:
        found = predictor.predict(picture).heatmap
        assert np.isfinite(found).all()
        assert np.ptp(found) > 0.5


def test_a_slow_map_keeps_nobody_waiting(monkeypatch):
    """Others are answered, by the same network, while one is drawn."""
    predictor, seen = Predictor(find_run("resnet8-s0")), []

    def draw(model, *_):
        seen.append((predictor._lock.locked(), model is predictor._model))
        return np.ones((32, 32))

    monkeypatch.setattr(predictor, "_heatmap", draw)
    for method in ("AblationCAM", "GradCAM"):
        predictor.predict(cifar10.load_test().pixels[0], method=method)
    assert seen == [(False, False), (True, True)]


STORM = """
    import sys, threading
    import numpy as np
    from pathlib import Path
    from core.heatmaps.predictor import Predictor
    from core.runs.run import open_run

    predictor = Predictor(open_run(Path(sys.argv[1])))
    pictures = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    alone = [predictor.predict(picture) for picture in pictures]
    wrong = []

    def visit(first):
        for number in range(40):
            i = (first + number) % 8
            answer = predictor.predict(pictures[i])
            if not (np.allclose(answer.heatmap, alone[i].heatmap, atol=1e-5)
                    and np.allclose(answer.probabilities, alone[i].probabilities, atol=1e-5)):
                wrong.append(i)

    def check(number):
        method = ("GradCAM", "AblationCAM")[number % 2]
        for picture in pictures[:1]:
            try:
                answer = predictor.predict(picture, method=method)
                predictor.sanity_checks(picture, answer, method, predictor.layers[-1], others=[answer.heatmap] * 19)
            except Exception as error:
                wrong.append(error)

    visitors = [threading.Thread(target=visit, args=(n,)) for n in range(8)]
    visitors += [threading.Thread(target=check, args=(n,)) for n in range(2)]
    [v.start() for v in visitors]
    [v.join() for v in visitors]
    print(len(wrong), "wrong")
"""


@pytest.mark.slow
def test_many_visitors_at_once_each_see_their_own_map(make_run):
    """In a child process, since without the lock the process may die."""
    command = [sys.executable, "-c", textwrap.dedent(STORM), str(make_run("a").path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "0 wrong"


MANY_MAPS = """
    import sys
    import numpy as np, psutil
    from pathlib import Path
    from core.heatmaps.predictor import Predictor
    from core.runs.run import open_run

    predictor = Predictor(open_run(Path(sys.argv[1])))
    pictures = np.random.default_rng(0).integers(0, 256, (250, 32, 32, 3), dtype=np.uint8)
    megabytes = lambda: psutil.Process().memory_info().rss / 2**20
    for picture in pictures[:50]:
        predictor.predict(picture)
    before = megabytes()
    for picture in pictures[50:]:
        predictor.predict(picture)
    print(megabytes() - before)
"""


@pytest.mark.slow
def test_two_hundred_maps_keep_no_memory(make_run):
    command = [sys.executable, "-c", textwrap.dedent(MANY_MAPS), str(make_run("a").path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert float(result.stdout) <= 10


def test_where_a_map_is_brightest_and_how_narrow_it_is():
    one = np.zeros((10, 20), np.float32)
    one[7, 2] = 0.5
    assert focus(one) == Focus(0.75, 0.125, 1 / 200)
    assert focus(np.full((4, 4), 0.25, np.float32)).share == 0.5
    assert focus(np.zeros((4, 4), np.float32)) is None
