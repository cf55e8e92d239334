"""What is left of right answers when photos get worse, in sentences."""

import pandas as pd

from core.analysis.comparison import OverSeeds
from core.analysis.questions import Question
from core.analysis.robustness import Estimate, Kept, OverPairs
from core.data.corruptions import CORRUPTIONS, STRENGTHS
from core.settings.train_config import TrainConfig
from core.words import capitalized
from core.words.settings import network_name

A_LITTLE = 0.05  # a gap up to which it is called little
ALIKE = {"learning rate": "lr", "epochs": "epochs", "seed": "seed"}  # of both of a pair, but what the pair is about
POINTS = ("points that B keeps more", "from", "to")


def headline(names: dict[str, str], kept: Kept) -> str:
    """Which of these two copes better with spoiled photos, and by how much of what both knew; `names` by side."""
    if not kept.comparable:
        weaker = "A" if kept.clean[0] < kept.clean[1] else "B"
        return (
            f"These two can't be compared: {names[weaker]} knows only {min(kept.clean):.0%} of the clean photos, and "
            "has little to lose."
        )
    if kept.gap.could_be_luck:
        return "Neither of these two copes better with bad photos: of what both know, they keep about the same."
    better, worse = ("B", "A") if kept.gap.value > 0 else ("A", "B")
    share = {"A": kept.a.value, "B": kept.b.value}
    little = "a little " if abs(kept.gap.value) <= A_LITTLE else ""
    return (
        f"Of these two, {names[better]} copes {little}better with bad photos. Of the photos that both get right when "
        f"clean, it keeps {share[better]:.1%}; {names[worse]} keeps {share[worse]:.1%}."
    )


def lost(name: str, clean: float, lost: Estimate) -> str:
    """What a network loses of its own right answers; shares 0 to 1."""
    return (
        f"{capitalized(name)}: right on {clean:.1%} of the clean photos and on {clean - lost.value:.1%} of the spoiled "
        f"ones (all kinds and strengths). It loses {100 * lost.value:.1f} points ({_interval(lost)})."
    )


def of_both(names: dict[str, str], kept: Kept) -> str:
    """How much each keeps of what both know."""
    return (
        f"Both get {kept.photos:,} photos right when clean. Of their spoiled versions {names['A']} still gets "
        f"{kept.a.value:.1%} right, {names['B']} {kept.b.value:.1%}: a difference of {100 * kept.gap.value:+.1f} "
        f"points ({_interval(kept.gap)}). That holds for these two trainings: with another seed or learning rate, it "
        "may be the other way around."
    )


def at_strength(names: dict[str, str], right: dict[str, float], what: str, strength: int) -> str:
    """Right answers of each side, 0 to 1, where the slider stands; `what`: the kinds."""
    each = " and ".join(f"{names[side]} is right on {share:.0%}" for side, share in right.items())
    where = f"At strength {strength} ({what})" if strength else "On clean photos"
    return f"{where}, {each}."


def over_pairs(found: OverPairs, what: str, names: dict[str, str]) -> str:
    """Of several pairs that differ in the setting called `what` alone: what B keeps more in each; `names` by side."""
    luck = found.luck
    words = (
        f"In {found.pairs} pairs here that differ in {what} alone, the gain of {names['B']} over {names['A']} is "
        f"{100 * found.least:+.1f} to {100 * found.most:+.1f} points; "
    )
    words += f"in {luck} of them it could be luck with the photos." if luck else "in none could it be luck with photos."
    if luck or found.least < 0 < found.most:
        words += " So one pair proves little: how many layers they have, and how they were trained, matters too."
    if found.left_out:
        each = "One pair is" if found.left_out == 1 else f"{found.left_out} pairs are"
        words += f" {each} left out, as a network there knows fewer than half of the clean photos."
    return words


def over_seeds(found: list[tuple[Question, OverSeeds]]) -> str:
    """What pairs say that differ in their seed alone, e.g. "3 of these pairs, of 20 layers, ..."; "" for none."""
    return " ".join(_of_seeds(first.a.config, of_seeds) for first, of_seeds in found)


def _of_seeds(config: TrainConfig, found: OverSeeds) -> str:
    points, (low, high) = found.points.values(), found.interval
    who = f"of {config.depth} layers" if config.is_twin else network_name(config)
    luck = ", so it could be luck" if found.could_be_luck else ""
    return (
        f"{len(points)} of these pairs, {who}, differ from each other in their seed alone: there the gain is "
        f"{min(points):+.1f} to {max(points):+.1f} points, {found.mean:+.1f} on average. Luck with the seeds leaves "
        f"that average between {low:+.1f} and {high:+.1f} (95% interval){luck}."
    )


def pairs_table(pairs: list[tuple[Question, Kept]]) -> pd.DataFrame:
    """A row a pair: how both were trained, what B keeps more, and the names of its runs. The points: columns POINTS."""
    rows = [
        {"layers": pair.a.config.depth if pair.a.config.is_twin else None}
        | {name: getattr(pair.a.config, field) for name, field in ALIKE.items() if field != pair.setting}
        | {"photos that both know": kept.photos}
        | dict(zip(POINTS, (100 * value for value in kept.gap), strict=True))
        | {"A": pair.a.name, "B": pair.b.name}
        for pair, kept in sorted(pairs, key=_depth)
    ]
    return pd.DataFrame(rows).dropna(axis="columns", how="all")


def _depth(of_pair: tuple[Question, Kept]) -> int:
    config = of_pair[0].a.config
    return config.depth if config.is_twin else 0


def each_pair(pairs: list[tuple[Question, Kept]]) -> str:
    """What B keeps more in each pair, by the names of its runs, e.g. "plain20 and resnet20: +1.2 points; ..."."""
    return "; ".join(f"{pair.a.name} and {pair.b.name}: {100 * kept.gap.value:+.1f} points" for pair, kept in pairs)


def table(found: dict) -> list[str]:
    """Lines with the share of right answers a kind and strength; `found`: as `evaluate --json` prints it."""
    width = max(len(corruption.label) for corruption in CORRUPTIONS.values())
    strengths = " ".join(f"{strength:6d}" for strength in STRENGTHS)
    lines = [f"{found['photos']:,} test photos, clean: {found['clean']:.1%} right", f"{'spoiled':{width}} {strengths}"]
    for kind, right in found["right"].items():
        lines.append(f"{CORRUPTIONS[kind].label:{width}} {' '.join(f'{share:6.1%}' for share in right)}")
    return lines


def _interval(found: Estimate) -> str:
    """With a second digit where one would hide on which side of zero it ends."""
    ends = 100 * found.low, 100 * found.high
    digits = 2 if min(map(abs, ends)) < 0.05 else 1
    return f"95% interval {ends[0]:.{digits}f} to {ends[1]:.{digits}f}"
