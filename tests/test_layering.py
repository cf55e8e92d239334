"""Dependencies point one way, streamlit_app -> pages -> ui -> core, and nothing is ever unpickled or evaluated."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from core.paths import ROOT

SOURCES = sorted(
    path for folder in ("core", "ui", "pages", "benchmarks") for path in (ROOT / folder).rglob("*.py")
) + sorted(ROOT.glob("*.py"))
FORBIDDEN_IMPORTS = {  # by folder
    "core": {"streamlit", "ui", "pages", "streamlit_app"},
    "ui": {"pages", "streamlit_app"},
    "pages": {"torch", "torchvision", "pytorch_grad_cam", "streamlit_app"},
}
UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
LOADERS = {"torch.load", "torch.jit.load", "pandas.read_pickle", "pd.read_pickle"}


def imported(tree: ast.AST) -> set[str]:
    """The packages (first part of the name) that are imported anywhere, also inside functions."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            names.add(node.module)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("__import__", "importlib.import_module"):
            names |= {ast.literal_eval(node.args[0])} if isinstance(node.args[0], ast.Constant) else {"?"}
    return {name.split(".")[0] for name in names}


def dangerous(tree: ast.AST) -> list[str]:
    """Whatever could run code that lies in a file."""
    found = [f"import of {name}" for name in sorted(imported(tree) & UNPICKLERS)]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            full_names = {f"{node.module}.{alias.name}" for alias in node.names}
            found += [f"line {node.lineno}: {name}" for name in full_names & LOADERS]
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        if name in LOADERS | {"eval", "exec", "builtins.eval", "builtins.exec"}:
            found.append(f"line {node.lineno}: {name}")
        for keyword in node.keywords:
            if keyword.arg == "allow_pickle" and ast.unparse(keyword.value) != "False":
                found.append(f"line {node.lineno}: allow_pickle")
    return found


def parse(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def test_there_is_something_to_look_at():
    assert {path.relative_to(ROOT).parts[0] for path in SOURCES} >= {*FORBIDDEN_IMPORTS, "streamlit_app.py"}
    assert ROOT / "core" / "models" / "cifar.py" in SOURCES


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    forbidden = FORBIDDEN_IMPORTS.get(path.relative_to(ROOT).parts[0], set())
    assert not imported(parse(path)) & forbidden


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_unpickled_or_evaluated(path):
    found = dangerous(parse(path))
    if path == ROOT / "core" / "models" / "weight_files.py":  # the one loader, which runs nothing that is in a file
        assert 'torch.load(path, map_location="cpu", weights_only=True)' in path.read_text(encoding="utf-8")
        assert [danger.split(": ")[1] for danger in found] == ["torch.load"]
    else:
        assert found == []


@pytest.mark.parametrize(
    ("code", "package"),
    [
        ("import streamlit as st", "streamlit"),
        ("from ui.theme import COLORS", "ui"),
        ("def f():\n    import torch.nn as nn", "torch"),
        ("importlib.import_module('pages.train')", "pages"),
        ("__import__('torch')", "torch"),
    ],
)
def test_import_is_seen(code, package):
    assert imported(ast.parse(code)) == {package}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "torch.load(path, weights_only=True)",
        "from torch import load",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=anything)",
        "eval('1')",
        "exec('1')",
        "pd.read_pickle(path)",
    ],
)
def test_danger_is_seen(code):
    assert dangerous(ast.parse(code))


@pytest.mark.parametrize("code", ["model.eval()", "np.load(path, allow_pickle=False)", "json.load(file)"])
def test_harmless_code_is_left_alone(code):
    assert dangerous(ast.parse(code)) == []


def test_pages_that_only_draw_need_no_torch():
    modules = ", ".join(
        [
            "core.runs.library",
            "core.analysis.metrics",
            "core.data.cifar10",
            "core.config",
            "core.runs.status",
            "core.training.schedules",
            "core.sharing.model_card",
            "core.analysis.training_summary",
            "core.analysis.depth",
            "core.analysis.gradients",
            "core.analysis.surgery_study",
        ]
    )
    code = f"import sys, {modules}; print(sorted({{'torch', 'torchvision', 'streamlit'}} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_first_page_loads_no_heavy_library():
    modules = ", ".join(
        [
            "ui.cached",
            "ui.network_drawing",
            "ui.photos",
            "ui.run_picker",
            "core.analysis.comparison",
            "core.analysis.metrics",
            "core.charts.palette",
        ]
    )
    heavy = "{'torch', 'altair', 'sklearn', 'scipy.stats', 'matplotlib'}"
    code = f"import sys, {modules}; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
