"""Networks asked about spoiled photos: really, in the same pictures, and from where a study was stopped."""

import numpy as np
import pytest

from core.analysis import metrics, robustness
from core.data.cifar10 import Images
from core.data.corruptions import CORRUPTIONS, corrupt
from core.errors import RunError
from core.studies import robustness as asking
from core.studies.robustness import study


@pytest.fixture
def few(tiny_images, monkeypatch) -> Images:
    monkeypatch.setattr(robustness, "PHOTOS", 4)
    return Images(tiny_images.pixels[:4], tiny_images.labels[:4])


def test_the_answers_are_those_of_the_network_to_the_spoiled_photos(make_run, few):
    run = make_run("one")
    *_, (kind, asked, found) = study([run], few)
    assert (kind, asked, found.complete) == (list(CORRUPTIONS)[-1], run, True)
    assert np.array_equal(found.clean, metrics.right(run.logits_on(few), few.labels))
    for name, strength in (("fog", 1), ("impulse_noise", 5)):
        pixels = np.stack([corrupt(photo, name, strength, seed=number) for number, photo in enumerate(few.pixels)])
        right = metrics.right(run.logits_on(Images(pixels, few.labels)), few.labels)
        assert np.array_equal(found.corrupted[name][strength - 1], right)


def test_what_is_done_is_not_done_again(make_run, few, monkeypatch):
    runs, made = [make_run("one"), make_run("two", skip=False)], []
    spoiled = asking.spoiled
    monkeypatch.setattr(
        asking, "spoiled", lambda photos, kind, strength: made.append(kind) or spoiled(photos, kind, strength)
    )
    first, second, *rest = CORRUPTIONS
    for kind, run, found in study(runs[:1], few):
        robustness.save(run, found)
        if kind == second:
            break
    begun, made[:] = robustness.load(runs[0]), []
    steps = [(kind, run.name) for kind, run, _ in study(runs, few)]
    assert steps == [(first, "two"), (second, "two"), *((kind, name) for kind in rest for name in ("one", "two"))]
    assert made == [kind for kind in CORRUPTIONS for _ in range(5)]  # once for both
    *_, (_, _, found) = study(runs[:1], few)
    assert np.array_equal(found.corrupted[first], begun.corrupted[first])
    robustness.save(runs[0], found)
    assert list(study(runs[:1], few)) == []


def test_a_run_without_weights_is_refused(make_run, few):
    run = make_run("one")
    (run.path / "model.safetensors").unlink()
    with pytest.raises(RunError, match="one has no weights"):
        next(study([run], few))
