"""What the runs of one recipe say of depth, in sentences, and what to call a recipe."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from core.analysis.depths.depth import NETWORKS, Changes, Finding, Guessing, MoreLayers, Recipe
from core.analysis.depths.errors_by_depth import Change
from core.analysis.depths.gentle_start import GentleStart
from core.words import capitalized, of_photos, passes
from core.words.settings import in_words, setting_name

# From docs/trials.md: means over steps 151 to 200, one training each.
FIRST_STEPS = (
    "**Is the start fair to the deepest plain network?** In its first 200 steps by this recipe, a layer of the plain "
    "network of 56 layers has its weights blown up to 17 times their size. Where each layer's gradient is clipped, "
    "none grows by more than 5%. The network is then right on about as many training photos (20.6% instead of 20.2%) "
    "and on more new ones (19.2% instead of 12.9%, of 1,000; the trials are in docs/trials.md)."
)
NEVER_ENDED = (
    "How much of the gap at 56 layers is owed to these steps is not known: no training with such a start was carried "
    "to its end here."
)
HE_ET_AL = (
    "Hollow: He et al. 2015; the ResNets' values are from Table 6 (110: mean of five runs), the plain "
    "networks' were read off Figure 6 and are good to about a point; their plain network of 110 layers, not drawn, "
    "was right on less than 40%. Theirs learned for longer, by another recipe: compare the shapes, not the points. "
)
ANY_RECIPE = "may suit some depths, or one of the two kinds of network, better than others"
BY_MUON = (
    "After 12 epochs with another optimizer, Muon, the ResNet's lead at 20 layers was only 0.9 points on validation "
    "photos; with the usual one, SGD, it was 2.7. That is one training each (docs/trials.md); those with Muon are not "
    "among these runs."
)
AHEAD = "ResNet ahead (points)"
NETWORK_WORDS = {"plain": "plain network", "ResNet": "ResNet"}


def by_name(recipes: list[Recipe]) -> dict[str, Recipe]:
    """In their order. A name is, e.g., "training photos: all 50,000, epochs: 40, normalization: BatchNorm"."""
    named: dict[str, Recipe] = {}
    for recipe in recipes:
        name = ", ".join(f"{setting_name(f)}: {in_words(f, value)}" for f, value in recipe.settings.items())
        # Those that began with different files of one name read alike.
        alike = sum(other == name or other.startswith(f"{name} (") for other in named)
        named[f"{name} ({alike + 1})" if alike else name] = recipe
    return named


def means(spread: pd.DataFrame) -> str:
    """Of `depth.spread`, e.g. "plain network, 20 layers 91.5, 56 layers 84.2; ResNet, 20 layers 92.0"."""
    each = (
        ", ".join([NETWORK_WORDS[name], *(f"{row.depth} layers {row.mean:.1f}" for row in rows.itertuples())])
        for name in NETWORKS
        if len(rows := spread[spread["network"] == name])
    )
    return "; ".join(each)


def of_pair(layers: int, right: dict[str, float]) -> str:
    """Percent of right answers of two networks of one depth, or of one, by network."""
    each = "; ".join(f"the {NETWORK_WORDS[name]} is right on **{percent:.1f}%**" for name, percent in right.items())
    return f"**{layers} layers**: {each}."


def more_layers(found: MoreLayers, network: str, few: int, many: int) -> str:
    """E.g. "With 20 layers the ResNet is right on 915 of 1,000 photos (mean of 3 trainings), with 56 layers on 923 (one
    training): a little better (0.8 points)."."""
    shares = [right / 100 for right in found.right]
    photos = 1_000 if len({of_photos(share, 100) for share in shares}) == 1 or found.little else 100
    before, after = (of_photos(share, photos) for share in shares)
    of_few, of_many = map(_trainings, found.trainings) if max(found.trainings) > 1 else ("", "")
    end = f": {_a_little(found.change)}" if found.little else ""
    once = " This is one training of each." if max(found.trainings) == 1 else ""
    return (
        f"With {few} layers the {network} is right on {before:,} of {photos:,} photos{of_few}, with {many} layers on "
        f"{after:,}{of_many}{end}.{once}"
    )


