"""Blocks removed and scaled: what remains is what it should be, and the network itself is never touched."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from core.analysis.surgery import cuts, load
from core.commands.studies import surgery as command
from core.data import cifar10
from core.data.cifar10 import Images
from core.errors import LabError
from core.models.registry import build
from core.paths import SHIPPED
from core.runs.run import open_run
from core.settings.train_config import TrainConfig
from core.studies import surgery


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    return torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def network(skip: bool, norm: str = "batch"):
    return build(TrainConfig(depth=14, skip=skip, norm=norm)).eval()


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("norm", ["batch", "none"])
def test_with_nothing_removed_it_is_the_network_itself(x, skip, norm):
    model = network(skip, norm)
    assert torch.equal(surgery.forward(model, x), model(x))


def test_without_a_block_a_plain_network_hands_on_what_came_before(x):
    model = network(skip=False)
    cut = surgery.forward(model, x, frozenset([2, 6]))
    model.layer1[1] = torch.nn.Identity()
    model.layer3[1] = torch.nn.Identity()
    assert torch.equal(cut, model(x))


@pytest.mark.parametrize("block", [1, 3, 6])
def test_without_a_block_the_shortcut_of_a_resnet_remains(x, block):
    """As if the block's last normalization multiplied by zero, also where the shape changes (block 3)."""
    model = network(skip=True)
    cut = surgery.forward(model, x, frozenset([block]))
    silenced = [*model.layer1, *model.layer2, *model.layer3][block - 1]
    torch.nn.init.zeros_(silenced.bn2.weight)
    torch.testing.assert_close(cut, model(x))


def test_the_scale_multiplies_the_branches_of_a_resnet(x):
    model = network(skip=True)
    scaled = surgery.forward(model, x, scale=0.3)
    for block in (*model.layer1, *model.layer2, *model.layer3):
        block.bn2.weight.data *= 0.3
    torch.testing.assert_close(scaled, model(x))
    nothing = surgery.forward(model, x, scale=0)
    assert torch.equal(nothing, surgery.forward(model, x, frozenset(range(1, 7))))


@pytest.fixture(scope="module")
def few() -> Images:
    test = cifar10.load_test()
    return Images(test.pixels[:250], test.labels[:250])


@pytest.fixture(scope="module")
def shipped(few) -> surgery.Surgery:
    return surgery.Surgery(open_run(SHIPPED / "resnet20-s0"), few, workers=2)


def test_the_whole_network_scores_as_its_logits_say(shipped, few):
    said = open_run(SHIPPED / "resnet20-s0").test_logits()[: len(few.labels)].argmax(axis=1)
    assert shipped.accuracy() == pytest.approx((said == few.labels).mean(), abs=0.005)


def test_coarser_numbers_change_hardly_an_answer(shipped, monkeypatch):
    used, forward, cut = [], surgery.forward, frozenset([2, 5])
    monkeypatch.setattr(
        surgery, "forward", lambda *args: used.append(torch.is_autocast_enabled("cpu")) or forward(*args)
    )
    coarse = shipped.accuracy(cut, precision="bfloat16")
    assert coarse == pytest.approx(shipped.accuracy(cut), abs=0.012)  # three images
    assert used == [True] * 5 + [False] * 5


@pytest.mark.slow
def test_eight_threads_get_what_one_gets(shipped):
    cuts = [frozenset([block]) for block in (1, 4, 9)] * 3
    alone = {cut: shipped.accuracy(cut) for cut in set(cuts)}
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(shipped.accuracy, cuts))
    assert together == [alone[cut] for cut in cuts]
    assert len(set(alone.values())) > 1


def test_what_cannot_go_is_refused(make_run, few):
    plain = surgery.Surgery(make_run("plain", skip=False), few, workers=2)
    with pytest.raises(LabError, match="blocks: 2, 3"):
        plain.accuracy(frozenset([1, 2, 3]))


def test_the_command_studies_a_run(make_run, monkeypatch, few):
    run = make_run("one")
    monkeypatch.setattr(cifar10, "load_test", lambda: few)
    assert command.main(["one"]) == 0
    results = load(run)
    assert set(results) == set(cuts(run.config))
    assert results[frozenset([2])] == surgery.Surgery(run, few, workers=2).accuracy(frozenset([2]))
    assert np.ptp(list(results.values())) > 0


def test_a_plain_network_has_no_branches_to_scale(x):
    model = network(skip=False)
    assert torch.equal(surgery.forward(model, x, scale=0.0), model(x))
