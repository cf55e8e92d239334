"""Networks that were trained elsewhere, made of shipped ones: the same weights must give the same answers."""

import json
import sys
from dataclasses import replace
from math import nan

import numpy as np
import pytest
import torch

from core import __main__
from core.analysis.comparison import fairness
from core.analysis.depths.depth import recipes
from core.analysis.questions import questions
from core.analysis.training_summary import figures
from core.commands import report, run_command, train
from core.data import cifar10
from core.errors import ModelError, RunError
from core.models.registry import build, family
from core.runs import reproduction, status, store
from core.runs import run as run_module
from core.runs.library import find_run
from core.runs.run import Run, open_run
from core.settings.constraints import NORMALIZATIONS
from core.settings.train_config import TrainConfig
from core.sharing import zip_archive
from core.sharing.handout.page import render
from core.sharing.handout.pairs import of_pair
from core.sharing.hub import export_hub
from core.training import imported_network
from core.words.settings import describe, fairness_in_words

FEW = 300


@pytest.fixture(scope="module")
def few() -> cifar10.Images:
    test = cifar10.load_test()
    return cifar10.Images(test.pixels[:FEW], test.labels[:FEW])


@pytest.fixture(autouse=True)
def few_images(few, monkeypatch):
    """Tests take no more than these of the test images, and the same for training images."""
    for module, name, value in (
        (cifar10, "load_test", lambda: few),
        (cifar10, "load_test_labels", lambda: few.labels),
        (cifar10, "load_training", lambda which: few),
        (cifar10, "TEST_IMAGES", FEW),
        (run_module, "TEST_IMAGES", FEW),
    ):
        monkeypatch.setattr(module, name, value)


@pytest.fixture
def shipped() -> Run:
    return find_run("resnet8-s0")


@pytest.fixture
def file(shipped, tmp_path):
    torch.save({"state_dict": shipped.load_model().state_dict()}, tmp_path / "theirs.bin")
    return tmp_path / "theirs.bin"


def command(*words: object) -> int:
    before, sys.argv = sys.argv, ["core", "import", *map(str, words)]
    try:
        return __main__.main()
    finally:
        sys.argv = before


@pytest.fixture
def imported(file) -> Run:
    assert command(file, "--architecture", "resnet8") == 0
    return find_run("theirs")


def test_the_same_weights_give_the_same_answers(imported, shipped, capsys):
    expected = shipped.logits_on(cifar10.load_test())
    assert np.array_equal(imported.test_logits(), expected)
    assert imported.config.normalization == "cifar"  # by which it was trained
    assert imported.facts["imported"]["file"] == "theirs.bin"
    assert imported.facts["imported"]["found"] == "found under 'state_dict'"
    assert np.array_equal(imported.logits_on(cifar10.load_test()), expected)
    assert status.read(imported.path) is None


def test_half_precision_is_as_good_as_half_precision_can_be(shipped, tmp_path):
    weights = {name: value.half() for name, value in shipped.load_model().state_dict().items()}
    torch.save({f"module.{name}": value for name, value in weights.items()}, tmp_path / "half.pt")
    command(tmp_path / "half.pt", "--architecture", "resnet8")
    model = shipped.load_model()
    model.load_state_dict({name: value.float() for name, value in weights.items()})
    pixels = family(shipped.config).preprocessing(torch.from_numpy(cifar10.load_test().pixels).permute(0, 3, 1, 2))
    assert np.allclose(find_run("half").test_logits(), model(pixels).detach().numpy(), atol=1e-4)


def test_the_normalization_is_that_with_which_it_was_trained(shipped, file):
    """As it is, and as the same network for pixels from 0 to 1: its first layer makes up for them."""
    weights = imported_network.look(file).weights_for(shipped.config)
    assert imported_network._likely_normalization(shipped.config, weights) == "cifar"
    mean, std = (torch.tensor(each)[None, :, None, None] for each in NORMALIZATIONS["cifar"])
    weights["conv1.weight"] = weights["conv1.weight"] / std
    weights["bn1.running_mean"] = weights["bn1.running_mean"] + (weights["conv1.weight"] * mean).sum(dim=(1, 2, 3))
    assert imported_network._likely_normalization(shipped.config, weights) == "none"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--normalization", "none"], "none"),
        (["--mean", "0.5,0.5,0.5", "--std", "0.25,0.25,0.25"], "0.5,0.5,0.5,0.25,0.25,0.25"),
    ],
)
def test_a_normalization_that_is_given_counts_wherever_it_predicts(file, options, expected):
    command(file, "--architecture", "resnet8", "--name", "mine", *options)
    run = find_run("mine")
    assert run.config.normalization == expected
    assert np.array_equal(run.test_logits(), run.logits_on(cifar10.load_test()))
    assert " ".join(options) in reproduction.command(run)
    assert expected in (run.path / "README.md").read_text()


