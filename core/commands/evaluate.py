"""Score runs on the 10,000 test images, from their weights."""

import argparse
import json
import sys

from core.analysis import calibration, metrics, robustness
from core.analysis.robustness import Answers
from core.commands import Parser, run_command
from core.data import cifar10
from core.data.corruptions import CORRUPTIONS
from core.files import require_writable
from core.runs import validation
from core.runs.library import find_run
from core.runs.run import Run
from core.studies.calibration import fit_temperature, require_fittable
from core.words import robustness as robustness_words


def parser() -> Parser:
    p = Parser(prog="python -m core evaluate", description=__doc__)
    p.add_argument("runs", nargs="+", metavar="RUN", help="a run's name, or the path of its folder")
    p.add_argument(
        "--temperature",
        action="store_true",
        help="also fit the number that corrects how sure a run is, on its validation photos, and keep it with the run",
    )
    p.add_argument(
        "--corruptions",
        action="store_true",
        help=f"also ask about the first {robustness.PHOTOS:,} test photos spoiled in {len(CORRUPTIONS)} ways at five "
        "strengths, and keep the answers with the run; what was stopped goes on from there",
    )
    p.add_argument("--json", action="store_true", help="print one JSON list on stdout")
    return p


def evaluate(run: Run, test: cifar10.Images) -> dict:
    """Scores of a run's weights, as JSON values. Raises RunError if it has none."""
    logits = run.logits_on(test)
    per_class = metrics.per_class(logits, test.labels).drop(columns="images")
    return {
        "run": run.name,
        "accuracy": metrics.accuracy(logits, test.labels).value,
        "loss": metrics.loss(logits, test.labels),
        "ece": calibration.calibration_error(calibration.reliability(logits, test.labels)),
        "per_class": per_class.to_dict(orient="index"),
        "confusion": metrics.confusion(logits, test.labels).to_numpy().tolist(),
        "n": len(test.labels),
    }


def ask_about_corruptions(runs: list[Run], test: cifar10.Images) -> list[Answers]:
    """Of each run, once all is asked, in the numbers in which this machine computes best; kept in its folder after each
    kind, so that a stop loses one. Raises RunError if a run has no weights."""
    from core.studies.robustness import study
    from core.training.device import best_precision

    for kind, run, so_far in study(runs, test[: robustness.PHOTOS], best_precision("cpu")):
        robustness.save(run, so_far)
        done = f"{len(so_far.corrupted)} of {len(CORRUPTIONS)} kinds"
        print(f"{run.name}: {CORRUPTIONS[kind].label} done, {done}", file=sys.stderr)
    return [answers for run in runs if (answers := robustness.load(run))]


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    found = [find_run(name) for name in args.runs]
    for run in found:
        _check(run, args)
    test = cifar10.load_test()
    results = []
    for run in found:
        print(f"Scoring {run.name} ...", file=sys.stderr)
        results.append(evaluate(run, test))
        if args.temperature:
            print(f"Fitting the temperature of {run.name} ...", file=sys.stderr)
            results[-1]["temperature"] = fit_temperature(run).value
    if args.corruptions:
        for result, answers in zip(results, ask_about_corruptions(found, test), strict=True):
            result["corruptions"] = _as_json(answers)
    if args.json:
        print(json.dumps(results))
    else:
        print("\n\n".join(_as_text(result) for result in results))
    return 0


def _check(run: Run, args: argparse.Namespace) -> None:
    """Raises LabError for what can't be done, before any run is scored."""
    run.require_weights()
    if args.temperature:
        require_fittable(run)
        validation.load(run)
    known = robustness.begun(run) if args.corruptions else None
    if args.temperature or (args.corruptions and not (known and known.complete)):
        require_writable(run.path)


def _as_json(answers: Answers) -> dict:
    """Right answers (0 to 1) on clean photos, and of each kind by strength, from 1 to 5."""
    by_kind = {kind: right.mean(axis=1).tolist() for kind, right in answers.corrupted.items()}
    return {"photos": len(answers.clean), "clean": float(answers.clean.mean()), "right": by_kind}


def _as_text(result: dict) -> str:
    width = max(map(len, cifar10.CLASSES))
    lines = [
        f"{result['run']}: {result['accuracy']:.2%} right of {result['n']:,} test images, "
        f"loss {result['loss']:.3f}, calibration error {result['ece']:.2%}"
        + (f", temperature {result['temperature']:.3f}" if "temperature" in result else ""),
        "",
        f"{'':{width}}  precision  recall      f1   answers: {' '.join(f'{name[:5]:>5}' for name in cifar10.CLASSES)}",
    ]
    for name, counts in zip(cifar10.CLASSES, result["confusion"], strict=True):
        scores = result["per_class"][name]
        figures = f"{scores['precision']:9.1%} {scores['recall']:7.1%} {scores['f1']:7.1%}"
        lines.append(f"{name:{width}}  {figures}            {' '.join(f'{count:5d}' for count in counts)}")
    if "corruptions" in result:
        lines += ["", *robustness_words.table(result["corruptions"])]
    return "\n".join(lines)


if __name__ == "__main__":
    run_command(main)
