"""The first step of a training, as the page Is the message lost? takes it."""

import pytest
import torch

from core.models.weights.initial_weights import starting_weights
from core.settings.train_config import TrainConfig
from core.training.first_step import first_step
from core.training.trainer import Trainer

RECIPE = {"batch_size": 16, "schedule": "cosine", "warmup": 0.05, "lr": 0.2}


def test_it_is_the_first_step_of_a_training(tiny_images):
    config = TrainConfig(depth=8, **RECIPE)
    table = first_step(config, tiny_images)
    begun = starting_weights(config)
    trained = Trainer(config, tiny_images, device=torch.device("cpu"), precision="float32")
    next(trained.train_steps())
    for column, weights in (("before", begun), ("after", trained.model.state_dict())):
        assert table[column].tolist() == pytest.approx([weights[name].abs().max().item() for name in table["layer"]])
    assert table["number"].tolist() == list(range(1, 9))
    assert (table["before"] != table["after"]).all()


def test_others_random_numbers_are_left_alone(tiny_images):
    torch.rand(1)  # whatever an earlier step has left is then not its beginning
    before = torch.random.get_rng_state()
    first_step(TrainConfig(depth=8, **RECIPE), tiny_images)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_what_the_page_says_of_one_step_is_so(tiny_images):
    """It throws the first layer of a deep plain network far away, and leaves that of its twin as it was."""
    first = {
        skip: first_step(TrainConfig(depth=80, skip=skip, **RECIPE | {"batch_size": 8}), tiny_images).iloc[0]
        for skip in (False, True)
    }
    assert first[False]["before"] == first[True]["before"]
    assert first[False]["after"] > 30 * first[False]["before"]
    assert first[True]["after"] < 1.5 * first[True]["before"]