def test_a_network_with_a_first_layer_for_small_pictures_is_recognized(tmp_path):
    config = TrainConfig(family="torchvision", network="resnet18", stem="cifar", input_size=32)
    torch.save({"net": build(config).state_dict()}, tmp_path / "r18.pth")
    file = imported_network.look(tmp_path / "r18.pth")
    assert file.only_candidate() == config
    assert list(family(config).cam_layers(build(config)))[-1] == "layer4"


def refused(capsys, *words: object) -> str:
    with pytest.raises(SystemExit) as caught:
        run_command(lambda: command(*words))
    assert caught.value.code == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    return sentence


def hundred_classes(path) -> None:
    weights = build(TrainConfig(depth=8)).state_dict()
    torch.save(weights | {"fc.weight": torch.zeros(100, 64), "fc.bias": torch.zeros(100)}, path)


@pytest.mark.parametrize(
    ("write", "options", "words"),
    [
        (lambda path: torch.save(build(TrainConfig(depth=8)).state_dict(), path), [], "fit resnet8 and plain8 alike"),
        (hundred_classes, ["--architecture", "resnet8"], "tells 100 classes apart"),
        (lambda path: torch.save({"a": torch.zeros(2, 2)}, path), [], "no network that the lab recognizes"),
        (hundred_classes, ["--architecture", "resnet9"], "Unknown network 'resnet9'"),
        (hundred_classes, ["--architecture", "resnet8", "--mean", "0,0,0"], "--mean and --std together"),
        (hundred_classes, ["--architecture", "resnet8", "--name", "../out"], "cannot be a run's name"),
        (hundred_classes, ["--architecture", "resnet8", "--name", "resnet20-s0"], "ships with the app"),
        (lambda path: torch.save(torch.nn.Linear(2, 2), path), [], "is a whole network"),
    ],
)
def test_what_cannot_be_brought_is_one_sentence_and_leaves_nothing(tmp_path, own_runs, capsys, write, options, words):
    write(tmp_path / "a.pt")
    assert words in refused(capsys, tmp_path / "a.pt", *options)
    assert not own_runs.exists() or not list(own_runs.iterdir())


def test_a_file_whose_name_is_in_other_letters_needs_another(capsys):
    assert "gives no name for a run; choose one by --name" in refused(capsys, "модель.pt")


def test_no_training_is_told_of_it(imported, shipped):
    config = json.loads((imported.path / "config.json").read_text())["config"]
    assert not {"epochs", "lr", "seed", "init"} & config.keys()
    for read in (imported.history, imported.gradients, imported.weight_change):
        with pytest.raises(RunError, match="theirs was trained elsewhere"):
            read()
    assert describe(imported) == "8 layers, with shortcuts, trained elsewhere"
    assert "trained elsewhere" in (imported.path / "README.md").read_text()
    assert reproduction.command(imported).startswith("python -m core import theirs.bin --architecture resnet8")
    assert figures(imported)["epochs"] is None
    assert "| `theirs` | 8 | yes | BatchNorm |  |  |  |  |  |  | " in report.markdown([imported])


def test_no_pair_with_it_is_called_fair(imported, shipped):
    twin = replace(shipped, config=imported.config)  # of the very settings that its config.json leaves open
    both = fairness(imported, twin)
    assert both.differing == {"training": ("elsewhere", "here")}
    assert not both.fair
    assert "not known" in fairness_in_words(both)
    assert questions([imported, twin]) == []
    assert [run.name for recipe in recipes([imported, twin]) for run in recipe.runs] == [twin.name]


