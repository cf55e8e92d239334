"""`evaluate` and `predict` as a user calls them, and what they say to bad input."""

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main as core_main
from core.analysis import calibration, robustness
from core.commands import add_run, evaluate, predict, run_command, train
from core.commands.studies import landscape, probe, surgery
from core.data import cifar10, picture_files
from core.errors import ImageError, LabError, RunError
from core.heatmaps.predictor import Predictor
from core.paths import ROOT
from core.runs import store, validation
from core.runs.file_names import VALIDATION_FILE


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "cat.png"
    Image.fromarray(cifar10.load_test().pixels[0]).save(path)
    return path


@pytest.fixture
def few_test_images(monkeypatch):
    test = cifar10.load_test()
    monkeypatch.setattr(cifar10, "load_test", lambda: cifar10.Images(test.pixels[:200], test.labels[:200]))


def test_evaluate_prints_one_json_list(make_run, capsys, few_test_images):
    make_run("one"), make_run("two", skip=False)
    assert evaluate.main(["one", "two", "--json"]) == 0
    output = capsys.readouterr()
    results = json.loads(output.out)
    assert [result["run"] for result in results] == ["one", "two"]
    for result in results:
        assert set(result) == {"run", "accuracy", "loss", "ece", "per_class", "confusion", "n"}
        assert result["n"] == np.sum(result["confusion"]) == 200
        assert result["accuracy"] == pytest.approx(np.trace(result["confusion"]) / 200)
        assert set(result["per_class"]["cat"]) == {"precision", "recall", "f1"}
    assert "Scoring" in output.err


def test_evaluate_prints_a_table(make_run, capsys, few_test_images):
    make_run("one")
    evaluate.main(["one", "--json"])
    (result,) = json.loads(capsys.readouterr().out)
    evaluate.main(["one"])
    (cats,) = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("cat ")]
    of_cats = result["per_class"]["cat"]
    assert cats[1:4] == [f"{of_cats[measure]:.1%}" for measure in ("precision", "recall", "f1")]
    assert cats[-10:] == [str(count) for count in result["confusion"][3]]


@pytest.mark.parametrize("kept", [True, False], ids=["answers kept", "answers not kept"])
def test_evaluate_fits_a_temperature_on_validation_and_keeps_it(
    make_run, capsys, few_test_images, monkeypatch, tiny_images, kept
):
    """From what it said of its validation photos; where that was not kept, it is asked: the temperature is the same."""
    run, asked = make_run("one"), []
    known = validation.load(run)
    if not kept:
        (run.path / VALIDATION_FILE).unlink()
    monkeypatch.setattr(cifar10, "load_training", lambda source: asked.append(source) or tiny_images)
    evaluate.main(["one", "--temperature", "--json"])
    (result,) = json.loads(capsys.readouterr().out)
    assert asked == ([] if kept else ["shipped"])
    assert calibration.load(run) == calibration.Temperature(result["temperature"], len(known.photos))
    assert result["temperature"] == pytest.approx(calibration.fit(known.logits, known.labels).value, rel=1e-2)


@pytest.mark.parametrize(
    ("folder", "asked_for"),
    [("{here}", "{here}"), ("{here}/moved", "shipped"), ("core", "shipped"), (5, "shipped")],
    ids=["here", "moved", "zip", "damaged"],
)
def test_validation_photos_are_those_of_the_training_where_their_folder_is_known(
    make_run, few_test_images, monkeypatch, tiny_images, tmp_path, folder, asked_for
):
    """A run that came in a zip tells no more than its folder's name, which may be anything here."""
    folder, asked_for = (str(text).format(here=tmp_path) if text != 5 else 5 for text in (folder, asked_for))
    run, asked = make_run("one"), []
    store.save_facts(run.path, run.config, run.facts | {"data_folder": folder})
    (run.path / VALIDATION_FILE).unlink()
    monkeypatch.setattr(cifar10, "load_training", lambda source: asked.append(source) or tiny_images)
    evaluate.main(["one", "--temperature"])
    assert asked == [asked_for]


@pytest.mark.parametrize(
    ("command", "computes"),
    [(evaluate, "evaluate"), (surgery, "Surgery"), (probe, "study"), (landscape, "study")],
    ids=lambda part: part if isinstance(part, str) else part.__name__,
)
def test_nothing_is_computed_where_a_later_run_cannot_be(make_run, monkeypatch, command, computes):
    make_run("one")
    (make_run("two").path / "model.safetensors").unlink()
    monkeypatch.setattr(command, computes, lambda *_: pytest.fail("computed before all were looked at"))
    with pytest.raises(RunError, match="two has no weights"):
        command.main(["one", "two"])


