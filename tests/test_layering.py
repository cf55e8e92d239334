"""What is loaded when, and no array is unpickled. Which way imports point is import-linter's to say, and that nothing
else is unpickled or evaluated, ruff's: both in pyproject.toml."""

import re
import subprocess
import sys
from collections import Counter

from core.paths import ROOT

SOURCES = [path for folder in ("core", "ui", "pages", "benchmarks") for path in (ROOT / folder).rglob("*.py")]


def test_a_package_can_be_surveyed_and_a_file_read():
    packages = Counter(path.parent for path in SOURCES if path.parts[len(ROOT.parts)] in ("core", "ui"))
    assert len(packages) > 20
    assert len([path for path in (ROOT / "core").iterdir() if path.name != "__pycache__"]) <= 20
    assert {package: count for package, count in packages.items() if count > 14} == {}
    assert [path for path in SOURCES if len(path.read_text(encoding="utf-8").splitlines()) > 330] == []


def test_no_array_is_unpickled():
    assert len(SOURCES) > 200
    assert [path for path in SOURCES if re.search(r"allow_pickle(?!=False\b)", path.read_text(encoding="utf-8"))] == []


def test_torchs_files_of_weights_are_read_as_data():
    """The one place that ruff is told to leave alone."""
    excepted = [line for path in SOURCES for line in path.read_text(encoding="utf-8").splitlines() if "TID251" in line]
    assert [line.strip().partition("  #")[0] for line in excepted] == [
        "from importlib import import_module",  # of core/__main__.py
        'loaded = torch.load(file, map_location="cpu", weights_only=True)',
    ]


def test_pages_that_only_draw_need_no_torch():
    modules = ", ".join(
        [
            "core.runs.kept_weights",
            "core.runs.library",
            "core.analysis.metrics",
            "core.data.cifar10",
            "core.settings.train_config",
            "core.runs.status",
            "core.training.schedules",
            "core.sharing.model_card",
            "core.analysis.training_summary",
            "core.analysis.depths.depth",
            "core.analysis.gradients",
            "core.analysis.landscapes.landscape",
            "core.analysis.landscapes.walk",
            "core.analysis.probes",
            "core.analysis.robustness",
            "core.analysis.surgery",
            "core.sharing.handout.pairs",
            "core.sharing.handout.page",
        ]
    )
    code = f"import sys, {modules}; print(sorted({{'torch', 'torchvision', 'streamlit'}} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_first_page_loads_no_heavy_library():
    modules = ", ".join(
        [
            "ui.cached",
            "ui.pair.network_drawing",
            "ui.pictures.photos",
            "ui.pair.pair_picker",
            "ui.pair.take_home",
            "core.analysis.comparison",
            "core.analysis.metrics",
            "core.charts.palette",
        ]
    )
    heavy = "{'torch', 'altair', 'vl_convert', 'sklearn', 'scipy.stats', 'scipy.ndimage', 'matplotlib'}"
    code = f"import sys, {modules}; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_tables_of_answers_load_no_heavy_library():
    code = (
        "import sys, numpy as np; from core.analysis import metrics;"
        "metrics.per_class(np.eye(10), np.arange(10)); metrics.accuracy(np.eye(10), np.arange(10));"
        "print(sorted({'torch', 'sklearn', 'scipy.stats'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
