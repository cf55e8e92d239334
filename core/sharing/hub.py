"""A run as a folder for the Hugging Face Hub: the same files, and a card with metadata."""

import json
from pathlib import Path

from core.analysis import metrics
from core.data import cifar10
from core.errors import RunError
from core.files import write_text, writing
from core.runs import reproduction
from core.runs.file_names import CARD_FILE
from core.runs.run import Run
from core.sharing.files import shared_contents, without_folders, write_contents
from core.sharing.model_card import card_text


def export_hub(run: Run, folder: Path) -> None:
    """Fill `folder` (new or empty) with a finished run as the Hugging Face Hub takes it: the same files, so that it
    still opens as a run, and a model card with metadata. Raises RunError."""
    if not run.has_weights:
        raise RunError(f"{run.name} has no weights to hand on. {reproduction.advice(run)}")
    contents = shared_contents(run)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise RunError(f"{folder} is not empty; choose a new folder.")
        try:
            write_contents(contents, folder)
            write_text(folder / CARD_FILE, _hub_metadata(run) + card_text(without_folders(run), link=False))
        except BaseException:  # also Ctrl-C: else the folder would be refused the next time
            for path in folder.iterdir():
                path.unlink()
            raise


def _hub_metadata(run: Run) -> str:
    """The card's front matter, in YAML (https://huggingface.co/docs/hub/model-cards)."""
    accuracy = metrics.accuracy(run.test_logits(), cifar10.load_test_labels()).value
    license = "" if run.imported else "license: mit\n"  # whoever trained it elsewhere has the say
    return f"""---
{license}library_name: pytorch
pipeline_tag: image-classification
tags:
- image-classification
- resnet-lab
- {json.dumps(run.config.architecture)}
datasets:
- cifar10
metrics:
- accuracy
model-index:
- name: {json.dumps(run.name)}
  results:
  - task:
      type: image-classification
    dataset:
      type: cifar10
      name: CIFAR-10
      split: test
    metrics:
    - type: accuracy
      value: {accuracy:.4f}
---

"""
