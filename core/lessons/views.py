"""What a step of a lesson can show: the names of the views, and what each needs to know. Drawn by
`ui.lesson.lesson_views`."""

from collections.abc import Callable

from core.analysis import surgery, transfer
from core.analysis.depths import depth
from core.errors import LabError
from core.runs.run import Run

# By name: {parameter: its type}. A Run is written as its name; those of a pair are `a` and `b`.
VIEWS: dict[str, dict[str, type]] = {
    "photo": {"photo": int},
    "photos": {"a": Run, "b": Run},
    "two_networks": {"a": Run, "b": Run},
    "right_answers": {"a": Run, "b": Run},
    "answers": {"a": Run, "b": Run, "photo": int},
    "maps": {"a": Run, "b": Run, "photo": int},
    "learning_curves": {"a": Run, "b": Run},
    "depth": {"a": Run, "b": Run},
    "surgery": {"a": Run, "b": Run, "block": int},
    "mix_up": {"run": Run},
    "filters": {"a": Run, "b": Run},
    "label_budget": {"a": Run, "b": Run},
    "race": {"race": str},
    "own_photo": {"a": Run, "b": Run},
}


def _can_lose(a: Run, b: Run, block: int) -> None:
    for run in (a, b):
        surgery.accuracy_without(run, block)


def _has_depth(a: Run, b: Run) -> None:
    for run in (a, b):
        if not run.config.is_twin or run.imported:
            raise LabError(f"{run.name} is no plain network or ResNet that was trained here.")
    if len(depth.recipes([a, b])) > 1:
        raise LabError(f"{a.name} and {b.name} differ in more than depth, shortcuts and seed.")


def _began_differently(a: Run, b: Run) -> None:
    if not transfer.pretraining_pairs([a, b]):
        raise LabError(f"{a.name} and {b.name} do not differ in their initial weights alone.")


# Of the views that not every pair has: by name, what raises LabError for the others. It takes the view's parameters.
REQUIREMENTS: dict[str, Callable] = {"surgery": _can_lose, "depth": _has_depth, "label_budget": _began_differently}
