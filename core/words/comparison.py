"""Two networks side by side: the verdict on them, and their answers to one picture, in sentences."""

from collections.abc import Mapping, Sequence

from core.analysis.comparison import OverSeeds, Verdict
from core.heatmaps.gradcam import Focus
from core.words import capitalized, counted, of_photos, with_article

ORDER = {
    True: "Both saw the same photos in the same order: it was recorded.",
    False: "They saw the photos in another order or number: it was recorded.",
    None: "The seed sets the order of the photos. For this pair the order was not recorded, so we can't prove that it "
    "was the same.",
}
WHOLE_POINTS = 5  # differences above this are told of 100 photos, others of 1,000
PLACES = (
    ("at the upper left", "at the top", "at the upper right"),
    ("at the left", "in the middle", "at the right"),
    ("at the lower left", "at the bottom", "at the lower right"),
)
OTHER_SEEDS = "From different random starting numbers (seeds), each would score differently."
MANY_PAIRS = "If you try many pairs, about 1 in 20 pairs of equally good networks will look different by luck."


def headline(verdict: Verdict, names: dict[str, str]) -> str:
    """E.g. "The ResNet wins: right on 92 of 100 photos, the plain network on 83.". `names`: by side."""
    if verdict.could_be_luck:
        return f"Too close to call: {abs(verdict.points):.2f} points could be luck."
    winner, loser = ("B", "A") if verdict.points > 0 else ("A", "B")
    photos, right = _counts(verdict)
    return (
        f"{capitalized(names[winner])} wins: right on {right[winner]:,} of {photos:,} photos, {names[loser]} on "
        f"{right[loser]:,}."
    )


def _counts(verdict: Verdict) -> tuple[int, dict[str, int]]:
    """Of how many photos it is told, and on how many of these each is right, by side."""
    photos = 100 if abs(verdict.points) >= WHOLE_POINTS else 1_000
    shares = {"A": verdict.a.value, "B": verdict.b.value}
    return photos, {side: of_photos(share, photos) for side, share in shares.items()}


def how_many_more(verdict: Verdict, names: dict[str, str]) -> str:
    """Of 100 photos, how many more B names right than A, e.g. "9 more: the ResNet is right on 92 of 100 photos, the
    plain network on 83."; where that could be luck, as the headline says it."""
    if verdict.could_be_luck:
        return headline(verdict, names)
    photos, right = _counts(verdict)
    more = right["B"] - right["A"]
    word = "more" if more > 0 else "fewer"
    number = f"{abs(more)} {word}" if photos == 100 else f"{100 * abs(more) / photos:.1f} {word} of 100"
    return f"{number}: {names['B']} is right on {right['B']:,} of {photos:,} photos, {names['A']} on {right['A']:,}."


def heading(verdict: Verdict, seeds: OverSeeds | None, names: dict[str, str]) -> tuple[str, str]:
    """The verdict, and what to know of it: of the recipes, where several pairs of trainings differ in their seed alone
    (`seeds`; None where A and B do); else of this pair."""
    of_pair = headline(verdict, names)
    if seeds is None:
        return of_pair, ONE_RECIPE
    if len(seeds.points) < 2:
        return of_pair, ONE_OF_EACH
    return over_seeds(seeds, names), f"**These two alone:** {of_pair}"


SAME_RUN = "A and B are the same network. Choose another one to compare it with."
ONE_RECIPE = (
    "These are two trainings by one recipe: they began with different random numbers (seeds), and so differ by luck "
    "alone."
)


WITHOUT_BATCH_NORM = (
    "Without BatchNorm, who gets further depends on the recipe: by another one (AdamW), a plain network of 56 layers "
    "was ahead of its ResNet, 48% to 40% (checkpoints/README.md)."
)


ONE_OF_EACH = (
    "This is one training of each. Trained again from other random numbers (seeds), they would score differently; "
    "by how much is not known for these two."
)


def over_seeds(found: OverSeeds, names: dict[str, str]) -> str:
    """What several trainings of both say, e.g. "In each of 3 trainings the ResNet was better; ..."."""
    trainings = len(found.points)
    sign, winner = (1, "B") if found.mean > 0 else (-1, "A")
    points = sorted(sign * value for value in found.points.values())
    low, high = sorted(sign * value for value in found.interval)
    how_often = f"each of {trainings}" if found.as_the_mean == trainings else f"{found.as_the_mean} of {trainings}"
    luck = " Luck with the random numbers (seeds) could explain it." if found.could_be_luck else ""
    other = names["A" if winner == "B" else "B"]
    least = f"from {-points[0]:.1f} in favor of {other}" if points[0] < 0 else f"{points[0]:.1f}"
    return (
        f"In {how_often} trainings {names[winner]} was better; the difference was {least} to {points[-1]:.1f} points "
        f"(mean {sign * found.mean:.1f}, 95% interval {low:.1f} to {high:.1f}).{luck}"
    )


