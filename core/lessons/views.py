"""What a step of a lesson can show: the names of the views, and what each needs to know. Drawn by `ui.lesson_views`."""

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
