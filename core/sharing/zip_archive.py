"""A run as a zip, and taken from one again.

A zip that somebody else made is not trusted: only the files of a run are taken out of it, none is written under a name
or to a place that the zip chose, nothing is unpickled, and all is opened and checked, by `core.runs`, in a hidden
folder before the run appears among the others. What else a zip holds that was made by hand (a system's own files, logs)
is left out, and `left_out` tells it.
"""

import re
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath

from core import paths
from core.errors import LabError, RunError
from core.files import patiently, remove_abandoned, writing
from core.paths import file_name
from core.runs import library, status, validation
from core.runs.file_names import CARD_FILE, CHANGE_FILE, CONFIG_FILE, GRADIENTS_FILE, VALIDATION_FILE
from core.runs.run import Run, open_run
from core.settings.train_config import PRECISIONS, TrainConfig
from core.sharing.files import ADDING, LARGEST, NEEDED, STUDIES, shared_contents, without_folders
from core.sharing.model_card import card_text, write_card

LARGEST_NETWORK = 150_000_000  # parameters; VGG-19, as published, has 144 million
LARGEST_DIRECTORY = 100_000  # bytes of a zip's table of contents; that of a run takes about 500
END_RECORD, ZIP64_LOCATOR = b"PK\x05\x06", b"PK\x06\x07"  # PKWARE's APPNOTE.TXT, sections 4.3.16 and 4.3.15
END_RECORD_BYTES, ZIP64_LOCATOR_BYTES, LONGEST_COMMENT = 22, 20, 65_535
# With these, words become markup where they are shown: Markdown, addresses, and Streamlit's icons.
NOT_PLAIN_TEXT = re.compile(r"[<>`|*]|\$.*\$|://|\bwww\.|\w@\w|:[a-z+-][\w+-]*[:/]", re.IGNORECASE)
# What a training with --init imagenet records; it names an address, which is known.
PUBLISHED_WEIGHTS = re.compile(r"torchvision's \w+\.\w+, https://download\.pytorch\.org/models/[\w.-]+; [\w ,]+")
KNOWN_PRECISIONS = {*PRECISIONS, "float16"}
LAYER = re.compile(r"[\w.]*")


def zip_run(run: Run) -> bytes:
    """A finished run's folder as a zip file, for `add_run`, `without_folders`. Raises RunError."""
    buffer = BytesIO()
    contents = _contents(run)
    # Stored: the large files are compressed already. Zips know no dates before 1980, which some disks' files have.
    with zipfile.ZipFile(buffer, "w", strict_timestamps=False) as archive:
        for name, content in contents.items():
            if isinstance(content, Path):
                archive.write(content, f"{run.name}/{name}")
            else:
                archive.writestr(f"{run.name}/{name}", content)
    return buffer.getvalue()


def why_not_zipped(run: Run) -> str | None:
    """What `zip_run` would raise, in a sentence; None where nothing stands in its way."""
    try:
        _contents(run)
    except LabError as error:
        return str(error)
    return None


def _contents(run: Run) -> dict[str, Path | bytes]:
    return shared_contents(run) | {CARD_FILE: card_text(without_folders(run)).encode()}


def add_run(data: bytes, name: str | None = None, before: Callable[[], None] = lambda: None) -> Run:
    """Add the run in a zip file to the user's own, as `name` or else under the name of the zip's folder.

    Its card is written anew. `before` is called as it is put there, while nobody else can add a run. Raises LabError
    with one sentence; then nothing is left behind.
    """
    contents, folder_name = _unpack(data)
    name = name or folder_name
    if name is None:
        raise RunError("The zip holds a run without its folder, so it has no name; give it one.")
    root = paths.own_runs_dir()
    library.require_free_name(root, name)
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
        remove_abandoned(root, ADDING)
        with tempfile.TemporaryDirectory(dir=root, prefix=ADDING) as hidden:
            folder = Path(hidden, name)
            folder.mkdir()
            for file, content in contents.items():
                (folder / file).write_bytes(content)
            try:
                _check(open_run(folder))
            except LabError as error:
                raise RunError(str(error).replace(str(folder), name)) from None
            with status.lock(root):
                library.require_free_name(root, name)
                before()
                patiently(folder.rename, root / name)
    return open_run(root / name)


