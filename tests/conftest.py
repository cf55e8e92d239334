"""What several test files need: a few random images, one thread, a home for runs below tmp_path, and tiny real runs."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock

from core.data import cifar10
from core.data.cifar10 import Images
from core.models.complexity import described
from core.models.weights.initial_weights import describe_initial_weights
from core.runs import store, validation
from core.runs.file_names import RESULT_FILE
from core.runs.run import Run, open_run
from core.settings.train_config import TrainConfig
from core.sharing.model_card import write_card
from core.training.device import describe_environment
from core.training.trainer import Trainer
from ui import permission

# Processes that tests start get one thread each, and those that ask for two don't spin while they wait: two test
# workers share two cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("RESNET_LAB_KEEPER_TICK", "0.05")
KEPT = {"RESNET_LAB_KEEPER_TICK", "RESNET_LAB_SKIP_NOTHING"}
OF_THE_SHELL = [name for name in os.environ if name.startswith(("RESNET_LAB_", "CIFAR10_DIR")) and name not in KEPT]
TINY = TrainConfig(depth=8, data="shipped", epochs=1, batch_size=8, lr=0.05)


@pytest.fixture(autouse=True)
def _one_thread():
    """Sums are then made in one order, so that results repeat bit by bit on any machine."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def own_runs(tmp_path, monkeypatch) -> Path:
    """The user's own runs lie below tmp_path, no full CIFAR-10 is at hand, and no setting of this shell counts."""
    for name in OF_THE_SHELL:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RESNET_LAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("TQDM_DISABLE", "1")  # which the app and `predict` set for their process: gone after the test
    monkeypatch.delenv("TQDM_DISABLE")
    return tmp_path / "runs"


@pytest.fixture(autouse=True)
def _at_this_computer(monkeypatch) -> None:
    """Streamlit's AppTest has no browser: it counts as one on this computer. `elsewhere` makes it one of another."""
    monkeypatch.setattr(permission, "_visitor", lambda: (None, {"Host": "localhost", "Origin": "http://localhost"}))


@pytest.fixture
def elsewhere(_at_this_computer, monkeypatch) -> None:
    """AppTest's visitor comes from another computer."""
    host = "192.168.0.1:8501"
    monkeypatch.setattr(permission, "_visitor", lambda: ("192.168.0.7", {"Host": host, "Origin": f"http://{host}"}))


@pytest.fixture(autouse=True, scope="session")
def _each_shipped_sheet_is_decoded_once() -> Iterator[None]:
    """A sheet of 10,000 photos takes half a second; who asks gets a copy, which they may change."""
    read, known = cifar10.read_sheet, {}

    def read_once(path: Path) -> np.ndarray:
        if path.parent != cifar10.SHIPPED_DIR:
            return read(path)
        if path not in known:
            known[path] = read(path)
        return known[path].copy()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cifar10, "read_sheet", read_once)
        yield


@pytest.fixture(scope="session")
def random_images() -> Callable[[int], Images]:
    """random_images(count): of random pixels, as many of each class."""

    def draw(count: int) -> Images:
        random = np.random.default_rng(0)
        pixels = random.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
        return Images(pixels, random.permutation(np.arange(count) % 10).astype(np.uint8))

    return draw


@pytest.fixture(scope="session")
def tiny_images(random_images) -> Images:
    """100 images, of which a training learns from 90."""
    return random_images(100)


@pytest.fixture(scope="session")
def _trained(tiny_images, tmp_path_factory) -> Callable[[TrainConfig], Path]:
    """Folders of trained runs, one a config, made once for all of pytest's workers; to be copied, not to be changed."""
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "trained"
    shared.mkdir(exist_ok=True)

    def get(config: TrainConfig) -> Path:
        folder = shared / hashlib.sha256(json.dumps(config.to_dict()).encode()).hexdigest()[:16]
        with FileLock(f"{folder}.lock"):
            if not (folder / RESULT_FILE).exists():  # which is written last
                folder.mkdir(exist_ok=True)
                _train(config, tiny_images, folder)
        return folder

    return get


@pytest.fixture
def make_run(_trained, own_runs) -> Callable[..., Run]:
    """make_run(name, **config changes): one of the user's own runs, of depth 8, trained for an epoch on 90 images.

    All of it is real but for the test logits: they are random numbers (another draw for each config), with 2 added at
    the true class, so that some half of the answers are right. Equal configs are trained once a session.
    """

    def make(name: str, **changes) -> Run:
        folder = own_runs / name
        shutil.copytree(_trained(replace(TINY, **changes)), folder)
        write_card(open_run(folder))
        return open_run(folder)

    return make


def _train(config: TrainConfig, images: Images, folder: Path) -> Path:
    trainer = Trainer(config, images, device=torch.device("cpu"), precision="float32")
    trainer.fit()
    facts = {
        "architecture": described(config.architecture, trainer.model, trainer.preprocessing.size),
        "initial_weights": describe_initial_weights(config),
        "training_images": len(trainer.training_set),
        "environment": describe_environment(trainer.device, trainer.precision, trainer.compiled),
        "best_epoch": trainer.position.best_epoch,
        "finished": "2025-01-01T00:00:00+00:00",
        "sha256": store.save_weights(folder, trainer.best_weights),
    }
    store.save_facts(folder, config, facts)
    record = trainer.record
    store.save_progress(folder, trainer.history, record.layers, record.gradient_norms, record.relative_steps)
    logits = trainer.score(trainer.validation[0], trainer.best_weights, lambda: False)
    validation.save(folder, trainer.known_of_validation(logits))
    labels = cifar10.load_test_labels()
    draw = np.random.default_rng([*json.dumps(config.of_learning).encode()])
    store.save_test_logits(folder, draw.normal(size=(len(labels), 10)) + 2 * np.eye(10)[labels])
    return folder
