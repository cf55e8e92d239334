"""Two networks side by side: the verdict on them, and their answers to one picture, in sentences."""

from core.analysis.comparison import Verdict

OTHER_SEEDS = "From different random starting numbers (seeds), each would score a little differently."


def headline(verdict: Verdict) -> str:
    """E.g. "B wins by 1.8 points."."""
    if verdict.could_be_luck:
        return "Too close to call."
    return f"{'B' if verdict.points > 0 else 'A'} wins by {abs(verdict.points):.1f} points."


def explanation(verdict: Verdict) -> str:
    """On what the headline rests, in a few sentences."""
    guessing = [
        f"{side} does no better than guessing, one right answer in ten: it has learned nothing."
        for side in verdict.guessing
    ]
    return " ".join([_split(verdict), *guessing, OTHER_SEEDS])


def _split(verdict: Verdict) -> str:
    alone = f"Of {verdict.a.n:,} test photos, A alone is right on {verdict.only_a:,}, B alone on {verdict.only_b:,}."
    if verdict.could_be_luck:
        return f"{alone} Luck with the photos could explain so small a difference (p = {verdict.p_value:.2f})."
    times = round(1000 * verdict.p_value)
    chance = f"{times} time{'s' if times > 1 else ''} in 1,000" if times else "less than 1 time in 1,000"
    return f"{alone} If both were equally good, luck with the photos would make a difference this big {chance}."


def answers(
    names: dict[str, str], labels: dict[str, str], confidences: dict[str, float], truth: str | None = None
) -> str:
    """Two answers to one picture in a sentence or two; `names`, `labels` and `confidences` (0 to 1) by side."""
    percent = {side: f"{value:.0%}" for side, value in confidences.items()}
    if labels["A"] != labels["B"]:
        each = ", ".join(f"{names[side]} says **{labels[side]}** ({percent[side]} sure)" for side in labels)
        right = [side for side in labels if labels[side] == truth]
        end = (
            ""
            if truth is None
            else f" The truth is {truth}: {names[right[0]] + ' is right' if right else 'both are wrong'}."
        )
        return f"They disagree: {each}.{end}"
    both = f"Both say **{labels['A']}**"
    both += "." if truth in (None, labels["A"]) else f", but the truth is {truth}."
    if percent["A"] == percent["B"]:
        return f"{both} They are equally sure: {percent['A']}."
    surer, other = sorted(confidences, key=lambda side: confidences[side], reverse=True)
    name = names[surer][0].upper() + names[surer][1:]
    return f"{both} {name} is surer: {percent[surer]} against {percent[other]}."