def left_out(data: bytes) -> list[str]:
    """What the zip of a run holds besides, which `add_run` leaves out: the names of its files and, where those lie
    in other folders than the run's, of the folders alone. Raises RunError as `add_run` does."""
    _check_table_of_contents(data)
    with _opened(data) as archive:
        folder, _, others = _divided(archive)
    names = [path.relative_to(folder).parts[0] if path.is_relative_to(folder) else path.parts[0] for path in others]
    return list(dict.fromkeys(names))


def _unpack(data: bytes) -> tuple[dict[str, bytes], str | None]:
    """(content by file name, without the card; the name of the folder round them, None if there is none)."""
    _check_table_of_contents(data)
    with _opened(data) as archive:
        folder, files, _ = _divided(archive)
        _check_members(files)
        contents = {file.name: file.read(archive) for file in files if file.name != CARD_FILE}
    return contents, folder.name or None


@contextmanager
def _opened(data: bytes) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            yield archive
    except RunError:
        raise
    except Exception as error:  # zipfile and zlib each raise several kinds on a damaged file
        raise RunError(f"The zip is damaged ({type(error).__name__}: {str(error)[:100]}).") from None


def _divided(archive: zipfile.ZipFile) -> tuple[PurePosixPath, list["_Member"], list[PurePosixPath]]:
    """(the folder of the run, its files, the paths of all other files). Raises RunError."""
    members = [member for member in map(_Member, archive.infolist()) if not member.is_folder]
    folders = [member.path.parent for member in members if member.name == CONFIG_FILE and not member.is_clutter]
    shallowest = min((len(folder.parts) for folder in folders), default=0)
    folder, *more = [each for each in folders if len(each.parts) == shallowest] or [PurePosixPath()]
    if set(more) - {folder}:
        raise RunError("The zip holds several runs; make a zip of each.")
    files = [member for member in members if member.path.parent == folder and member.name in LARGEST]
    return folder, files, [member.path for member in members if member not in files]


def _check_table_of_contents(data: bytes) -> None:
    """Before `zipfile` makes an object of each entry in it: one of 200 MB would take many times that in memory."""
    if len(data) > sum(LARGEST.values()):
        raise RunError("The zip is too large for a run.")
    last = data[-END_RECORD_BYTES - LONGEST_COMMENT - ZIP64_LOCATOR_BYTES :]
    start = last.rfind(END_RECORD)  # as `zipfile` looks for it
    end = last[start : start + END_RECORD_BYTES]
    comment = int.from_bytes(end[20:22], "little")
    if start < 0 or len(end) < END_RECORD_BYTES or start + END_RECORD_BYTES + comment != len(last):
        raise RunError("The file is not a whole zip file.")
    before = last[max(0, start - ZIP64_LOCATOR_BYTES) : start]
    if before.startswith(ZIP64_LOCATOR) or int.from_bytes(end[12:16], "little") > LARGEST_DIRECTORY:
        raise RunError("The zip holds more than the files of a run.")


class _Member:
    """An entry of a zip. Raises RunError for one that no honest tool makes."""

    def __init__(self, info: zipfile.ZipInfo):
        self._info = info
        name = info.filename.replace("\\", "/")  # as some tools of Windows write it
        self.path = PurePosixPath(name)
        self.name = self.path.name
        self.is_folder = name.endswith("/")
        if self.path.is_absolute() or ".." in self.path.parts or ":" in name or not self.path.parts:
            raise RunError(f"The zip holds {info.filename[:80]!r}, whose path leads out of it.")
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFDIR if self.is_folder else stat.S_IFREG):
            raise RunError(f"The zip holds a link or a device instead of the file {self.name[:80]!r}.")

    @property
    def is_clutter(self) -> bool:
        """What macOS adds to a zip: for each file, one of the same name."""
        return self.path.parts[0] == "__MACOSX"

    def read(self, archive: zipfile.ZipFile) -> bytes:
        info, limit = self._info, LARGEST[self.name]
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RunError(f"The zip holds {self.name} encrypted, or compressed in an unusual way; zip it plainly.")
        with archive.open(info) as file:
            content = file.read(limit + 1)  # whatever size the zip claims
        if len(content) > limit:
            raise RunError(f"{self.name} in the zip is too large: more than {limit:,} bytes.")
        return content


