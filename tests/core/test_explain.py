"""Grad-CAM: the library's own values, none of its side effects, safe among threads."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch

from core.classifier import Classifier
from core.explain import grad_cam, overlay
from core.models.cifar import untrained


@pytest.fixture
def model():
    return untrained(depth=8, skip=True, norm="batch", seed=0).eval().requires_grad_(False)


def hooks(model) -> int:
    return sum(len(m._forward_hooks) + len(m._backward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def test_equals_the_library_used_by_its_book(model):
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    inputs = torch.randn(1, 3, 32, 32)
    ours = grad_cam(model, model.layer3[-1], inputs, target=4)
    model.requires_grad_(True)
    with GradCAM(model=model, target_layers=[model.layer3[-1]]) as cam:
        theirs = cam(inputs, targets=[ClassifierOutputTarget(4)])[0]
    assert ours.max() > 0.9
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_leaves_nothing_behind(model):
    grad_cam(model, model.layer3[-1], torch.randn(1, 3, 32, 32), target=0)
    assert hooks(model) == 0
    assert all(weights.grad is None and not weights.requires_grad for weights in model.parameters())
    assert not model.training


def test_leaves_nothing_behind_after_an_error(model):
    with pytest.raises(ValueError, match="no class 10"):
        grad_cam(model, model.layer3[-1], torch.randn(1, 3, 32, 32), target=10)
    assert hooks(model) == 0
    assert all(weights.grad is None and not weights.requires_grad for weights in model.parameters())


def test_weights_that_are_not_numbers_are_an_error(model):
    model.fc.weight.fill_(float("nan"))
    with pytest.raises(ArithmeticError, match="not finite"):
        grad_cam(model, model.layer3[-1], torch.randn(1, 3, 32, 32), target=0)


def test_overlay_shows_the_picture_at_0_and_the_map_at_1():
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    heatmap = np.zeros((8, 8), np.float32)
    heatmap[:, 4:] = 1
    assert np.abs(overlay(picture, heatmap, strength=0).astype(int) - picture).max() <= 255 - picture.max() + 1
    alone = overlay(picture, heatmap, strength=1).astype(int)
    assert alone[:, 50:].mean() > alone[:, :14].mean() + 50
    assert overlay(picture, heatmap).shape == picture.shape


def test_classifier_answers_with_a_map_for_its_answer(make_run):
    classifier = Classifier(make_run("a"))
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    answer = classifier.answer(pixels)
    assert answer.probabilities.sum() == pytest.approx(1)
    assert answer.explained == answer.probabilities.argmax()
    assert answer.heatmap.shape == (32, 32)
    other = classifier.answer(pixels, target=(answer.explained + 1) % 10)
    assert other.label == answer.label
    assert not np.allclose(other.heatmap, answer.heatmap)


STORM = """
    import sys, threading
    import numpy as np
    from pathlib import Path
    from core.classifier import Classifier
    from core.runs import open_run

    classifier = Classifier(open_run(Path(sys.argv[1])))
    pictures = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    alone = [classifier.answer(picture) for picture in pictures]
    wrong = []

    def visit(first):
        for number in range(40):
            i = (first + number) % 8
            answer = classifier.answer(pictures[i])
            if not (np.allclose(answer.heatmap, alone[i].heatmap, atol=1e-5)
                    and np.allclose(answer.probabilities, alone[i].probabilities, atol=1e-5)):
                wrong.append(i)

    visitors = [threading.Thread(target=visit, args=(n,)) for n in range(8)]
    [v.start() for v in visitors]
    [v.join() for v in visitors]
    print(len(wrong), "wrong")
"""


def test_eight_visitors_at_once_each_see_their_own_map(make_run):
    """In a child process, since without the lock the process may die."""
    command = [sys.executable, "-c", textwrap.dedent(STORM), str(make_run("a").path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "0 wrong"