def _trainings(number: int) -> str:
    return f" (mean of {number} trainings)" if number > 1 else " (one training)"


def _a_little(change: Change) -> str:
    if change.could_be_luck:
        return "luck could explain so small a difference"
    return f"a little {'better' if change.points > 0 else 'worse'} ({abs(change.points):.1f} points)"


def how_to_read(*, shows_guessing: bool, beside_he_et_al: bool, augmented: bool, tuned: bool) -> str:
    """The charts of right answers by depth: what is drawn (the line of guessing and published results, too?), and what
    they rest on. `augmented`: training photos were mirrored and shifted; `tuned`: as `depth.was_tuned` says."""
    return (
        "Each point is a run; side by side are runs that began with different random numbers (seeds). Lines join the "
        "mean at each depth; bars show the range. "
        + ("The dashed line at 10% is guessing. " if shows_guessing else "")
        + (HE_ET_AL if beside_he_et_al else "")
        + "Right answers on training photos are from the epoch whose weights were kept, as recorded in training: "
        + ("on photos mirrored and shifted at random, " if augmented else "")
        + "while the network was still changing. If luck is not mentioned, luck alone would make such a change about 1 "
        "time in 20 (in simulations 1 to 7 times in 100). That counts luck with the photos and, where a network was "
        "trained with several seeds at some depth, luck with the seeds. Their spread is then assumed to be the same at "
        "all depths; if deep networks spread more, this is too sure. All networks share one recipe. It "
        + ("was tuned on the ResNet of 20 layers, so it may suit ResNets, or that depth, best" if tuned else ANY_RECIPE)
        + "; with another, the gaps may be larger or smaller."
    )


def headline(found: Finding) -> str:
    """The finding on new photos in one sentence, e.g. "From 20 to 56 layers, the plain network gets 7.0 points worse on
    new photos; the ResNet gets 0.7 points better."."""
    if not found.changes:
        return next(_sentences(found))
    plain, residual = (_change(found.changes[name].test) for name in NETWORKS)
    return f"{_between(found)}, the plain network {plain} on new photos; the ResNet {residual}."


def below_headline(found: Finding, augmented: bool) -> str:
    """What belongs to it: right answers on training photos (`augmented`: they were shifted and mirrored), beyond how
    many layers the ResNet gains no more, and what was trained only once."""
    return " ".join(filter(None, [_training_photos(found, augmented), *_stops(found), trained_once(found)]))


def _training_photos(found: Finding, augmented: bool) -> str:
    if not found.changes:
        return ""
    test, training = found.changes["plain"].test, found.changes["plain"].training
    alike = not (test.could_be_luck or training.could_be_luck) and test.points * training.points > 0
    changed = ", on copies shifted and mirrored at random" if augmented else ""
    return (
        f"The plain network {_change(training)} on its training photos{', too' if alike else ''}. Right answers on "
        f"these were counted while it was still learning{changed}."
    )


def _stops(found: Finding, either: str = "") -> Iterator[str]:
    if found.enough and found.enough < found.depths[-1]:
        yield f"{_of_what(found, 'beyond')} {found.enough} layers, the ResNet does not clearly get better{either}."


def trained_once(found: Finding) -> str:
    """E.g. "At 8 and 56 layers, each network was trained only once."; or ""."""
    depths: dict[tuple[str, ...], list[int]] = {}
    for layers, networks in found.trained_once.items():
        depths.setdefault(tuple(networks), []).append(layers)
    each = (
        f"at {_listed(layers)} layers, {'each network' if who == NETWORKS else f'the {NETWORK_WORDS[who[0]]}'} was "
        "trained only once"
        for who, layers in depths.items()
    )
    return f"{capitalized('; '.join(each))}." if depths else ""


def finding(found: Finding) -> str:
    """The whole finding, as one paragraph."""
    return " ".join(_sentences(found))


