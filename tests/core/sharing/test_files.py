"""What is shared of a run, by zip, Hub or among those that ship, tells nobody where its files lay."""

import io
import zipfile
from dataclasses import replace

import pytest

from core.analysis.landscapes import walk
from core.runs import kept_weights, store
from core.runs.run import Run, open_run
from core.sharing.files import without_folders
from core.sharing.hub import export_hub
from core.sharing.model_card import write_card
from core.sharing.shipping import ship
from core.sharing.zip_archive import zip_run

SECRET = {"/home/alice.smith/customer/weights.safetensors", r"C:\Users\Alice\customer\weights.safetensors"}


@pytest.fixture(params=sorted(SECRET))
def run(request, make_run) -> Run:
    made = make_run("mine")
    facts = made.facts | {
        "initial_weights": f"{request.param}, sha256 {'0' * 64}; a last layer for other classes is new",
        "data_folder": "/home/alice.smith/photos",
    }
    store.save_facts(made.path, replace(made.config, init=request.param), facts)
    write_card(open_run(made.path))
    return open_run(made.path)


def zipped(run: Run, folder) -> None:
    with zipfile.ZipFile(io.BytesIO(zip_run(run))) as archive:
        archive.extractall(folder)


@pytest.mark.parametrize("share", [zipped, export_hub, ship], ids=["zip", "Hub", "ship"])
def test_only_names_are_shared(run, tmp_path, share):
    (tmp_path / "out").mkdir()
    share(run, tmp_path / "out")
    texts = [path.read_text() for path in (tmp_path / "out").rglob("*") if path.suffix in (".json", ".md", ".csv")]
    assert len(texts) >= 3
    assert "weights.safetensors, sha256 000" in "".join(texts)
    assert not any(word in text.lower() for text in texts for word in ("alice", "customer"))
    assert "alice" in (run.path / "config.json").read_text().lower()  # here, it can be trained again


@pytest.mark.parametrize("share", [zipped, export_hub, ship], ids=["zip", "Hub", "ship"])
def test_weights_of_the_way_stay_here_and_what_was_found_is_shared(make_run, tmp_path, share):
    (tmp_path / "out").mkdir()
    run = make_run("mine")
    kept_weights.file_of(run.path, 1).write_bytes(b"many numbers")
    (run.path / walk.FILE).write_bytes(b"few numbers")
    share(run, tmp_path / "out")
    shared = {path.name for path in (tmp_path / "out").rglob("*")}
    assert {"model.safetensors", "walk.npz"} <= shared
    assert not [name for name in shared if name.startswith("kept-")]


def test_a_run_from_nothing_is_shared_as_it_is(make_run):
    run = make_run("mine")
    assert without_folders(run) == run