def best_of(best: str, second: str, could_be_luck: bool) -> str:
    """Which of several runs is the best, by the names of the best two."""
    if could_be_luck:
        return f"Whether `{best}` or `{second}` is better is too close to call."
    return f"The best of them is `{best}`; luck with the photos does not explain that; other seeds might."


def explanation(verdict: Verdict) -> str:
    """On what the headline rests, in a few sentences."""
    return f"{luck_with_photos(verdict)} {OTHER_SEEDS}"


def luck_with_photos(verdict: Verdict) -> str:
    """The same, where what seeds do is said elsewhere."""
    guessing = [
        f"{side} does no better than guessing, one right answer in ten: it has learned nothing."
        for side in verdict.guessing
    ]
    return " ".join([_split(verdict), *guessing])


def _split(verdict: Verdict) -> str:
    alone = (
        f"Of {verdict.a.n:,} test photos, A alone is right on {verdict.only_a:,}, B alone on {verdict.only_b:,}: a "
        f"difference of {abs(verdict.points):.2f} points, give or take {verdict.margin:.2f} for luck with the photos "
        "(95%)."
    )
    if verdict.could_be_luck:
        return f"{alone} Luck with the photos could explain so small a difference (p = {verdict.p_value:.2f})."
    times = round(1000 * verdict.p_value)
    chance = f"{counted(times, 'time')} in 1,000" if times else "less than 1 time in 1,000"
    return (
        f"{alone} If both were equally good, luck with the photos would make a difference this big or bigger {chance}."
    )


def answers(names: dict[str, str], labels: dict[str, str], truth: str | None, unknown: bool = False) -> str:
    """Two answers to one picture in a sentence; `names` and `labels` by side. `truth`: what it shows, where that is
    one of the ten classes; `unknown`: it is known to be none of them."""
    said = {side: f"{names[side]} says **{label}**" for side, label in labels.items()}
    both = f"Both say **{labels['A']}**" if labels["A"] == labels["B"] else None
    if unknown:
        each = f"Both answer **{labels['A']}**." if both else f"{capitalized(' and '.join(said.values()))}."
        return f"Neither can say “I don’t know”: each must choose one of its ten things. {each}"
    if truth is None:
        return f"{both}." if both else f"They disagree: {' and '.join(said.values())}."
    right = [side for side, label in labels.items() if label == truth]
    it_is = f"It is {with_article(truth)}"
    if len(right) == 2:
        return f"{it_is}: both are right."
    if not right:
        wrong = f"both say **{labels['A']}**" if both else " and ".join(said.values())
        return f"{it_is}, and neither is right: {wrong}."
    (winner,) = right
    loser = "B" if winner == "A" else "A"
    return f"{it_is}: {names[winner]} is right. {capitalized(names[loser])} says **{labels[loser]}**."


def looked(focus: Focus | None) -> str:
    """Where a heatmap is bright, e.g. "brightest at the upper left; half of its light is on 12% of the picture"."""
    if focus is None:
        return "it marks nothing"
    place = PLACES[int(3 * focus.down)][int(3 * focus.along)]
    return f"brightest {place}; half of its light is on {focus.share:.0%} of the picture"


def why_both_are_wrong(pixels: int, unfamiliar: bool) -> str:
    """Of a photo on which both fail. `unfamiliar`: it looks unlike those that they learned from."""
    words = (
        f"Why? They see only {pixels} × {pixels} pixels: much of the detail is gone. And they were trained to name "
        "only ten things."
    )
    return words + (" This one looks unlike most of those." if unfamiliar else "")


def strange(names: Sequence[str]) -> str:
    """To which of the two, by what they are called, a picture looks strange; "" for none."""
    if not names:
        return ""
    return f"It looks strange to {'both networks' if len(names) > 1 else names[0]}."


def stranger(side: str, rank: float) -> str:
    """What share of the test photos, 0 to 1, look stranger to a network than one that looks strange."""
    fewest = f"only {100 * rank:.0f}" if rank >= 0.005 else "fewer than 1"
    return f"To {side}, {fewest} in 100 test photos look stranger than this picture."


def of_this_kind(photos: int) -> str:
    """How many of the test photos the networks answer so."""
    return f"Of the 10,000 test photos, **{photos:,}** {'is' if photos == 1 else 'are'} of this kind."


def trained_elsewhere(names: Mapping[str, str]) -> str:
    """Of those of a pair that the lab has not trained, by side: e.g. "A, mine, was trained elsewhere, so how it learned
    is not known here."."""
    were, it = ("were", "they") if len(names) > 1 else ("was", "it")
    who = " and ".join(f"{side}, {name}," for side, name in names.items())
    return f"{who} {were} trained elsewhere, so how {it} learned is not known here."


def without_weights(names: Sequence[str]) -> str:
    """Of those of a pair that came without them; the commands follow."""
    return (
        f"The weights of {' and '.join(names)} do not come with the lab. These commands make them, in runs of your own:"
    )
