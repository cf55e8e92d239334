"""Take the gradient of an untrained network, and measure a trained one's weights. What for, is said in
`core.analysis.gradients`. Loads PyTorch only when it computes."""

import pandas as pd

from core.analysis.gradients import in_epoch, layer_table
from core.data.cifar10 import Images
from core.errors import RunError
from core.runs.run import Run
from core.settings.train_config import TrainConfig

BATCH = 16  # images for `at_initialization`: enough for BatchNorm, and quick at depth 110


def at_initialization(config: TrainConfig, batch: Images) -> pd.DataFrame:
    """The gradient of one backward pass through the untrained network of `config`, BatchNorm in training mode:
    `layer_table` with the column size, the norm of a layer's weights."""
    import torch

    from core.data.batches import to_tensors
    from core.models.layers import is_layer_weight
    from core.models.registry import build, family

    model = build(config).to(memory_format=torch.channels_last).train()
    pixels, labels = to_tensors(batch)
    weights = {name: value for name, value in model.named_parameters() if is_layer_weight(name, value)}
    loss = torch.nn.functional.cross_entropy(model(family(config).preprocessing(pixels)), labels)
    norms = [gradient.norm().item() for gradient in torch.autograd.grad(loss, list(weights.values()))]
    return layer_table([*weights], norms).assign(size=[value.norm().item() for value in weights.values()])


def at_end(run: Run) -> pd.DataFrame:
    """Like `at_initialization`: mean norms of the epoch whose weights a run has kept, and the size of these, the only
    ones that are stored. Raises RunError where a part is missing or does not fit."""
    layers, norms = run.gradients()
    epoch = run.best_epoch
    if epoch is None or not 1 <= epoch <= len(norms):
        raise RunError("In which epoch its weights were best was not recorded.")
    weights = dict(run.load_model().named_parameters())
    if not weights.keys() >= set(layers):
        raise RunError("Its gradients are of other layers than its weights.")
    return in_epoch(layers, norms, epoch).assign(size=[weights[name].norm().item() for name in layers])
