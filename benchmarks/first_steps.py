"""What the first steps of a training do to the weights: loss, right answers, and the largest growth of a layer.

    python -m benchmarks.first_steps plain110 --steps 20 --epochs 40 --schedule cosine --warmup 0.05 --lr 0.2 \
        --label-smoothing 0.1 --precision bfloat16 --threads 1
    python -m benchmarks.first_steps plain110 --steps 120 --clip-layer 1 ...

Takes the options of `python -m core train`, and --steps. Writes no run; looks at no test image.
"""

import json
import sys

import torch

from core.commands import train
from core.data.cifar10 import load_training
from core.models.weights.initial_weights import initial_weights
from core.training.trainer import Trainer

LAST = 50  # steps, over which loss and right answers are averaged


def main() -> None:
    p = train.parser()
    p.prog = "python -m benchmarks.first_steps"
    p.add_argument("--steps", type=int, default=100, help="%(default)s")
    args = train.completed(p.parse_args())
    if args.threads:
        torch.set_num_threads(args.threads)
    (config,) = train.configs_of(args)
    trainer = Trainer(config, load_training(args.data), initial_weights(config), precision=args.precision)
    weights = [value for name, value in trainer.model.named_parameters() if name in trainer.record.layers]
    before = [value.detach().norm().item() for value in weights]
    reports = []
    for step, report in enumerate(trainer.train_steps(), start=1):
        reports.append(report)
        print(f"\rstep {step}", end="", file=sys.stderr)
        if step == args.steps:
            break
    last = reports[-LAST:]
    found = {
        "network": config.architecture,
        "steps": len(reports),
        "loss": sum(each.batch_loss for each in last) / len(last),
        "accuracy": sum(each.batch_accuracy for each in last) / len(last),
        "largest_first_weight": weights[0].detach().abs().max().item(),
        "largest_growth": max(value.detach().norm().item() / old for value, old in zip(weights, before, strict=True)),
    }
    print("\n" + json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
