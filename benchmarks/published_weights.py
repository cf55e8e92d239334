"""Does the lab find other people's networks as often right as they do? Against the test errors that their author gives.

    python -m benchmarks.published_weights [FOLDER]

ResNets by Yerlan Idelbayev (https://github.com/akamaster/pytorch_resnet_cifar10, BSD 2-Clause), trained on all 50,000
photos. FOLDER has the files; those that it lacks are downloaded into it (9 MB in all). Each becomes a run, as by
`python -m core import`, in a folder that is removed again. Prints a line of JSON for each; the exit status is 0 if the
error of each is the published one, to TOLERANCE points.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import torch

from core.analysis import metrics
from core.data import cifar10
from core.errors import LabError
from core.files import sha256_of
from core.models.registry import parse_architecture
from core.runs.run import open_run
from core.training import imported_network

ADDRESS = "https://github.com/akamaster/pytorch_resnet_cifar10/raw/master/pretrained_models"
PUBLISHED = {  # test errors in percent, by files whose names end with the beginning of their sha256
    "resnet20-12fca82f.th": 8.27,
    "resnet32-d509ac18.th": 7.37,
    "resnet44-014dd654.th": 6.90,
    "resnet56-4bfd9763.th": 6.61,
}
TOLERANCE = 0.05


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path, nargs="?", default=Path("weights"))
    folder = p.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    within = []
    for file, published in PUBLISHED.items():
        error = error_of(fetched(folder / file))
        within.append(round(abs(error - published), 2) <= TOLERANCE)
        print(json.dumps({"file": file, "error": error, "published": published, "within": within[-1]}), flush=True)
    return 0 if all(within) else 1


def fetched(path: Path) -> Path:
    """The file, downloaded if it is not there. Raises LabError if it is not the one that was published."""
    if not path.is_file():
        torch.hub.download_url_to_file(f"{ADDRESS}/{path.name}", str(path))
    if not sha256_of(path).startswith(path.stem.partition("-")[2]):
        raise LabError(f"{path} is not the file that was published.")
    return path


def error_of(path: Path) -> float:
    """On the 10,000 test photos, in percent. The file's name begins with that of its architecture."""
    file = imported_network.look(path)
    network = file.as_network(parse_architecture(path.name.partition("-")[0]))
    config, chosen = imported_network.normalized(network, file, None)
    with tempfile.TemporaryDirectory() as root:
        run = imported_network.add(Path(root), "theirs", config, file, chosen)
        imported_network.score(run)
        right = metrics.accuracy(open_run(run.path).test_logits(), cifar10.load_test_labels()).value
    return round(100 * (1 - right), 2)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(str(error))
