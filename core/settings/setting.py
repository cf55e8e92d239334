"""What is known of one setting of a training: its values, its words, and what it changes. Knows no setting by name."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import UnionType
from typing import Any

from core.errors import LabError


@dataclass(frozen=True)
class Setting:
    """A row of the table that is TrainConfig.

    `name` and `help` are for lay readers. What it may be: one of `values` (empty: anything), or a number that is at
    least `least` or above `above`, and at most `most` or below `below`. `words`: what its values are called; a
    `percent` is a share that reads as "10%". `label`: how an unusual value shows in a run's name. `costs`: whether it
    changes how long an image takes to train on. `option`: whether it has an option of its own on the command line.
    `learns`: whether it changes what is learned. For the form: `offered` values, or the lowest and the highest of a
    number, in `step`s.
    """

    name: str
    help: str
    values: tuple = ()
    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None
    words: Mapping[Any, str] = field(default_factory=dict)
    percent: bool = False
    label: Callable[[Any], str] | None = None
    costs: bool = False
    option: bool = True
    learns: bool = True
    offered: tuple = ()
    step: float | None = None

    def problem(self, called: str, value: Any) -> str | None:
        """What is wrong with a value of the right type, as a sentence that calls the setting `called`; None if it is
        fine, or not given (None)."""
        if value is None or self._fits(value):
            return None
        return f"The {called} must be {self.allowed}, not {value!r}."

    def _fits(self, value: Any) -> bool:
        if self.values:
            return value in self.values
        return (
            (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
            and (self.below is None or value < self.below)
        )

    @property
    def allowed(self) -> str:
        """E.g. "one of sgd, adamw" or "above 0 and below 1000"."""
        if self.values:
            return " or ".join(self.values) if len(self.values) == 2 else f"one of {', '.join(self.values)}"
        low = f"from {self.least:g}" if self.least is not None else f"above {self.above:g}"
        high = f"{'to' if self.least is not None else 'and at most'} {self.most}" if self.most is not None else ""
        if self.below is not None:
            high = f"{'to' if self.least is not None else 'and'} below {self.below:g}"
        return f"{low} {high}"

    def in_words(self, value: Any) -> str:
        """A value as a lay reader takes it."""
        if value in self.words:
            return self.words[value]
        return f"{value:.3%}".rstrip("0%").rstrip(".") + "%" if self.percent and value is not None else str(value)


def slug(text: str) -> str:
    """Of a path or a layer's name what can stand in a run's name: "weights/best 1.pt" -> "best-1"."""
    last = re.split(r"[/\\]", text)[-1]
    return re.sub(r"[^A-Za-z0-9_]+", "-", re.sub(r"\.(safetensors|pth?|bin)$", "", last)).strip("-")


def setting(default: Any, name: str, help: str, **known: Any) -> Any:
    """A dataclass's field with this default, and what else is known of it."""
    return field(default=default, metadata={"setting": Setting(name, help, **known)})


def settings_of(config: type) -> dict[str, Setting]:
    """{field: what is known of it} of a dataclass whose fields are settings."""
    return {each.name: each.metadata["setting"] for each in fields(config)}


def require_types(config: type, values: dict) -> None:
    """Raises LabError that names what is no field of the dataclass `config`, or not of its field's type."""
    expected = {each.name: each for each in fields(config)}
    if unknown := set(values) - set(expected):
        raise LabError(f"The config has fields that are not known: {sorted(unknown)}.")
    for name, value in values.items():
        kind: Any = expected[name].type
        allowed = int | kind if kind in (float, float | None) else kind
        if value is None and expected[name].default is None:
            continue
        if not isinstance(value, allowed) or (isinstance(value, bool) and kind is not bool):
            words = str(kind) if isinstance(kind, UnionType) else kind.__name__
            raise LabError(f"The config's {name} must be of type {words}, not {value!r}.")


def differences(a: Any, b: Any) -> dict[str, tuple]:
    """The fields in which two configs differ: {field: (value of a, value of b)}. A fair pair differs in exactly one."""
    both = {each.name: (getattr(a, each.name), getattr(b, each.name)) for each in fields(a)}
    return {name: values for name, values in both.items() if values[0] != values[1]}
