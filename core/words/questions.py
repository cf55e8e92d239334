"""What to call the question that a pair of runs answers."""

from core.analysis.questions import Question
from core.settings.setting import differences
from core.settings.train_config import SETTINGS, TrainConfig
from core.words import counted
from core.words.settings import in_words, network_name, restrictions, setting_name

TITLES = {"skip": "Do shortcuts help a deep network?", "init": "Does it help to have learned before?"}
SHORT = {
    "skip": "with or without shortcuts",
    "init": "from scratch or pretrained",
    "freeze": "every layer learns or only some",
}
MOST_TOLD = 2  # settings that tell a pair from the first of its kind; beyond, how long it learned stands for all


def title(question: Question | None) -> str:
    return TITLES.get(question.setting, "Which network does better?") if question else "Which network does better?"


def labels(questions: list[Question]) -> dict[str, Question]:
    """In their order, each by a name of its own, e.g. "56 layers, no BatchNorm: with or without shortcuts"."""
    first: dict[str, Question] = {}
    named: dict[str, Question] = {}
    for question in questions:
        plain = label = f"{_network(question)}: {_contrast(question)}"
        if plain in first:
            changed = differences(first[plain].a.config, question.a.config)
            changed = {name: both for name, both in changed.items() if name != "seed" and SETTINGS[name].learns}
            told = [f"{setting_name(name)} {in_words(name, to)}" for name, (_, to) in changed.items()]
            which = ", ".join(told) if len(told) <= MOST_TOLD else counted(question.a.config.epochs, "epoch")
            label = f"{_network(question)}, {which}: {_contrast(question)}"
        first.setdefault(plain, question)
        named[label if label not in named else f"{label} ({question.a.name}, {question.b.name})"] = question
    return named


def _contrast(question: Question) -> str:
    name = question.setting
    if name in SHORT:
        return SHORT[name]
    a, b = (in_words(name, getattr(run.config, name)) for run in (question.a, question.b))
    return f"{setting_name(name)} ({a} or {b})"


def _network(question: Question) -> str:
    """What both are, e.g. "56 layers, no BatchNorm" or "ResNet-50, 1% of the photos"."""
    config = question.a.config
    words = _layers(config) if config.is_twin else [network_name(config)]
    if config.is_twin and question.setting != "skip":
        words = [network_name(config), *words]
    if question.setting not in ("init", "skip") and config.pretrained:
        words += ["pretrained"]
    return ", ".join([*words, *(restrictions(config) if question.setting != "freeze" else [])])


def _layers(config: TrainConfig) -> list[str]:
    return [f"{config.depth} layers"] + ["no BatchNorm"] * (config.norm == "none")
