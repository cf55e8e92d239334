"""The facts that a lesson asks for, each computed from runs: the right answer, and a sentence that says it.

A lesson names a fact and gives its parameters; it never says what is right. So it stays true when the runs change.
"""

from collections.abc import Callable
from dataclasses import dataclass

from core.analysis import comparison, metrics, surgery, training_summary
from core.analysis.depths import depth
from core.data.cifar10 import CLASSES, load_test_labels
from core.runs.library import list_runs
from core.runs.run import Run
from core.words import capitalized, in_a_sentence, with_article
from core.words import comparison as comparison_words
from core.words import depth as depth_words
from core.words import mistakes as mistake_words
from core.words.settings import names, network_name
from core.words.trainings.curves import finish

A_CLEAR_DIFFERENCE = 5.0  # points on 1,000 photos: more than luck does
LEVEL = "same"
ON_WHICH = f"here of the first {surgery.IMAGES:,} test photos"  # all else is told of all of them


@dataclass(frozen=True)
class Fact:
    """`right`: the key of one of the answers that a lesson offers, or a number."""

    right: str | float
    finding: str


def better(a: Run, b: Run) -> Fact:
    """Which of two is right more often on test photos: "a", "b" or "same"."""
    verdict = comparison.verdict(a.test_logits(), b.test_logits(), load_test_labels())
    right = LEVEL if verdict.could_be_luck else ("b" if verdict.points > 0 else "a")
    return Fact(right, comparison_words.headline(verdict, names(a, b)))


def deeper(few: Run, many: Run) -> Fact:
    """What more layers do to right answers, by all trainings of the recipe: "better", "worse" or, within a point,
    "same"."""
    beside = {few.path.parent, many.path.parent}  # so that one's own runs change no lesson that ships
    found = depth.more_layers(few, many, [run for run in list_runs()[0] if run.path.parent in beside])
    right = LEVEL if found.little else ("better" if found.change.points > 0 else "worse")
    return Fact(right, depth_words.more_layers(found, _kind(few), few.config.depth, many.config.depth))


def right_share(run: Run) -> Fact:
    """Of 100 test photos, how many a network gets right."""
    share = 100 * metrics.accuracy(run.test_logits(), load_test_labels()).value
    return Fact(share, f"{capitalized(_named(run))} is right on {share:.0f} of 100 photos.")


def points(a: Run, b: Run) -> Fact:
    """How many more of 100 test photos B names right than A."""
    verdict = comparison.verdict(a.test_logits(), b.test_logits(), load_test_labels())
    return Fact(verdict.points, comparison_words.how_many_more(verdict, names(a, b)))


def first_at_80(a: Run, b: Run) -> Fact:
    """Which of two is the first, in epochs, to be right on 80% of the photos kept apart: "a", "b", "same", "none"."""
    called = names(a, b)
    target = training_summary.TARGETS[0]
    epochs = training_summary.epochs_to(target, {"A": a.history(), "B": b.history()})
    known = {side: epoch for side, epoch in epochs.items() if epoch is not None}
    fewest = [side for side, epoch in known.items() if epoch == min(known.values())]
    right = "none" if not fewest else (LEVEL if len(fewest) == 2 else fewest[0].lower())
    return Fact(right, f"The finish line is at {target:.0%}. {finish(called, epochs)} This is one training of each.")


def survivor(a: Run, b: Run, block: int) -> Fact:
    """Which of two still works without one of its blocks: "a", "b" or "same"."""
    left = {side: _without_block(run, block) for side, run in (("A", a), ("B", b))}
    called = names(a, b)
    difference = left["B"] - left["A"]
    right = LEVEL if abs(difference) < A_CLEAR_DIFFERENCE else ("b" if difference > 0 else "a")
    return Fact(
        right,
        f"Without block {block}, {called['A']} is right on {left['A']:.0f} of 100 photos, {called['B']} on "
        f"{left['B']:.0f} ({ON_WHICH}). Guessing gives {100 * metrics.GUESSING:.0f}.",
    )


def without_block(run: Run, block: int) -> Fact:
    """On how many of 100 photos a network is right without one of its blocks."""
    left = _without_block(run, block)
    return Fact(
        left,
        f"Without block {block}, {_named(run)} is right on {left:.0f} of 100 photos, instead of "
        f"{_without_block(run):.0f} with all its blocks ({ON_WHICH}).",
    )


def answer(run: Run, photo: int) -> Fact:
    """What a network says of a test photo: the name of a class."""
    said = CLASSES[int(run.test_logits()[photo].argmax())]
    truth = CLASSES[load_test_labels()[photo]]
    end = "and is right" if said == truth else f"but it is {with_article(truth)}"
    return Fact(said, f"{capitalized(_named(run))} says {said}, {end}.")


def mix_up(run: Run) -> Fact:
    """Its most common mistake: "cat dog" for cats that it mistakes for dogs."""
    true, said, count = metrics.most_common_mistake(metrics.confusion(run.test_logits(), load_test_labels()))
    return Fact(f"{true} {said}", mistake_words.of_one(_named(run), true, said, count))


FACTS: dict[str, Callable[..., Fact]] = {
    function.__name__: function
    for function in (
        better,
        deeper,
        right_share,
        points,
        first_at_80,
        survivor,
        without_block,
        answer,
        mix_up,
    )
}


def _without_block(run: Run, *blocks: int) -> float:
    """Percent, from the run's study."""
    return 100 * surgery.accuracy_without(run, *blocks)


def _kind(run: Run) -> str:
    return in_a_sentence(network_name(run.config))


def _named(run: Run) -> str:
    """E.g. "the plain network with 56 layers" or "the pretrained ResNet-50"."""
    config = run.config
    if config.is_twin:
        return f"the {_kind(run)} with {config.depth} layers"
    few = f" that learned from {run.training_images:,} photos" if config.train_fraction < 1 else ""
    beginning = "pretrained " if config.pretrained else ""
    end = "" if config.pretrained else " from scratch"
    return f"the {beginning}{_kind(run)}{end}{few}"
