"""torchvision's ResNets by the shape of their blocks. No torch."""

BASIC, BOTTLENECK = 2, 3  # convolutions of a block
RESNETS: dict[str, tuple[int, tuple[int, ...]]] = {  # by name: convolutions of a block, and blocks by stage
    "resnet18": (BASIC, (2, 2, 2, 2)),
    "resnet34": (BASIC, (3, 4, 6, 3)),
    "resnet50": (BOTTLENECK, (3, 4, 6, 3)),
    "resnet101": (BOTTLENECK, (3, 4, 23, 3)),
    "resnet152": (BOTTLENECK, (3, 8, 36, 3)),
}