def deeper(found: Finding, recipe: Recipe) -> str:
    """What was `found` of `recipe`, at more layers than those of the one that is shown."""
    deepest = found.depths[-1]
    guessing = _guessing([one for one in found.guessing if one.depth == deepest])
    once = trained_once(
        replace(found, trained_once={at: who for at, who in found.trained_once.items() if at == deepest})
    )
    otherwise = (
        f"They had {passes(recipe.runs[0].config.epochs)}, by another recipe (its settings are under “For the "
        "curious”). So don't compare them with the points above: this shows how fast they learn, not how far they "
        "would get."
    )
    return " ".join([f"**Deeper still?** {_at_the_deepest(found)}", *guessing, otherwise, once]).strip()


def first_steps(found: GentleStart) -> str:
    """What is known of the start of the deepest plain network."""
    if not found.complete:
        return f"{FIRST_STEPS} {NEVER_ENDED}"
    return f"{FIRST_STEPS} {_carried_to_its_end(found)}{_unlike(found.precisions)}"


def _unlike(precisions: list[str]) -> str:
    """Where those of that depth were not all trained in the same numbers."""
    if len(precisions) < 2:
        return ""
    return (
        f" Some of these trainings calculated in {' and some in '.join(precisions)}, so part of this may be rounding."
    )


def _carried_to_its_end(found: GentleStart) -> str:
    usual, clipped = found.usual, found.clipped
    residual = f"{clipped['ResNet']:.1f}%" if "ResNet" in clipped else f"{usual['ResNet']:.1f}% (without clipping)"
    return (
        f"Trained to its end with clipped gradients, the plain network is right on {clipped['plain']:.1f}% of test "
        f"photos instead of {usual['plain']:.1f}%, the ResNet on {residual}. Of the gap of {found.gap:.1f} points, "
        f"{found.remaining:.1f} remain: clipping accounts for {found.gap - found.remaining:.1f}, as far as single "
        "trainings tell. After the first epoch it hardly acted (checkpoints/README.md)."
    )


def by_recipe(found: pd.DataFrame) -> str:
    """Of `depth.by_recipe`: "The ResNet's lead is 1.8 to 3.2 points at 20 layers (2 recipes), ...". Empty where no
    depth has pairs of several recipes."""
    leads = found.dropna(subset="points").groupby("depth")["points"]
    each = [
        f"{points.min():.1f} to {points.max():.1f} points at {layers} layers ({len(points)} recipes)"
        for layers, points in leads
        if len(points) > 1
    ]
    return f"The ResNet's lead is {', '.join(each)}." if each else ""


def other_recipes(found: pd.DataFrame, recipes: list[Recipe]) -> str:
    """What stands below `recipe_table`; `found` of `depth.by_recipe`."""
    return (
        f"{by_recipe(found)} Right answers are on test photos, means over seeds; where one is missing, that network "
        f"has not been trained so. {what_differs(recipes)} {_by_muon(found, recipes)}"
    ).strip()


def _by_muon(found: pd.DataFrame, recipes: list[Recipe]) -> str:
    """Where the trials can stand beside these recipes: at 20 layers, with BatchNorm, of all photos."""
    alike = all((each.settings.get("data"), each.settings.get("norm")) == ("full", "batch") for each in recipes)
    return BY_MUON if alike and 20 in set(found["depth"]) else ""


def what_differs(recipes: list[Recipe]) -> str:
    """Of the two networks of a row of `recipe_table`."""
    if any(recipe.mixes_precisions for recipe in recipes):
        return (
            "The two networks of a row have the same settings but for shortcuts; in some rows, they calculated in "
            "different numbers (float32, bfloat16)."
        )
    return "The two networks of a row differ in shortcuts alone."


