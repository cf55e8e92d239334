"""A network that was trained elsewhere, from its file of weights: what it is, how its colors were scaled, a name."""

import tempfile
from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.errors import LabError
from core.files import writing
from core.jobs import trainings
from core.settings.constraints import NORMALIZATIONS
from core.settings.setting import slug
from core.settings.train_config import SETTINGS, TrainConfig
from core.words.settings import in_words, recognized, setting_name
from ui import cached
from ui.foreign_text import plain

LARGEST_FILE = 10  # MB, as for all uploads (.streamlit/config.toml)
COMMAND = "python -m core import FILE"
TWINS = [f"{kind}{depth}" for depth in SETTINGS["depth"].offered for kind in ("resnet", "plain")]
BEST = "whatever suits it best"  # of NORMALIZATIONS


def show() -> None:
    """To be shown where runs may be added."""
    upload = st.file_uploader(
        "A file of weights",
        key="network",
        max_upload_size=LARGEST_FILE,
        help="safetensors, or what torch.save made of a state dict, for the ten things of CIFAR-10. Nothing in it is "
        f"executed. A larger one: `{COMMAND}`.",
    )
    if not upload:
        st.caption(f"Up to {LARGEST_FILE} MB. With a larger one, or with unusual colors: `{COMMAND} --help`.")
        return
    try:
        file = _looked_at(upload)
        candidates = {config.architecture: config for config in file.candidates}
    except LabError as error:
        st.error(plain(error))
        return
    from core.training import imported_network  # it brings PyTorch, as looking at the file did

    if network := _network(file, candidates, upload.file_id):
        network = replace(network, input_size=_size(network))
    left, right = st.columns(2)
    colors = left.selectbox(
        setting_name("normalization").capitalize(),
        (BEST, *NORMALIZATIONS),
        format_func=lambda colors: BEST if colors == BEST else in_words("normalization", colors),
        key="network_colors",
        help="What was taken off red, green and blue before it saw them. If you don't know: each is tried on "
        f"{imported_network.TRIED} training photos.",
    )
    name = right.text_input("Its name here", slug(upload.name), key=f"network_name_{upload.file_id}")
    told = "It is then shown the 10,000 test photos." if network else "Say first what it is."
    if st.button("Add it", key="add_network", help=told, disabled=network is None) and network:
        _add(file, network, None if colors == BEST else colors, name)


def _looked_at(upload):
    """`NetworkFile` of an upload, read once, and kept by the upload's identity. Raises LabError."""
    from core.training.imported_network import look

    known = st.session_state.get("_network_file", {})
    if upload.file_id not in known:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "weights")
            with writing(path):
                path.write_bytes(upload.getbuffer())
            known = {upload.file_id: look(path, upload.name)}
        st.session_state["_network_file"] = known
    return known[upload.file_id]


def _network(file, candidates: dict[str, TrainConfig], identity: str) -> TrainConfig | None:
    """What it is taken for, as confirmed; None while that is open. `candidates`: what it may be, by architecture;
    `identity`: of the upload."""
    from core.models.registry import parse_architecture

    others = [name for name in (*TWINS, *cached.torchvision_names()) if name not in candidates]
    st.markdown(recognized(list(candidates), plain(file.described), plain(file.found)))
    chosen = st.selectbox(
        "What it is",
        [*candidates, *others],
        index=0 if len(candidates) == 1 else None,
        placeholder="Choose what you know it to be",
        key=f"network_kind_{identity}",
        format_func=lambda name: f"{name} (fits)" if name in candidates else name,
        help="The networks that its numbers fit come first.",
    )
    if chosen is None:
        return None
    return candidates.get(chosen) or file.as_network(parse_architecture(chosen))


def _size(config: TrainConfig) -> int:
    """Of the pictures that it takes: no tensor tells."""
    if config.is_twin or config.stem == "cifar":
        return config.input_size
    low, high = SETTINGS["input_size"].offered
    return st.number_input("Picture size", low, high, config.input_size, step=32, key="network_size", help="In pixels.")


def _add(file, config: TrainConfig, normalization: str | None, name: str) -> None:
    try:
        with st.spinner("Trying how its colors were scaled ..." if normalization is None else "Adding it ..."):
            run = trainings.import_network(file, config, normalization, name)
    except LabError as error:
        st.error(plain(error))
    else:
        colors = in_words("normalization", run.config.normalization)
        st.toast(f"{plain(run.name)} was added (colors: {colors}), and is now being scored.", icon=":material/check:")
        st.rerun()
