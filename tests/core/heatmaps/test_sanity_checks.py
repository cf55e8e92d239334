"""Checks of heatmaps: networks that forget, and ROAD against random maps."""

import threading
from contextlib import suppress

import numpy as np
import pytest
import torch
from scipy.stats import wilcoxon

from core.data import cifar10
from core.errors import LabError, ModelError
from core.heatmaps import predictor as predictor_module
from core.heatmaps import sanity_checks
from core.heatmaps.predictor import Predictor
from core.models.cifar import untrained
from core.runs.library import find_run


class SeesOneCorner(torch.nn.Module):
    """Says class 0 the surer, the more the top left corner differs from its surroundings."""

    def forward(self, x):
        bright = (x[:, :, :8, :8].mean(dim=(1, 2, 3)) - x[:, :, 8:, 8:].mean(dim=(1, 2, 3)))[:, None]
        return torch.cat([bright, torch.zeros(len(x), 9)], dim=1)


@pytest.fixture
def corner():
    """(inputs with a bright corner, the heatmap that marks it)."""
    inputs, heatmap = torch.zeros(1, 3, 32, 32), np.zeros((32, 32), np.float32)
    inputs[..., :8, :8] = 4
    heatmap[:8, :8] = 1
    return inputs, heatmap


def others(count):
    return list(np.random.default_rng(1).random((count, 32, 32), dtype=np.float32))


def test_a_map_must_beat_those_of_19_other_photos_and_a_blob_in_the_middle():
    *maps, blob = sanity_checks.baselines(others(30))
    assert np.array_equal(maps, others(30)[:19])
    assert blob[15:17, 15:17].min() > 0.99 > blob[0].max()


def test_a_map_of_what_matters_beats_the_baselines(corner, monkeypatch):
    monkeypatch.setattr(sanity_checks, "OTHERS", 3)  # the rest takes a second
    inputs, heatmap = corner
    baselines = sanity_checks.baselines(others(3))
    road, *baseline_scores = sanity_checks.road_scores(SeesOneCorner(), inputs, [heatmap, *baselines], target=0)
    assert len(baseline_scores) == sanity_checks.OTHERS + 1
    assert road > max(baseline_scores)


def test_a_blob_in_the_middle_can_never_pass(corner):
    """Photos have their subject there, so it beats random maps and knows no network: it is among the baselines."""
    blob = sanity_checks.center_blob((32, 32))
    road, again = sanity_checks.road_scores(SeesOneCorner(), corner[0], [blob, blob], target=0)
    found = sanity_checks.SanityChecks(blob, {}, [], float(road), np.array([-1] * 19 + [again]))
    assert (found.beaten, found.marks_what_matters) == (19, False)


def test_a_map_of_what_does_not_matter_scores_below_zero(corner):
    inputs, heatmap = corner
    (road,) = sanity_checks.road_scores(SeesOneCorner(), inputs, [1 - heatmap], target=0)
    assert road < 0


def test_scores_repeat(corner):
    inputs, heatmap = corner
    first, second = (sanity_checks.road_scores(SeesOneCorner(), inputs, [heatmap], target=0) for _ in range(2))
    assert first == second


def test_a_map_that_is_zero_nearly_everywhere_loses_as_many_pixels_as_any():
    flat = np.zeros((32, 32), np.float32)
    flat[0, 0] = 1
    ranks = sanity_checks._ranks(flat)
    assert ranks[0, 0] == 1
    assert len(np.unique(ranks)) == 32 * 32


def test_the_network_forgets_from_its_end_to_its_beginning():
    model, blank = (untrained(8, True, "batch", seed).eval().requires_grad_(False) for seed in (0, 1))

    def forgotten(model):
        """How many tensors are those of the untrained network, for a map; its shape does not matter here."""
        state, fresh = model.state_dict(), blank.state_dict()
        return np.array([torch.equal(state[name], fresh[name]) for name in state if "conv" in name or "fc" in name])

    maps = sanity_checks.randomized_heatmaps(model, blank, forgotten)
    assert list(maps) == ["fc", "layer3", "layer2", "layer1", "bn1", "conv1"]
    counts = [int(found.sum()) for found in maps.values()]
    assert counts == sorted(counts)
    assert maps["conv1"].all()


@pytest.fixture
def heatmap():
    return np.random.default_rng(0).random((32, 32), dtype=np.float32)


def report(heatmap, untrained, beaten=20):
    baseline_scores = np.where(np.arange(20) < beaten, 0.0, 1.0)
    return sanity_checks.SanityChecks(
        heatmap, {"conv1": untrained[0]}, untrained, road=0.5, baseline_scores=baseline_scores
    )


@pytest.mark.parametrize(("alike", "beaten", "passed"), [(5, 20, 1), (0, 20, 2), (0, 19, 1), (2, 20, 1)])
def test_report_counts_the_checks_passed(heatmap, alike, beaten, passed):
    """Of five untrained networks' maps, `alike` are the same as the trained one's."""
    found = report(heatmap, [heatmap] * alike + others(5 - alike), beaten)
    assert found.beaten == beaten
    assert found.passed == passed