def recipe_table(found: pd.DataFrame, recipes: list[Recipe]) -> pd.DataFrame:
    """`depth.by_recipe` for a reader: the settings in which these recipes differ, in words, and the figures."""
    settings = [recipes[number].settings for number in found["recipe"]]
    telling = [name for name in settings[0] if len({str(each[name]) for each in settings}) > 1]
    words = {setting_name(name): [in_words(name, each[name]) for each in settings] for name in telling}
    figures = found.rename(columns=NETWORK_WORDS | {"points": AHEAD}).drop(columns=["depth", "recipe"])
    return pd.concat([found["depth"].rename("layers"), pd.DataFrame(words), figures], axis="columns")


def _sentences(found: Finding) -> Iterator[str]:
    if not found.depths:
        yield "There is no depth yet at which both a plain network and a ResNet of this recipe were trained."
        return
    stalls = found.stalls and not _clearly_worse(found)
    if stalls:
        yield f"{_of_what(found, 'beyond')} {found.first} layers the plain network does not clearly get better."
    if found.changes:
        plain, residual = (_both_changes(found.changes[name]) for name in NETWORKS)
        yield f"{_between(found)} the plain network {plain}; the ResNet {residual}."
    else:
        yield _at_the_deepest(found)
    yield from _stops(found, ", either" if stalls else "")
    yield from _guessing(found.guessing)
    if found.changes and not found.seeds_known:
        yield "One training at each depth can't tell depth from luck with the seed; training again, from others, would."
    elif once := trained_once(found):
        yield f"{once} Training again, from other random numbers (seeds), would show how much of this is luck."
    for name, depths in found.alone.items():
        if depths:
            yield f"At {_listed(depths)} layers, only the {NETWORK_WORDS[name]} has been trained."


def _at_the_deepest(found: Finding) -> str:
    plain, residual = (f"{100 - found.errors[name]:.1f}%" for name in NETWORKS)
    return f"At {found.depths[-1]} layers the plain network is right on {plain} of photos, the ResNet on {residual}."


def _clearly_worse(found: Finding) -> bool:
    """Whether the plain network is, at the greatest depth."""
    return bool(found.changes) and not (test := found.changes["plain"].test).could_be_luck and test.points < 0


def _between(found: Finding) -> str:
    """From which depth to which."""
    return f"{_of_what(found, 'from')} {found.first} to {found.depths[-1]} layers"


def _of_what(found: Finding, word: str) -> str:
    """How a sentence of depth in general begins with this word, or one of these trainings alone."""
    return capitalized(word) if found.seeds_known else f"In these trainings, {word}"


def _both_changes(changes: Changes) -> str:
    return f"{_change(changes.test)} on new photos, and {_change(changes.training)} on its training photos"


def _change(change: Change) -> str:
    """E.g. "gets 4.1 points worse"; what could be luck is said to be seen, not to be nothing."""
    seen = f"{abs(change.points):.1f} points {'better' if change.points > 0 else 'worse'}"
    return f"changes too little to rule out luck ({seen})" if change.could_be_luck else f"gets {seen}"


def _guessing(found: list[Guessing]) -> Iterator[str]:
    for name in NETWORKS:
        of_network = [one for one in found if one.network == name]
        if always := [one.depth for one in of_network if one.always]:
            who = f"the {NETWORK_WORDS[name]}"
            yield f"At {_listed(always)} layers {who} does no better than guessing: it has learned nothing."
        for one in of_network:
            if not one.always:
                yield (
                    f"At {one.depth} layers {one.guessing} of {one.runs} runs of the {NETWORK_WORDS[name]} ended no "
                    "better than guessing."
                )


def _listed(depths: list[int]) -> str:
    *others, last = map(str, depths)
    return f"{', '.join(others)} and {last}" if others else last


def mixed_precisions(depths: dict[str, list[int]]) -> str:
    """Of `depth.precisions`, e.g. "Training calculated in bfloat16 at 56 layers; float32 at 20 layers. ..."; "" where
    all calculated in the same numbers."""
    if len(depths) < 2:
        return ""
    each = "; ".join(f"{name} at {', '.join(map(str, at))} layers" for name, at in depths.items())
    return (
        f"Training calculated in {each}. These round differently, so part of what changes between these "
        "networks may come from that."
    )
