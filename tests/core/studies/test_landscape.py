"""A walk round a network's weights: where it begins, how long its steps are, and that it goes on where it stopped."""

from itertools import islice

import numpy as np
import pytest
import torch

from core.analysis import metrics
from core.analysis.landscapes import landscape
from core.analysis.landscapes.landscape import MIDDLE, STEPS
from core.commands.studies import landscape as command
from core.data import cifar10
from core.data.batches import to_tensors
from core.data.cifar10 import Images
from core.errors import RunError
from core.models.inference import infer
from core.models.registry import family
from core.paths import SHIPPED
from core.runs.run import open_run
from core.studies.landscape import Plane, direction, study


@pytest.fixture
def few(tiny_images) -> Images:
    return Images(tiny_images.pixels[:60], tiny_images.labels[:60])


def own_logits(run, images: Images) -> np.ndarray:
    return infer(run.load_model(), to_tensors(images)[0], family(run.config).preprocessing).numpy()


def test_a_direction_is_as_long_as_the_weights_filter_by_filter():
    weights = [torch.randn(8, 4, 3, 3) * torch.arange(8).view(8, 1, 1, 1), torch.randn(10, 16)]
    steps = direction(weights, seed=3)
    for weight, step in zip(weights, steps, strict=True):
        torch.testing.assert_close(step.flatten(1).norm(dim=1), weight.flatten(1).norm(dim=1))
    again, other = direction(weights, seed=3), direction(weights, seed=4)
    assert torch.equal(steps[1], again[1])
    assert abs(torch.cosine_similarity(steps[0].flatten(), other[0].flatten(), dim=0)) < 0.3


@pytest.mark.parametrize("settings", [{"skip": True}, {"skip": False}, {"norm": "none"}], ids=str)
def test_the_middle_is_the_network_itself(make_run, few, settings):
    run = make_run("one", **settings)
    plane = Plane(run, few, (0, 1), "float32", workers=2)
    away = plane.look(2, -2)
    loss, accuracy = plane.look(0, 0)  # also after it was elsewhere
    logits = own_logits(run, few)
    assert loss == pytest.approx(metrics.loss(logits, few.labels), rel=1e-4)
    assert accuracy == metrics.accuracy(logits, few.labels).value
    assert abs(away[0] - loss) > 0.01


def test_a_step_changes_the_weights_and_leaves_batch_norm_and_biases(make_run, few):
    """The same as if the network itself, with its BatchNorm, were changed along the same direction."""
    run = make_run("one")
    plane = Plane(run, few, (0, 1), "float32", workers=1)
    model = run.load_model()
    moved = [weight for weight in model.parameters() if weight.dim() > 1]
    for weight, folded, step in zip(moved, plane._trained, plane._directions[0], strict=True):
        scale = folded.flatten(1)[:, :1] / weight.flatten(1)[:, :1]  # what folding BatchNorm did to each filter
        weight += 0.3 * step / scale.view(-1, *[1] * (weight.dim() - 1))
    logits = infer(model, to_tensors(few)[0], family(run.config).preprocessing).numpy()
    assert plane.look(0.3, 0)[0] == pytest.approx(metrics.loss(logits, few.labels), rel=1e-4)


def test_a_loss_beyond_all_numbers_is_the_highest(make_run, few):
    plane = Plane(make_run("one", norm="none"), few, (0, 1), "float32", workers=1)
    for far in (1e6, 1e30):
        assert plane.look(far, 0)[0] == landscape.HIGHEST


def test_the_walk_goes_on_where_it_stopped(make_run, few, monkeypatch):
    """Each point at its own place, whenever it was measured."""
    monkeypatch.setattr("core.studies.landscape.Plane", Counting)
    run, whole = make_run("one"), []
    found = landscape.begun(run, len(few.labels), "float32")
    for _ in islice(study(run, few, found, workers=1), 40):
        whole.append(1)
    landscape.save(run, found)
    again = landscape.begun(run, len(few.labels), "float32")
    assert again.left == found.loss.size - 40
    assert len(list(study(run, few, again, workers=1))) == found.loss.size - 40
    first, second = np.meshgrid(STEPS, STEPS)
    for pair in range(landscape.PAIRS):
        np.testing.assert_allclose(again.loss[pair], 10 + 10 * pair + 2 * first + second, rtol=1e-6)


class Counting:
    """A plane whose heights tell where they are."""

    def __init__(self, run, images, seeds, precision, workers):
        self.seed, _ = seeds

    def look(self, first, second):
        return 10 + 5 * self.seed + 2 * first + second, 0.5


def test_the_command_looks_round_a_run(make_run, few, monkeypatch, capsys):
    run = make_run("one")
    monkeypatch.setattr("core.studies.landscape.Plane", Counting)
    monkeypatch.setattr(cifar10, "load_training", lambda source: few)
    assert command.main(["one"]) == 0
    assert landscape.load(run).loss[0, MIDDLE, MIDDLE] == 10
    assert "one: loss 10.00 in the middle (50.0% right)" in capsys.readouterr().err
    monkeypatch.setattr(Counting, "look", None)  # nothing is left to look at
    assert command.main(["one"]) == 0
    before = (run.path / landscape.FILE).read_bytes()
    monkeypatch.setattr(command, "best_precision", lambda device: "float32")
    assert command.main(["one"]) == 0
    monkeypatch.setattr(command, "best_precision", lambda device: "bfloat16")
    assert command.main(["one"]) == 0
    assert (run.path / landscape.FILE).read_bytes() == before


def test_a_run_without_weights_is_refused_in_a_sentence(make_run, few, monkeypatch):
    (make_run("one").path / "model.safetensors").unlink()
    monkeypatch.setattr(cifar10, "load_training", lambda source: few)
    with pytest.raises(RunError, match=r"one has no weights .*This command makes them"):
        command.main(["one"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in SHIPPED.glob(f"*/{landscape.FILE}")), ids=lambda f: f.name
)
def test_the_middle_of_what_ships_is_the_networks_own_loss(folder):
    run, shipped = open_run(folder), cifar10.load_training("shipped")
    images = Images(shipped.pixels[: landscape.PHOTOS], shipped.labels[: landscape.PHOTOS])
    found, logits = landscape.load(run), own_logits(run, images)
    for pair in range(landscape.PAIRS):
        assert found.loss[pair, MIDDLE, MIDDLE] == pytest.approx(metrics.loss(logits, images.labels), abs=0.01)
        assert found.accuracy[pair, MIDDLE, MIDDLE] == pytest.approx(
            metrics.accuracy(logits, images.labels).value, abs=0.005
        )
    assert found.photos == landscape.PHOTOS
