"""What a slow test needs of the machine, such as a browser: where that is missing, it is skipped, and fails in CI."""

import os
from typing import NoReturn

import pytest


def skip_unless_required(reason: str) -> NoReturn:
    """Where RESNET_LAB_SKIP_NOTHING is set, as by .ci/run, nothing is skipped: the test fails."""
    if os.environ.get("RESNET_LAB_SKIP_NOTHING"):
        pytest.fail(reason)
    pytest.skip(reason)
