"""The handout of two runs."""

import shutil

import numpy as np
import pytest

from core.analysis import comparison
from core.data import cifar10
from core.data.cifar10 import CLASSES
from core.runs.library import find_run, list_runs
from core.runs.run import open_run
from core.sharing.handout.handout import Drawing, Map
from core.sharing.handout.page import render
from core.sharing.handout.pairs import of_pair
from core.words import comparison as comparison_words
from core.words.glossary import GLOSSARY
from tests.core.sharing.handout.test_page import Read, require_self_contained


@pytest.fixture
def pair(make_run):
    return make_run("mine-plain", skip=False), make_run("mine-residual", skip=True)


def test_it_says_what_the_runs_hold(pair):
    handout = of_pair(*pair, drawings=dict.fromkeys("AB", Drawing("<svg/>", "nine blocks")))
    assert handout.title == "Do shortcuts help a deep network?"
    assert [side.name for side in handout.sides] == ["the plain network", "the ResNet"]
    labels = cifar10.load_test_labels()
    for side, run in zip(handout.sides, pair, strict=True):
        right = (run.test_logits().argmax(axis=1) == labels).mean()
        assert side.number == f"{100 * right:.2f}"  # less than a point apart
    assert len(handout.charts) == len(handout.exercises) == 3
    assert all(f"--name {run.name}-again" in one.command for run, one in zip(pair, handout.commands, strict=False))
    page = render(handout)
    assert page.count('alt="Nine blocks"') == 2
    require_self_contained(page)


def test_the_flags_stand_on_the_axis():
    spec = of_pair(find_run("plain20-s0"), find_run("resnet20-s0")).charts[0].spec
    (flags,) = (layer for layer in spec["layer"] if layer["mark"]["type"] == "text")
    assert flags["encoding"]["y"] == {"value": spec["height"]}


def test_the_photos_are_some_on_which_they_disagree(pair):
    handout = of_pair(*pair)
    assert len(handout.photos) == 4
    assert all(photo.answers["A"] != photo.answers["B"] for photo in handout.photos)
    kinds = comparison.disagreements(*(run.test_logits() for run in pair), cifar10.load_test_labels())
    first = kinds["B right, A wrong"][0]
    assert np.array_equal(handout.photos[0].pixels, cifar10.load_test().pixels[first])
    assert handout.photos[0].truth == CLASSES[cifar10.load_test_labels()[first]]
    assert handout.photos[0].answers["B"] == handout.photos[0].truth


def test_maps_are_drawn_of_those_that_have_some(pair):
    handout = of_pair(*pair, maps={"B": lambda pixels: Map(255 - pixels, "B looked up")})
    assert all(photo.maps.keys() == {"B"} for photo in handout.photos)
    page = render(handout)
    assert page.count('alt="B looked up"') == 4


def test_without_weights_and_gradients_it_says_nothing_of_maps(pair):
    for run in pair:
        (run.path / "model.safetensors").unlink()
        (run.path / "gradients.npz").unlink()
    page = render(of_pair(*pair))
    words = Read(page).words
    assert "Grad-CAM" not in words
    assert "maps" not in words
    assert "evaluate" not in words  # which needs weights
    assert page.count("<svg") == 3


def test_the_glossary_has_the_terms_that_are_used(pair):
    handout = of_pair(*pair)
    assert {"epoch", "shortcut", "ResNet", "validation photos"} <= set(handout.glossary) <= set(GLOSSARY)
    assert "ImageNet" not in handout.glossary


def test_the_name_of_a_run_is_text(pair, own_runs):
    name = "<img src=x onerror=alert(1)>"
    shutil.copytree(pair[0].path, own_runs / name)
    page = render(of_pair(open_run(own_runs / name), pair[1]))
    require_self_contained(page)
    assert f"({name})" in Read(page).words


def test_a_run_against_itself_has_no_photos(pair):
    handout = of_pair(pair[0], pair[0])
    assert handout.photos == ()
    assert "nothing to compare" in handout.asked
    assert "<h2>Photos</h2>" not in render(handout)


def test_an_unfair_pair_says_in_what_it_differs(make_run):
    handout = of_pair(make_run("one", skip=False), make_run("other", skip=True, seed=7))
    assert "Not a fair pair" in handout.asked
    assert "seed" in handout.asked


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ("plain20-s0", "resnet20-s0", "In each of 3 trainings the ResNet was better"),
        ("plain56-s0", "resnet56-s0", comparison_words.ONE_OF_EACH),
        ("resnet20-s0", "resnet20-s1", comparison_words.ONE_RECIPE),
        ("resnet20-s0", "resnet20-s0", comparison_words.SAME_RUN),
    ],
)
def test_its_findings_are_those_of_the_page(a, b, says):
    runs = [run for run in list_runs()[0] if run.finished]
    findings = of_pair(find_run(a), find_run(b), runs=runs).findings
    assert says in " ".join(findings)
    assert comparison_words.OTHER_SEEDS not in " ".join(findings)  # which would say it twice


def test_answers_of_the_shipped_pair():
    """As anyone can count them in the app."""
    handout = of_pair(find_run("plain56-s0"), find_run("resnet56-s0"))
    more, mixed, epochs = (exercise.answer for exercise in handout.exercises)
    assert more == "B (the ResNet), by 9.46 of 100 photos (92.35 − 82.89 = 9.46)."
    assert [side.number for side in handout.sides] == ["82.89", "92.35"]
    assert mixed.count("cats and dogs") == 2
    assert (
        epochs
        == "A (the plain network): after 34 epochs.\nB (the ResNet): after 11 epochs.\nThis is one training of each."
    )


def test_the_epochs_of_all_seeds_are_told():
    """As each run's history.csv has them."""
    runs = [run for run in list_runs()[0] if run.finished]
    epochs = of_pair(find_run("plain20-s0"), find_run("resnet20-s0"), runs=runs).exercises[-1].answer
    assert epochs.endswith("In 3 trainings of each: A after 20 to 23 epochs, B after 9 to 17 epochs.")