def test_it_is_shared_like_any_other(imported, own_runs, tmp_path):
    again = zip_archive.add_run(zip_archive.zip_run(imported), "again")
    assert again.imported
    assert np.array_equal(again.test_logits(), imported.test_logits())
    export_hub(imported, tmp_path / "hub")
    assert "license:" not in (tmp_path / "hub" / "README.md").read_text()  # it is not ours to give away


def test_its_handout_leaves_out_how_it_learned(imported, shipped):
    page = render(of_pair(imported, imported))
    assert "Bring A again" in page
    assert "How they learned" not in page


def test_a_scoring_goes_on_where_its_status_cannot_be_written(file, own_runs, monkeypatch):
    run = imported_network.add(own_runs, "mine", TrainConfig(depth=8), imported_network.look(file))
    write = status.write

    def refused(folder, now):
        if now.share:
            raise PermissionError(13, "Permission denied")
        write(folder, now)

    monkeypatch.setattr(status, "write", refused)
    assert imported_network.score(run)
    assert open_run(run.path).finished


def test_a_scoring_that_is_stopped_is_no_finished_run(file, own_runs):
    found = imported_network.look(file)
    run = imported_network.add(own_runs, "stopped", TrainConfig(depth=8), found)
    assert not imported_network.score(run, should_stop=lambda: True)
    assert status.read(run.path).state == "stopped"
    assert not run.finished


def test_an_import_that_is_stopped_says_how_to_go_on(file, own_runs, monkeypatch, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(imported_network, "infer", stop)
    options = [file, "--architecture", "resnet8", "--normalization", "cifar"]
    assert command(*options) == 130
    again = f"{sys.orig_argv[0]} -m core train --run {own_runs / 'theirs'}"
    assert capsys.readouterr().err.splitlines()[-1].endswith(f"continue with: {again}")
    assert f"Go on with it: {again}. Or" in refused(capsys, *options)


def test_a_file_that_names_a_tensor_twice_is_brought(shipped, tmp_path, own_runs):
    """As of layers that share their weights."""
    weights = shipped.load_model().state_dict()
    weights["layer1.0.bn2.weight"] = weights["layer1.0.bn1.weight"]
    torch.save(weights, tmp_path / "shared.pt")
    run = imported_network.add(own_runs, "shared", shipped.config, imported_network.look(tmp_path / "shared.pt"))
    assert torch.equal(run.load_model().layer1[0].bn2.weight, weights["layer1.0.bn1.weight"])


def test_a_full_disk_leaves_no_half_run(file, shipped, own_runs, monkeypatch, capsys):
    def full(folder, weights):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "save_weights", full)
    with pytest.raises(RunError, match="disk is full"):
        imported_network.add(own_runs, "mine", shipped.config, imported_network.look(file))
    with pytest.raises(SystemExit, match="2"):
        run_command(lambda: command(file, "--architecture", "resnet8", "--name", "mine"))
    assert capsys.readouterr().err.splitlines()[-1] == "The disk is full. Make room, then try again."
    assert not (own_runs / "mine").exists()


def test_weights_for_another_network_leave_nothing(file, own_runs):
    with pytest.raises(ModelError, match="do not fit resnet14"):
        imported_network.add(own_runs, "other", TrainConfig(depth=14), imported_network.look(file))
    assert not own_runs.exists()


def test_what_the_app_has_begun_is_scored(file, own_runs, monkeypatch, capsys):
    for name, stop, code in (("a", False, 0), ("b", True, 130)):
        monkeypatch.setattr(train, "_stop_on_signals", lambda stop=stop: lambda: stop)
        run = imported_network.add(own_runs, name, TrainConfig(depth=8), imported_network.look(file))
        assert train.main(["--run", str(run.path)]) == code
        assert open_run(run.path).finished == (not stop)
    assert train.main(["--run", str(own_runs / "a")]) == 0
    assert "a is finished." in capsys.readouterr().err


def test_answers_that_are_no_numbers_are_not_kept(file, own_runs, monkeypatch):
    run = imported_network.add(own_runs, "a", TrainConfig(depth=8), imported_network.look(file))
    monkeypatch.setattr(imported_network, "infer", lambda model, photos, *_, **__: torch.full((len(photos), 10), nan))
    with pytest.raises(ModelError, match="not finite"):
        imported_network.score(run)
    assert not open_run(run.path).finished
