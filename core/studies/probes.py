"""Ask a trained network of the CIFAR twins after each block of its last stage. What for, is said in
`core.analysis.probes`."""

from collections.abc import Callable
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.analysis import probes
from core.analysis.probes import Probes
from core.data.batches import to_pixels, to_tensors
from core.data.cifar10 import Images
from core.models.batchnorm import use_batch_statistics
from core.models.cifar import CifarNet, average_pooled
from core.models.registry import build, family
from core.runs.run import Run

BATCH = 250  # photos
STRENGTHS = np.logspace(-2, 4, 7)  # of the ridge penalty, from which cross-validation on the fitted photos chooses


class BlockProber:
    """A run's network with its own last layer put after each block. Nothing changes it: any number of threads may ask
    it at once."""

    def __init__(self, run: Run, trained: bool = True):
        """Raises LabError for a network that is none of the CIFAR twins, RunError if its weights are missing. Not
        `trained`: with the random weights of the run's seed, and BatchNorm's statistics of what it is shown."""
        probes.blocks(run.config)
        self._model = cast(CifarNet, run.load_model() if trained else build(run.config))
        if not trained:
            use_batch_statistics(self._model, frozen="")
        self._preprocessing = family(run.config).preprocessing

    @torch.inference_mode()
    def features(self, pixels: Tensor) -> Tensor:
        """Float32 (blocks, n, 64) of uint8 (n, 3, 32, 32): what each block hands on, averaged over the picture."""
        return pooled(self._model, self._preprocessing(pixels))

    @torch.inference_mode()
    def logits(self, features: Tensor) -> np.ndarray:
        """Float32 (blocks, n, 10): what the last layer makes of `features`; of the last block, the network's answer."""
        return self._model.fc(features).numpy()

    def ask(self, picture: np.ndarray) -> np.ndarray:
        """Float32 (blocks, 10) for one picture, uint8 (32, 32, 3)."""
        return self.logits(self.features(to_pixels(picture[None])))[:, 0]


def pooled(model: CifarNet, x: Tensor) -> Tensor:
    """(blocks, n, 64) of normalized pictures (n, 3, 32, 32): the pooled output of each block of the last stage."""
    out = model.layer2(model.layer1(F.relu(model.bn1(model.conv1(x)))))
    found = []
    for block in model.layer3:
        out = block(out)
        found.append(average_pooled(out))
    return torch.stack(found)


def study(
    run: Run, training: Images, test: Images, on_photos: Callable[[int, int], None] = lambda done, total: None
) -> Probes:
    """How often both readers are right on the `test` photos, in float32, the probes fitted on the `training` photos.
    `on_photos` gets how many are done, of how many. Raises as `BlockProber`."""
    trained, untrained = BlockProber(run), BlockProber(run, trained=False)
    fitted_on, scored_on = len(training.labels), len(test.labels)
    total, done = 2 * (fitted_on + scored_on), 0

    def features(network: BlockProber, images: Images) -> Tensor:
        nonlocal done
        found = []
        for batch in to_tensors(images)[0].split(BATCH):
            found.append(network.features(batch))
            on_photos(done := done + len(batch), total)
        return torch.cat(found, dim=1)

    def probe(seen: Tensor, new: Tensor) -> list[float]:
        return [
            _probe(fitted.numpy(), training.labels).score(scored.numpy(), test.labels)
            for fitted, scored in zip(seen, new, strict=True)
        ]

    seen, new = features(trained, training), features(trained, test)
    own = (trained.logits(new).argmax(axis=2) == test.labels).mean(axis=1)
    control = probe(features(untrained, training), features(untrained, test))
    return Probes(own.tolist(), probe(seen, new), fitted_on, scored_on, control)


def _probe(features: np.ndarray, labels: np.ndarray):
    """Ridge regression on the ten classes as -1 and 1, the features brought to one scale; its strength is the best of
    STRENGTHS by leaving out each fitted photo in turn."""
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=STRENGTHS)).fit(features, labels)
