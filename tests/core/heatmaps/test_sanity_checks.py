"""Checks of heatmaps: networks that forget, and ROAD against random maps."""

import numpy as np
import pytest
import torch
from scipy.stats import wilcoxon

from core.data import cifar10
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


def test_a_map_of_what_matters_beats_all_random_maps(corner):
    inputs, heatmap = corner
    road, random_road = sanity_checks.road_scores(SeesOneCorner(), inputs, heatmap, target=0)
    assert len(random_road) == sanity_checks.RANDOM_MAPS
    assert road > random_road.max()


def test_a_map_of_what_does_not_matter_scores_below_zero(corner):
    inputs, heatmap = corner
    road, _ = sanity_checks.road_scores(SeesOneCorner(), inputs, 1 - heatmap, target=0)
    assert road < 0


def test_scores_repeat(corner):
    first, second = (sanity_checks.road_scores(SeesOneCorner(), *corner, target=0) for _ in range(2))
    assert first[0] == second[0]
    assert np.array_equal(first[1], second[1])


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


def others(count):
    return list(np.random.default_rng(1).random((count, 32, 32), dtype=np.float32))


def report(heatmap, untrained, beaten=19):
    random_road = np.where(np.arange(19) < beaten, 0.0, 1.0)
    return sanity_checks.SanityChecks(heatmap, {"conv1": untrained[0]}, untrained, road=0.5, random_road=random_road)


@pytest.mark.parametrize(("alike", "beaten", "passed"), [(5, 19, 1), (0, 19, 2), (0, 18, 1), (2, 19, 1)])
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
    found = predictor.sanity_checks(picture, predictor.predict(picture), "GradCAM")
    assert next(iter(found.randomized)) == "fc"
    assert len(found.untrained) == sanity_checks.UNTRAINED
    assert not np.array_equal(found.untrained[0], found.untrained[1])
    assert found.untrained[0] is found.randomized["conv1"]


def test_likeness_of_a_flat_map_is_zero():
    assert sanity_checks.rank_correlation(np.zeros((4, 4)), np.random.default_rng(0).random((4, 4))) == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet20-s0"])
def test_our_maps_mark_what_matters_more_than_random_ones(name, monkeypatch):
    """ROAD on 200 test photos, one random map each, paired."""
    monkeypatch.setattr(sanity_checks, "RANDOM_MAPS", 1)
    monkeypatch.setattr(sanity_checks, "REMOVED", (50,))  # a third of the work
    predictor = Predictor(find_run(name))
    ours, random = [], []
    for i, picture in enumerate(cifar10.load_test().pixels[:200]):
        answer = predictor.predict(picture)
        road, random_road = sanity_checks.road_scores(
            predictor._model, predictor._inputs(picture), answer.heatmap, answer.explained, seed=i
        )
        ours.append(road)
        random.append(random_road[0])
    assert np.mean(ours) > np.mean(random)
    assert wilcoxon(ours, random, alternative="greater").pvalue < 0.01