def test_answers_to_spoiled_photos_that_are_damaged_are_made_anew(make_run, few_test_images, monkeypatch):
    """The command that the page names there mends it."""
    run = make_run("one")
    (run.path / robustness.FILE).write_bytes(b"damaged")
    monkeypatch.setattr(robustness, "PHOTOS", 6)
    assert evaluate.main(["one", "--corruptions"]) == 0
    assert robustness.load(run).complete


@pytest.mark.parametrize("as_json", [True, False])
def test_evaluate_asks_about_spoiled_photos_and_keeps_the_answers(
    make_run, capsys, few_test_images, monkeypatch, as_json
):
    run = make_run("one")
    monkeypatch.setattr(robustness, "PHOTOS", 6)
    assert evaluate.main(["one", "--corruptions", *["--json"] * as_json]) == 0
    output, kept = capsys.readouterr(), robustness.load(run)
    assert kept.complete
    assert "Fog done, 9 of 14 kinds" in output.err
    if as_json:
        (result,) = json.loads(output.out)
        assert result["corruptions"]["photos"] == 6
        assert result["corruptions"]["right"]["fog"] == kept.corrupted["fog"].mean(axis=1).tolist()
    else:
        assert "6 test photos, clean: " in output.out
        assert "Saved in poor quality (JPEG)" in output.out
    monkeypatch.setattr(evaluate, "require_writable", Mock(side_effect=RunError("read-only")))
    assert evaluate.main(["one", "--corruptions", *["--json"] * as_json]) == 0  # nothing is left to write
    assert capsys.readouterr().out == output.out
    (run.path / robustness.FILE).unlink()
    with pytest.raises(RunError, match="read-only"):
        evaluate.main(["one", "--corruptions"])


