"""The handout of any two runs, from what their folders hold."""

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from core.analysis import comparison, metrics
from core.analysis.comparison import A_ALONE, B_ALONE, NEITHER
from core.analysis.questions import Question, questions
from core.analysis.training_summary import curves, epochs_to
from core.charts import palette
from core.charts.answers import confusion
from core.charts.learning import learning_curves
from core.data import cifar10
from core.data.cifar10 import CLASSES, Images
from core.paths import ROOT
from core.runs import reproduction
from core.runs.command import shell_line
from core.runs.run import Run
from core.sharing.files import without_folders
from core.sharing.handout import exercises
from core.sharing.handout.handout import Chart, Command, Drawing, Exercise, Handout, Map, Photo, Side, terms_in
from core.words import capitalized
from core.words import comparison as comparison_words
from core.words import questions as question_words
from core.words.settings import describe, differing_in_words, fairness_in_words, names

DrawMap = Callable[[np.ndarray], Map]  # from a photo's pixels, uint8
CURVES, ROW = 300, 20  # pixels: the height of the curves, and of a row of a table
KINDS = (B_ALONE, B_ALONE, A_ALONE, NEITHER)  # of the photos, where there are any
LONGEST_VERSION = 40  # letters: it comes from a run's file
TASK = "Both learned to say which of ten things a small photo shows. Then they saw 10,000 photos that were new to them."
ABOUT_PHOTOS = (
    "Of the photos on which they disagree, these are some where both are surest. They see what you see: "
    "32\u00a0×\u00a032 pixels."
)
ABOUT_MAPS = " The maps (Grad-CAM) are bright where a network looked; they don't say why."
OTHERWISE_MEANT = {"precision"}  # in a setting's name: of numbers, not of answers as in the glossary


def of_pair(
    a: Run,
    b: Run,
    made: date | None = None,
    images: Images | None = None,
    drawings: Mapping[str, Drawing] | None = None,
    maps: Mapping[str, DrawMap] | None = None,
    runs: Collection[Run] = (),
) -> Handout:
    """`images`: the test photos, where they are loaded already; `drawings`: of the networks by side; `maps`: by
    side, where the weights are there; `runs`: among which there may be trainings from other seeds. Raises LabError if
    a run's files cannot be read."""
    pair = {"A": a, "B": b}
    called, labels = names(a, b), cifar10.load_test_labels()
    logits = {side: run.test_logits() for side, run in pair.items()}
    histories = {} if a.imported or b.imported else {side: run.history() for side, run in pair.items()}
    confusions = {side: metrics.confusion(answers, labels) for side, answers in logits.items()}
    verdict = comparison.verdict(logits["A"], logits["B"], labels)
    question = next(iter(questions([a, b])), None)
    photos = _photos(logits, images or cifar10.load_test(), maps or {})
    handout = Handout(
        title=question_words.title(question),
        asked=_asked(a, b, question),
        sides=_sides(pair, verdict, drawings or {}),
        charts=(*([_curves(pair, histories)] if histories else []), *_tables(confusions)),
        photos=photos,
        about_photos=ABOUT_PHOTOS + ABOUT_MAPS * any(photo.maps for photo in photos),
        findings=_findings(a, b, verdict, runs),
        exercises=(
            exercises.right_more_often(verdict, called),
            exercises.mixed_up_most(confusions, called),
            *([_epochs_needed(a, b, histories, runs)] if histories else []),
        ),
        commands=_commands(pair),
        made=made or date.today(),
        versions=_versions(pair),
    )
    return with_glossary(handout)


def with_glossary(handout: Handout) -> Handout:
    """The same with all terms that its sentences use."""
    return replace(handout, glossary=tuple(term for term in terms_in(handout.prose) if term not in OTHERWISE_MEANT))


def _asked(a: Run, b: Run, question: Question | None) -> str:
    label = next(iter(question_words.labels([question] if question else [])), None)
    what = capitalized(label) if label else f"{a.name} against {b.name}"
    fairness = comparison.fairness(a, b)
    return f"{what}. {TASK} {fairness_in_words(fairness)}{'' if fairness.fair else _differences(fairness)}"


def _differences(fairness: comparison.Fairness) -> str:
    rows = differing_in_words(fairness.differing).itertuples(index=False)
    listed = "; ".join(f"{setting}: {one} / {other}" for setting, one, other in rows)
    return f" A / B: {listed}." if listed else ""


def _findings(a: Run, b: Run, verdict: comparison.Verdict, runs: Collection[Run]) -> tuple[str, ...]:
    """What the page that compares them says."""
    if a.path == b.path:
        return (comparison_words.SAME_RUN,)
    seeds = comparison.over_seeds(a, b, runs, _verdict)
    return (*comparison_words.heading(verdict, seeds, names(a, b)), comparison_words.luck_with_photos(verdict))