def _check_members(files: list[_Member]) -> None:
    names = [file.name for file in files]
    missing = NEEDED - set(names)
    if missing:
        raise RunError(f"The zip does not hold a finished run: it lacks {' and '.join(sorted(missing))}.")
    if len(names) > len(set(names)):
        raise RunError("The zip holds the same file twice.")


def _check(run: Run) -> None:
    """Open all that a page may open, and write the card. Raises LabError."""
    _check_facts(run)
    require_moderate_size(run.config, run.name)
    run.test_logits()
    if not run.imported:
        _check_training(run)
    for study in STUDIES:
        study.load(run)
    if run.has_weights:
        from core.models.complexity import count_parameters

        if count_parameters(run.load_model()) != run.parameters:
            raise RunError(f"{run.name}: config.json tells another number of parameters than its network has.")
    write_card(run)


def _check_training(run: Run) -> None:
    history = run.history()
    if (run.path / GRADIENTS_FILE).exists() and len(run.gradients()[1]) != len(history):
        raise RunError(f"{run.name}: history.csv and gradients.npz are not of the same epochs.")
    if history["epoch"].tolist() != list(range(1, len(history) + 1)):
        raise RunError(f"{run.name}: history.csv does not count its epochs from 1.")
    if (answered := validation.load(run)) and len(answered.answers) != len(history):
        raise RunError(f"{run.name}: history.csv and {VALIDATION_FILE} are not of the same epochs.")
    if (run.path / CHANGE_FILE).exists():
        run.weight_change()


def require_moderate_size(config: TrainConfig, name: str) -> None:
    """Before the network that somebody brings is built, now or by a page: the largest of torchvision's take gigabytes,
    and a newer torchvision may have others than this one. Raises RunError."""
    if config.family == "torchvision":
        from core.models import torchvision_nets

        if torchvision_nets.published_parameters(config.network) > LARGEST_NETWORK:
            raise RunError(f"{name}: {config.network} is too large a network to be taken from others.")


def _check_facts(run: Run) -> None:
    """The texts of config.json are shown. Raises RunError."""
    bad = [text for text in _texts({"config": run.config.to_dict(), **run.facts}) if not _is_plain(text)]
    if bad:
        raise RunError(f"{run.name}: config.json holds something else than plain text: {bad[0][:40]!r}.")
    if run.environment and run.precision not in KNOWN_PRECISIONS:
        raise RunError(f"{run.name}: config.json tells a precision that is not known.")
    folder = run.facts.get("data_folder", "")
    if not isinstance(folder, str) or file_name(folder) != folder:  # elsewhere it would be looked for on this machine
        raise RunError(f"{run.name}: config.json tells of a folder of photos by more than its name.")
    if not LAYER.fullmatch(run.config.freeze):
        raise RunError(f"{run.name}: config.json tells of frozen layers by what is no layer's name.")


def _texts(value: object) -> list[str]:
    """All texts in a JSON value, which may be nested deeper than Python calls itself."""
    found, left = [], [value]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            left += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            left += part
        elif isinstance(part, str):
            found.append(part)
    return found


def _is_plain(text: str) -> bool:
    if len(text) > 2_000 or not text.isprintable():
        return False
    return not NOT_PLAIN_TEXT.search(text) or bool(PUBLISHED_WEIGHTS.fullmatch(text))