def test_predict_prints_one_json_object_and_writes_the_heatmap(make_run, picture, tmp_path, capsys):
    make_run("one")
    heatmap = tmp_path / "heatmap.png"
    assert predict.main(["one", str(picture), "--json", "--heatmap", str(heatmap)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result) == {"run", "label", "probabilities"}
    assert sum(result["probabilities"].values()) == pytest.approx(1)
    assert result["label"] == max(result["probabilities"], key=result["probabilities"].get)
    assert Image.open(heatmap).size == (512, 512)


def test_heatmap_follows_method_layer_and_target(make_run, picture, tmp_path):
    make_run("one")
    written = set()
    for i, options in enumerate(
        [[], ["--method", "LayerCAM"], ["--layer", "layer1"], ["--target", "frog"], ["--target", "ship"]]
    ):
        heatmap = tmp_path / f"{i}.png"
        assert predict.main(["one", str(picture), "--heatmap", str(heatmap), *options]) == 0
        written.add(Image.open(heatmap).tobytes())
    assert len(written) >= 4  # the answer may be frog or ship


def test_without_a_heatmap_none_is_computed(make_run, picture, monkeypatch):
    make_run("one")
    monkeypatch.setattr(Predictor, "predict", None)
    assert predict.main(["one", str(picture)]) == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has none")
@pytest.mark.parametrize("place", ["{picture}", "{folder}/pipe.png", "{folder}/link.png", "{folder}/cat.txt"])
def test_a_heatmap_replaces_neither_the_picture_nor_what_is_no_picture(make_run, picture, tmp_path, place):
    make_run("one")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to(picture)
    (tmp_path / "cat.txt").write_text("notes")
    before = picture.read_bytes()
    place = place.format(picture=picture, folder=tmp_path)
    with pytest.raises(LabError, match=re.escape(place)):
        predict.main(["one", str(picture), "--heatmap", place])
    assert picture.read_bytes() == before
    assert (tmp_path / "pipe.png").is_fifo()
    assert (tmp_path / "link.png").is_symlink()
    assert (tmp_path / "cat.txt").read_text() == "notes"


def test_predict_reads_no_file_larger_than_a_picture(make_run, picture, monkeypatch):
    make_run("one")
    monkeypatch.setattr(picture_files, "MAX_BYTES", 100)
    with pytest.raises(ImageError, match="is larger than"):
        predict.main(["one", str(picture)])


def test_predict_prints_all_ten_classes(make_run, picture, capsys):
    make_run("one")
    predict.main(["one", str(picture)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("one says: ")
    assert len(lines) == 11


@pytest.mark.parametrize(
    ("command", "arguments", "word"),
    [
        (evaluate, ["no-such-run"], "no-such-run"),
        (evaluate, [], "RUN"),
        (evaluate, ["one", "--jsn"], "--jsn"),
        (predict, ["no-such-run", "{picture}"], "no-such-run"),
        (predict, ["one", "missing.png"], "missing.png"),
        (predict, ["one", "{text}"], "picture"),
        (predict, ["one", "{folder}"], "cannot be read"),
        (predict, ["one", "{picture}", "--method", "GradKAM"], "GradKAM"),
        (predict, ["one", "{picture}", "--heatmap", "{folder}/x.png", "--layer", "layer9"], "layer3"),
        (predict, ["one", "{picture}", "--layer", "layer3"], "go with --heatmap"),
        (predict, ["one", "{picture}", "--method", "GradCAM"], "go with --heatmap"),
        (predict, ["one", "{picture}", "--target", "giraffe"], "giraffe"),
        (predict, ["one", "{picture}", "--heatmap", "{folder}/no/such/place.png"], "cannot be written"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(
    make_run, picture, tmp_path, monkeypatch, capsys, command, arguments, word
):
    make_run("one")
    text = tmp_path / "text.png"
    text.write_text("no picture")
    filled = [argument.format(picture=picture, text=text, folder=tmp_path) for argument in arguments]
    monkeypatch.setattr(sys, "argv", ["x", *filled])
    with pytest.raises(SystemExit) as stop:
        run_command(command.main)
    assert stop.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert word in output.err
    assert len(output.err.strip().splitlines()) == 1


def test_a_damaged_run_is_told(make_run):
    (make_run("one").path / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(RunError, match="sha256"):
        evaluate.main(["one"])


def called(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("command", ["core.train", "core.evaluate", "core.predict", "core.add_run"])
def test_commands_as_runs_and_cards_of_before_have_them(command, monkeypatch, capsys):
    """`python -m core.train` is recorded in shipped configs; all forms of before go on working."""
    monkeypatch.setattr(sys, "argv", [command, "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(command, run_name="__main__")
    assert ended.value.code == 0
    assert f"python -m core {command.removeprefix('core.').replace('_', '-')}" in capsys.readouterr().out


def test_without_a_command_all_are_listed():
    result = called("-m", "core")
    commands = {path.stem.replace("_", "-") for path in (ROOT / "core" / "commands").rglob("[a-z]*.py")}
    listed = {line.split()[0] for line in result.stdout.splitlines()[2:]}
    assert listed == commands


def test_an_unknown_command_is_told():
    result = called("-m", "core", "trian")
    assert result.returncode == 2
    assert result.stderr.startswith("There is no command 'trian'. Known: train, ")


@pytest.mark.parametrize(
    ("words", "closed", "status"), [((), "stdout", 0), (("ship", "--help"), "stdout", 0), (("trian",), "stderr", 2)]
)
def test_a_reader_that_has_seen_enough_changes_nothing(words, closed, status):
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command, pipe = [sys.executable, "-m", "core", *words], subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=buffered, stdout=pipe, stderr=pipe, text=True) as process:
        getattr(process, closed).close()
        other = process.stderr if closed == "stdout" else process.stdout
        assert (other.read(), process.wait(timeout=60)) == ("", status)


@pytest.mark.parametrize(("words", "status"), [((), 0), (("trian",), 2)])
@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_stream_that_was_closed_before_changes_nothing(monkeypatch, name, words, status):
    monkeypatch.setattr(sys, "argv", ["core", *words])
    monkeypatch.setattr(sys, name, None)
    with pytest.raises(SystemExit) as ended:
        run_command(core_main)
    assert ended.value.code == status


def test_options_may_stand_between_the_other_arguments():
    args = train.parser().parse_args(["plain20", "--epochs", "3", "resnet20"])
    assert (args.architectures, args.epochs) == (["plain20", "resnet20"], 3)
    assert add_run.parser().parse_args(["--", "-run.zip"]).zip == Path("-run.zip")


@pytest.mark.parametrize(
    "fact", [{"answers_learned_before": True}, {"imported": {"file": "x.pth"}}], ids=["seen", "imported"]
)
def test_no_temperature_is_fitted_on_photos_that_may_have_been_learned(make_run, capsys, few_test_images, fact):
    run = make_run("one")
    store.save_facts(run.path, run.config, run.facts | fact)
    assert evaluate.main(["one"]) == 0
    with pytest.raises(RunError, match="no temperature can be fitted"):
        evaluate.main(["one", "--temperature"])
    assert calibration.load(run) is None
