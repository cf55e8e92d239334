"""What a run was asked to do, as one frozen value; and what makes two of them a fair pair.

Knows no files, no torch. Every field is a plain JSON value, so a config is saved beside the weights as it is.
"""

from dataclasses import asdict, dataclass, fields, replace

from core.errors import LabError

SCHEDULES = ("onecycle", "cosine", "multistep", "constant")


@dataclass(frozen=True)
class TrainConfig:
    """One training run. Two runs with equal configs have, on the same machine with as many threads, equal histories."""

    family: str = "cifar"  # the twins of core/models/cifar.py
    depth: int = 20  # 6n + 2 weighted layers
    skip: bool = True  # with short cuts: a ResNet; without: its plain twin
    norm: str = "batch"  # "batch" or "none"
    init: str = "scratch"
    data: str = "full"  # "full": 50,000 training images; "shipped": the first 10,000 of them
    epochs: int = 24
    batch_size: int = 128
    schedule: str = "onecycle"
    lr: float = 0.3  # peak learning rate
    momentum: float = 0.9
    weight_decay: float = 5e-4  # on weights of convolutions and the last layer; not on BatchNorm and biases
    label_smoothing: float = 0.0
    augment: bool = True  # mirror, and shift by up to 4 pixels
    seed: int = 0  # initial weights, batch order and augmentation
    split_seed: int = 0  # which tenth of the training images is validation

    def __post_init__(self):
        problem = _first_problem(self)
        if problem:
            raise LabError(problem)

    @property
    def architecture(self) -> str:
        """The name that the command line takes, e.g. "plain20"."""
        return f"{'resnet' if self.skip else 'plain'}{self.depth}"

    @property
    def default_run_name(self) -> str:
        """Says what differs between the runs that one user makes, e.g. "resnet20-shipped-8ep-s0"."""
        parts = [self.architecture]
        parts += ["no-norm"] if self.norm == "none" else []
        parts += ["shipped"] if self.data == "shipped" else []
        return "-".join([*parts, f"{self.epochs}ep", f"s{self.seed}"])

    def to_dict(self) -> dict:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "TrainConfig":
        """Inverse of `to_dict`. Raises LabError that names unknown, missing or mistyped fields."""
        expected = {field.name: field.type for field in fields(cls)}
        if set(values) != set(expected):
            raise LabError(f"The config's fields are not the expected ones: {sorted(set(values) ^ set(expected))}.")
        for name, kind in expected.items():
            allowed = (int, float) if kind is float else kind
            if not isinstance(values[name], allowed) or (isinstance(values[name], bool) and kind is not bool):
                raise LabError(f"The config's {name} must be of type {kind.__name__}, not {values[name]!r}.")
        return cls(**values)

    def twin(self) -> "TrainConfig":
        """The same run with the short cuts switched the other way."""
        return replace(self, skip=not self.skip)


def differences(a: TrainConfig, b: TrainConfig) -> dict[str, tuple]:
    """The fields in which two configs differ: {field: (value of a, value of b)}. A fair pair differs in exactly one."""
    return {
        field.name: (getattr(a, field.name), getattr(b, field.name))
        for field in fields(TrainConfig)
        if getattr(a, field.name) != getattr(b, field.name)
    }


def _first_problem(c: TrainConfig) -> str | None:
    checks = (
        (
            8 <= c.depth <= 1202 and c.depth % 6 == 2,
            f"depth must be 6n+2 (8, 14, 20, 32, 44, 56, 110, ...), not {c.depth}",
        ),
        (c.norm in ("batch", "none"), f"norm must be batch or none, not {c.norm!r}"),
        (c.data in ("full", "shipped"), f"data must be full or shipped, not {c.data!r}"),
        (c.schedule in SCHEDULES, f"schedule must be one of {', '.join(SCHEDULES)}, not {c.schedule!r}"),
        (1 <= c.epochs <= 10_000, f"epochs must be from 1 to 10000, not {c.epochs}"),
        (1 <= c.batch_size <= 9_000, f"batch size must be from 1 to 9000, not {c.batch_size}"),
        (0 < c.lr < 1e3, f"lr must be above 0 and below 1000, not {c.lr}"),
        (0 <= c.momentum < 1, f"momentum must be from 0 to below 1, not {c.momentum}"),
        (0 <= c.weight_decay < 1, f"weight decay must be from 0 to below 1, not {c.weight_decay}"),
        (0 <= c.label_smoothing < 1, f"label smoothing must be from 0 to below 1, not {c.label_smoothing}"),
        (0 <= c.seed < 2**31 and 0 <= c.split_seed < 2**31, "seeds must be from 0 to 2147483647"),
    )
    return next((f"The {problem}." for fine, problem in checks if not fine), None)