def _epochs_needed(a: Run, b: Run, histories: Mapping[str, pd.DataFrame], runs: Collection[Run]) -> Exercise:
    line = exercises.finish_line(histories)
    seeds = comparison.by_seed(a, b, runs, lambda *both: _epochs_to(line, *both))
    return exercises.epochs_needed(histories, names(a, b), None if seeds is None else seeds.values())


def _epochs_to(line: float, a: Run, b: Run) -> dict[str, int | None]:
    return epochs_to(line, {"A": a.history(), "B": b.history()})


def _verdict(a: Run, b: Run) -> comparison.Verdict:
    return comparison.verdict(a.test_logits(), b.test_logits(), cifar10.load_test_labels())


def _sides(pair: Mapping[str, Run], verdict: comparison.Verdict, drawings: Mapping[str, Drawing]) -> tuple[Side, ...]:
    called, digits = names(pair["A"], pair["B"]), exercises.digits_of(verdict)
    colors, shares = palette.colors(pair["A"].config, pair["B"].config), {"A": verdict.a, "B": verdict.b}
    return tuple(
        Side(
            side,
            called[side] if called[side] != side else run.name,
            f"{capitalized(describe(run))} ({run.name})",
            f"{exercises.of_hundred(shares[side].value, digits):.{digits}f}",
            "of 100 new photos right",
            colors[side],
            drawings.get(side),
        )
        for side, run in pair.items()
    )


def _curves(pair: Mapping[str, Run], histories: Mapping[str, pd.DataFrame]) -> Chart:
    table = curves({side: (run.name, histories[side]) for side, run in pair.items()})
    line = exercises.finish_line(histories)
    spec = learning_curves(table, "epoch", "epochs", "right answers", True, line).to_dict()
    caption = (
        "Circles are A, squares are B. Solid lines: validation photos, which were set aside. Dashed: training photos. "
        f"The flags show where each was right on {line:.0%} for the first time."
    )
    colors = palette.colors(pair["A"].config, pair["B"].config)
    return Chart(
        "How they learned", {**spec, "layer": list(map(_lowered, spec["layer"])), "height": CURVES}, caption, colors
    )


def _lowered(layer: dict) -> dict:
    """The flags' letters stand on the axis: at their line, curves run through them, and paper has no zoom."""
    if layer["mark"]["type"] != "text":
        return layer
    return {**layer, "encoding": {**layer["encoding"], "y": {"value": CURVES}}}


def _tables(confusions: Mapping[str, pd.DataFrame]) -> tuple[Chart, ...]:
    """Full color is where either of them has most: the same for both."""
    fullest = max(1, *(int(metrics.mistakes(matrix).to_numpy().max()) for matrix in confusions.values()))
    return tuple(
        Chart(
            f"What {side} says",
            {**confusion(matrix, fullest).to_dict(), "height": ROW * len(CLASSES)},
            f"Row: what a photo is. Column: what {side} says.",
            half=True,
        )
        for side, matrix in confusions.items()
    )


def _photos(logits: Mapping[str, np.ndarray], images: Images, maps: Mapping[str, DrawMap]) -> tuple[Photo, ...]:
    found = comparison.disagreements(logits["A"], logits["B"], images.labels)
    left = {kind: list(map(int, indices)) for kind, indices in found.items()}
    chosen = [left[kind].pop(0) for kind in KINDS if left[kind]]
    chosen += [index for indices in left.values() for index in indices][: len(KINDS) - len(chosen)]
    return tuple(
        Photo(
            images.pixels[index],
            CLASSES[images.labels[index]],
            {side: CLASSES[answers[index].argmax()] for side, answers in logits.items()},
            {side: draw(images.pixels[index]) for side, draw in maps.items()},
        )
        for index in chosen
    )


def _commands(pair: Mapping[str, Run]) -> tuple[Command, ...]:
    again = [
        Command(
            f"Bring {side} again" if run.imported else f"Train {side} again",
            reproduction.commands(without_folders(run)),
        )
        for side, run in pair.items()
    ]
    kept = [run.name for run in pair.values() if run.has_weights]
    check = [Command("Check the numbers", f"python -m core evaluate {shell_line(kept)}")] if kept else []
    return (*again, *check, Command("Open the app", "streamlit run streamlit_app.py"))


def _versions(pair: Mapping[str, Run]) -> tuple[str, ...]:
    lab = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    torch = {side: str(run.environment.get("torch", ""))[:LONGEST_VERSION] for side, run in pair.items()}
    return (
        f"ResNet Lab {lab}",
        *(f"{side} was trained with PyTorch {version}" for side, version in torch.items() if version),
    )
