"""Where the repository lies, the lessons, the runs that ship, and the user's own. Knows nothing of what they hold."""

from pathlib import Path, PureWindowsPath

from core.settings import environment

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "checkpoints"


def own_runs_dir() -> Path:
    """Where the user's own runs lie: RESNET_LAB_RUNS, or `runs/` beside the app."""
    return (environment.path("RESNET_LAB_RUNS") or ROOT / "runs").absolute()


def lessons_dir() -> Path:
    """Where the lessons lie: RESNET_LAB_LESSONS, or `lessons/` beside the app."""
    return environment.path("RESNET_LAB_LESSONS") or ROOT / "lessons"


def file_name(path: str) -> str:
    """Of a path of any operating system."""
    return PureWindowsPath(path).name