@pytest.mark.parametrize(("alike", "verdict"), [(0, True), (1, None), (2, None), (3, None), (4, None), (5, False)])
def test_one_untrained_network_alone_does_not_decide(heatmap, alike, verdict):
    assert report(heatmap, [heatmap] * alike + others(5 - alike)).depends_on_learning is verdict


def test_what_luck_may_have_decided_stays_open(heatmap, monkeypatch):
    """Beyond one standard error (t = -1.97), but within Student's 2.78 of four degrees of freedom."""
    found = report(heatmap, others(5))
    for likenesses, verdict in ([0.3, 0.5, 0.45, 0.35, 0.5], None), ([0.3, 0.4, 0.35, 0.35, 0.4], True):
        monkeypatch.setattr(sanity_checks.SanityChecks, "likenesses", likenesses)
        assert found.depends_on_learning is verdict


def test_flat_maps_of_untrained_networks_say_nothing(heatmap):
    flat = np.zeros_like(heatmap)
    assert report(heatmap, [flat] * 5).depends_on_learning is None
    assert len(report(heatmap, [flat, *others(4)]).likenesses) == 4


def test_an_empty_map_passes_no_check():
    found = report(np.zeros((32, 32), np.float32), others(5))
    assert found.empty
    assert found.passed == 0


def test_a_predictor_compares_with_networks_that_never_learned():
    picture = cifar10.load_test().pixels[0]
    predictor = Predictor(find_run("resnet20-s0"))
    found = predictor.sanity_checks(picture, predictor.predict(picture), "GradCAM", others=others(19))
    assert next(iter(found.randomized)) == "fc"
    assert len(found.untrained) == sanity_checks.UNTRAINED
    assert not np.array_equal(found.untrained[0], found.untrained[1])
    assert found.untrained[0] is found.randomized["conv1"]


def test_checks_are_made_for_one_visitor_at_a_time_and_others_are_answered_meanwhile(monkeypatch):
    picture = cifar10.load_test().pixels[0]
    predictor = Predictor(find_run("resnet8-s0"))
    answer, copies, most = predictor.predict(picture), set(), []
    asked, answered = threading.Event(), threading.Event()

    def score(model, inputs, maps, target):
        copies.add(threading.get_ident())
        most.append(len(copies))
        asked.set()
        answered.wait(20)
        return np.zeros(len(maps))

    def build(config):
        copies.discard(threading.get_ident())
        raise ModelError("enough")

    def check():
        with suppress(ModelError):
            predictor.sanity_checks(picture, answer, "GradCAM", others=others(19))

    monkeypatch.setattr(sanity_checks, "road_scores", score)
    monkeypatch.setattr(predictor_module, "build", build)
    threads = [threading.Thread(target=check) for _ in range(8)]
    [thread.start() for thread in threads]
    assert asked.wait(20)
    assert predictor._lock.acquire(timeout=1)
    predictor._lock.release()
    assert predictor.logits(picture[None]).shape == (1, 10)
    answered.set()
    [thread.join() for thread in threads]
    assert most == [1] * 8


@pytest.mark.parametrize(
    ("places", "method", "words"), [("CHECKS", "GradCAM", "tested"), ("SLOW_MAPS", "AblationCAM", "drawn")]
)
def test_who_waits_for_long_is_told(monkeypatch, places, method, words):
    picture = cifar10.load_test().pixels[0]
    predictor = Predictor(find_run("resnet8-s0"))
    answer = predictor.predict(picture)
    for name in ("PATIENCE", "PATIENCE_FOR_CHECKS"):
        monkeypatch.setattr(predictor_module, name, 0.01)
    with getattr(predictor_module, places):
        with pytest.raises(LabError, match=f"is being {words}"):
            predictor.sanity_checks(picture, answer, method, others=others(19))
        if places == "SLOW_MAPS":
            with pytest.raises(LabError, match="is being drawn"):
                predictor.predict(picture, method=method)


def test_likeness_of_a_flat_map_is_zero():
    assert sanity_checks.rank_correlation(np.zeros((4, 4)), np.random.default_rng(0).random((4, 4))) == 0


@pytest.mark.slow
def test_our_maps_mark_what_matters_more_than_those_of_other_photos(monkeypatch):
    """ROAD on 200 test photos, the map of the photo before as its baseline, paired."""
    monkeypatch.setattr(sanity_checks, "REMOVED", (50,))  # a third of the work
    predictor = Predictor(find_run("resnet20-s0"))
    pictures = cifar10.load_test().pixels[:200]
    answers = [predictor.predict(picture) for picture in pictures]
    ours, theirs = [], []
    for i, answer in enumerate(answers):
        inputs = predictor._inputs(pictures[i])
        maps = [answer.heatmap, answers[i - 1].heatmap]
        scores = sanity_checks.road_scores(predictor._model, inputs, maps, answer.explained, seed=i)
        ours.append(scores[0]), theirs.append(scores[1])
    assert np.mean(ours) > np.mean(theirs)
    assert wilcoxon(ours, theirs, alternative="greater").pvalue < 0.01
