"""The plain network and its residual twin for 32 x 32 images (He et al. 2015, section 4.2), from one class.

The two differ in one addition, which has no parameters (option-A shortcuts): so they have the same parameters
under the same names and, from one seed, the same initial values.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from core.data.cifar10 import CLASSES
from core.models.modes import seeded

WIDTHS = (16, 32, 64)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, and (where `skip`) the block's input added to their result."""

    def __init__(self, in_channels: int, channels: int, stride: int, skip: bool, norm: str):
        super().__init__()
        self.skip = skip
        self.conv1, self.bn1 = _conv(in_channels, channels, stride, norm), _norm(channels, norm)
        self.conv2, self.bn2 = _conv(channels, channels, 1, norm), _norm(channels, norm)

    def branch(self, x: Tensor) -> Tensor:
        """What the block computes, before its input is added."""
        return self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True)))

    def forward(self, x: Tensor) -> Tensor:
        out = self.branch(x)
        if self.skip:
            out = out + shortcut(x, like=out)
        return F.relu(out, inplace=True)


class CifarNet(nn.Module):
    """(n, 3, 32, 32) float, normalized -> (n, 10) logits. `depth` = 6 n + 2 layers with weights: n blocks a stage."""

    def __init__(self, depth: int = 20, skip: bool = True, norm: str = "batch"):
        super().__init__()
        blocks = (depth - 2) // 6
        first, second, third = WIDTHS
        self.conv1, self.bn1 = _conv(3, first, 1, norm), _norm(first, norm)
        self.layer1 = _stage(first, first, blocks, 1, skip, norm)
        self.layer2 = _stage(first, second, blocks, 2, skip, norm)
        self.layer3 = _stage(second, third, blocks, 2, skip, norm)
        self.fc = nn.Linear(third, len(CLASSES))
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):  # He et al. 2015 ("Delving deep"), equation 10
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)), inplace=True)
        out = self.layer3(self.layer2(self.layer1(out)))
        return self.fc(average_pooled(out))


def _stage(in_channels: int, channels: int, blocks: int, stride: int, skip: bool, norm: str) -> nn.Sequential:
    first = BasicBlock(in_channels, channels, stride, skip, norm)
    return nn.Sequential(first, *(BasicBlock(channels, channels, 1, skip, norm) for _ in range(blocks - 1)))


def _conv(in_channels: int, channels: int, stride: int, norm: str) -> nn.Conv2d:
    # BatchNorm has a bias of its own; without it the convolution needs one.
    return nn.Conv2d(in_channels, channels, kernel_size=3, stride=stride, padding=1, bias=norm == "none")


def _norm(channels: int, norm: str) -> nn.Module:
    return nn.BatchNorm2d(channels) if norm == "batch" else nn.Identity()


def average_pooled(maps: Tensor) -> Tensor:
    """(n, channels, h, w) -> (n, channels): each map's mean. Unlike that of `maps.mean`, its gradient is channels-last
    where the maps are: a mixture of both makes kernels crawl."""
    return F.avg_pool2d(maps, kernel_size=maps.shape[2:]).flatten(1)


def shortcut(x: Tensor, like: Tensor) -> Tensor:
    """Option A (section 3.3): where the shape changes, every second pixel, and zeros for the new channels."""
    if x.shape == like.shape:
        return x
    new_channels = like.shape[1] - x.shape[1]
    halved = F.avg_pool2d(x, kernel_size=1, stride=2)  # as x[:, :, ::2, ::2], whose gradient would not be channels-last
    return F.pad(halved, (0, 0, 0, 0, new_channels // 2, new_channels // 2)).to(dtype=like.dtype)


def untrained(depth: int, skip: bool, norm: str, seed: int) -> CifarNet:
    """A CifarNet with the initial weights of `seed`: the same for both twins."""
    with seeded(seed):
        return CifarNet(depth, skip, norm)
