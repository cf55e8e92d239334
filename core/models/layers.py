"""The parts of a network by their names: its layers' weights, its last layer, its stages, and what is frozen."""

from collections import OrderedDict

from torch import Tensor, nn

from core.errors import ModelError

StateDict = dict[str, Tensor]
BACKBONE = "backbone"  # as a stage: all but the last layer


def load_weights(model: nn.Module, weights: StateDict) -> None:
    """Give `model` the tensors of a state dict that was saved or copied. Raises RuntimeError if names or shapes differ.

    Only the dict that `state_dict()` itself gives says of what version its parts are; MNASNet will not load any other.
    Ours are of the version that torchvision now has.
    """
    state = OrderedDict(weights)
    state._metadata = model.state_dict()._metadata  # type: ignore[attr-defined]  # torch puts it there
    model.load_state_dict(state, strict=True)


def copied(state: StateDict) -> StateDict:
    return {name: value.detach().clone() for name, value in state.items()}


def with_prefix(tensors: StateDict, prefix: str) -> StateDict:
    """Those whose names begin so, under the rest of their names."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def is_layer_weight(name: str, tensor: Tensor) -> bool:
    """Whether a tensor of a state dict is a convolution's or linear layer's weight; not a norm's, a bias or a token."""
    return name.endswith("weight") and tensor.dim() > 1


def head_name(model: nn.Module) -> str:
    """The name of the last layer, which gives the logits, e.g. "fc" or "classifier.3"."""
    return list(model.named_parameters())[-1][0].rpartition(".")[0]


def freeze(model: nn.Module, stage: str) -> list[nn.Module]:
    """Freeze all parameters up to the end of `stage` (BACKBONE: all but the last layer; "": none).

    Gives the layers that are therefore to stay in eval mode (BatchNorm would go on changing what follows); not a
    dropout before the last layer, which belongs to that one. Raises ModelError that lists the stages.
    """
    if not stage:
        return []
    head = head_name(model)

    def inside(name: str) -> bool:
        return not is_within(name, head) if stage == BACKBONE else is_within(name, stage)

    parameters = list(model.named_parameters())
    layers = [(name, layer) for name, layer in model.named_modules() if not list(layer.children())]
    last = max((i for i, (name, _) in enumerate(parameters) if inside(name)), default=-1)
    still = [i for i, (name, layer) in enumerate(layers) if inside(name) and (stage != BACKBONE or layer.state_dict())]
    if last < 0 or not still or is_within(head, stage):  # `still` is empty for a single tensor
        raise ModelError(f"There is no stage {stage!r} to freeze. Known: {', '.join([BACKBONE, *stages(model)])}.")
    for _, parameter in parameters[: last + 1]:
        parameter.requires_grad_(False)
    return [layer for _, layer in layers[: still[-1] + 1]]


def stages(model: nn.Module) -> list[str]:
    """The parts in which one would freeze `model`, from the first to the last, without the last layer."""
    found = []
    for name, part in model.named_children():
        inner = [f"{name}.{i}" for i, p in part.named_children() if any(True for _ in p.parameters())]
        found += inner if name == "features" else [name] * any(True for _ in part.parameters())
    return [name for name in found if not is_within(head_name(model), name)]


def is_within(name: str, part: str) -> bool:
    """Whether a tensor or module of this name belongs to the module `part`, e.g. "layer1.0.conv1" to "layer1"."""
    return f"{name}.".startswith(f"{part}.")
