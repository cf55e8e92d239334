"""The table of all runs: figures from the files, spread over the seeds; README and docs have what it writes."""

import re
from dataclasses import replace

import numpy as np
import pytest

from core.analysis import metrics, training_summary
from core.commands import report
from core.data import cifar10
from core.errors import LabError
from core.lessons.guide import document
from core.lessons.lesson import load
from core.paths import ROOT, SHIPPED
from core.runs.library import list_in
from core.runs.run import open_run
from core.settings.train_config import TrainConfig


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def between(name: str, text: str) -> str:
    return text.partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0].strip()


def test_readme_and_docs_have_what_the_command_writes(capsys):
    assert report.main([]) == 0
    printed = capsys.readouterr().out.strip()
    assert between("runs", (ROOT / "docs" / "results.md").read_text(encoding="utf-8")) == printed
    assert sum(path.parent.name in printed for path in SHIPPED.glob("*/config.json")) == printed.count("`") // 2
    means = between("means", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert means == report.headline(list_in(SHIPPED)[0])
    lessons = [load(path) for path in sorted((ROOT / "lessons").glob("*.toml"))]
    assert (ROOT / "docs" / "lessons.md").read_text(encoding="utf-8") == document(lessons)


def test_headline_has_a_row_for_networks_alike_in_all_but_one_thing(make_run):
    plain = make_run("plain", skip=False)
    twins = [make_run(f"seed{seed}", seed=seed) for seed in (0, 1)]
    alone = make_run("alone", norm="none")
    base = {"family": "torchvision", "network": "resnet50", "input_size": 64, "lr": 0.01}
    scratch = replace(twins[1], path=alone.path, config=TrainConfig(**base))
    pretrained = replace(twins[0], config=TrainConfig(**base, init="imagenet"))
    both = report.headline([pretrained, alone, *twins, scratch, plain]).split("\n\n")
    (twin_row,), (match_row,) = (table.splitlines()[2:] for table in both)
    errors = {run.name: training_summary.figures(run)["test_error"] for run in (plain, *twins, alone)}
    shown = [errors["plain"], (errors["seed0"] + errors["seed1"]) / 2]
    assert cells(twin_row)[:5] == ["8", "BatchNorm", "0.05", "1", "1 and 2"]
    assert [float(cell.split()[0].rstrip("%")) for cell in cells(twin_row)[5:]] == pytest.approx(shown, abs=0.006)
    assert ["±" in cell for cell in cells(twin_row)[5:]] == [False, True]
    assert cells(match_row)[0] == "ResNet-50"
    shown = [errors["alone"], errors["seed0"]]
    assert [float(cell.split()[0].rstrip("%")) for cell in cells(match_row)[4:]] == pytest.approx(shown, abs=0.006)


def test_figures_are_those_of_the_kept_epoch(make_run):
    run = make_run("one", epochs=2)
    history = run.history()
    kept = history[history["epoch"] == run.facts["best_epoch"]].iloc[0]
    figures = training_summary.figures(run)
    assert figures["train_error"] == pytest.approx(100 - 100 * kept["train_accuracy"])
    assert figures["val_error"] == pytest.approx(100 - 100 * kept["val_accuracy"])
    share = metrics.accuracy(run.test_logits(), cifar10.load_test_labels()).value
    assert figures["test_error"] == pytest.approx(100 - 100 * share)
    assert figures["epochs"] == 2
    assert figures["minutes"] == pytest.approx(history["seconds"].sum() / 60)


def test_seeds_are_averaged_and_other_settings_kept_apart(make_run):
    seeds = [make_run(f"seed{seed}", seed=seed) for seed in (0, 1)]
    other = make_run("other", skip=False)
    lines = report.markdown([other, *seeds]).splitlines()
    assert [cells(line)[0] for line in lines[2:]] == ["`other`", "`seed0`", "`seed1`", "**mean of 2**"]
    errors = [training_summary.figures(run)["test_error"] for run in seeds]
    said = re.fullmatch(r"([\d.]+) ± ([\d.]+)%", cells(lines[-1])[-1])
    assert float(said[1]) == pytest.approx(np.mean(errors), abs=0.006)
    assert float(said[2]) == pytest.approx(np.std(errors, ddof=1), abs=0.006)
    assert len({len(cells(line)) for line in lines}) == 1


def test_a_repeat_of_a_training_is_no_other_seed(make_run):
    both = [make_run("one"), make_run("one-again")]
    assert "mean" not in report.markdown(both)
    assert "**mean of 2**" in report.markdown([*both, make_run("other", seed=1)])


def test_clipped_gradients_are_told(make_run):
    run = make_run("one")
    clipped = replace(run, config=replace(run.config, norm="none", clip_norm=1.0))
    assert cells(report.markdown([clipped]).splitlines()[2])[3] == "none, gradients clipped to 1"
    by_layer = replace(run, config=replace(run.config, clip_layer=0.5))
    assert cells(report.markdown([by_layer]).splitlines()[2])[3] == "BatchNorm, each layer's gradient clipped to 0.5"


def test_a_network_of_torchvision_is_not_given_the_settings_of_the_twins(make_run):
    config = TrainConfig(family="torchvision", network="resnet50", input_size=64, lr=0.01)
    twin = make_run("one")
    lines = report.markdown([replace(twin, config=config), twin]).splitlines()
    assert cells(lines[2])[1:4] == ["8", "yes", "BatchNorm"]
    assert cells(lines[3])[1:4] == ["ResNet-50, from scratch", "", ""]


def test_order_does_not_hang_on_the_file_system(make_run):
    base = {"family": "torchvision", "network": "resnet18", "input_size": 64}
    changes = {
        "b": {},
        "a": {"lr": 0.01},  # what has no place in the order of its own is ordered by name
        "tenth": {"train_fraction": 0.1},
        "other-network": {"network": "vgg11"},
        "learned": {"init": "imagenet"},
        "frozen": {"init": "imagenet", "freeze": "backbone"},
    }
    run = make_run("one")
    runs = [replace(run, path=run.path.parent / name, config=TrainConfig(**base | c)) for name, c in changes.items()]
    ordered = ["a", "b", "tenth", "learned", "frozen", "other-network"]
    for given in (runs, runs[::-1]):
        assert [found.name for found in sorted(given, key=report._order)] == ordered


def test_write_replaces_what_is_between_the_markers_alone(make_run, own_runs, tmp_path):
    make_run("one"), make_run("two", skip=False)
    file = tmp_path / "README.md"
    file.write_text("before\n<!-- runs -->\nold\n<!-- /runs -->\n<!-- means -->\nold\n<!-- /means -->\nafter\n")
    assert report.main([str(own_runs), "--write", str(file)]) == 0
    text, runs = file.read_text(), [open_run(own_runs / name) for name in ("one", "two")]
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert between("runs", text) == report.markdown(runs)
    assert between("means", text) == report.headline(runs)


def test_write_alone_renews_readme_and_docs(make_run, own_runs, tmp_path, monkeypatch):
    make_run("one")
    files = {tmp_path / "README.md": "means", tmp_path / "results.md": "runs"}
    monkeypatch.setattr(report, "FILES", tuple(files))
    for file, name in files.items():
        file.write_text(f"<!-- {name} --><!-- /{name} -->")
    assert report.main([str(own_runs), "--write"]) == 0
    assert "`one`" in (tmp_path / "results.md").read_text()
    assert "error with shortcuts" in (tmp_path / "README.md").read_text()


def test_a_file_without_a_place_for_it_is_left_alone(tmp_path):
    file = tmp_path / "README.md"
    file.write_text("no markers")
    with pytest.raises(LabError, match="no place"):
        report.main(["--write", str(file)])
    assert file.read_text() == "no markers"
    with pytest.raises(LabError, match="no folder"):
        report.main([str(tmp_path / "nowhere")])
    with pytest.raises(LabError, match="cannot be written"):
        report.main(["--write", str(tmp_path / "nowhere.md")])
