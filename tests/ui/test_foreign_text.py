import ast

import pytest

from core import paths
from core.errors import RunError
from core.paths import ROOT
from core.words.settings import in_words
from ui.foreign_text import BREAK, emphasized, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![x](https://a.b/p.png)", f"!\\[x\\](https:{BREAK}//a.b/p.png)"),
        ("**a** $b$ `c` <d>", r"\*\*a\*\* \$b\$ \`c\` \<d\>"),
        (":material/delete: :red[a] :+1:", rf":{BREAK}material/delete: :{BREAK}red\[a\] :{BREAK}+1:"),
        ("www.a.b c@d.e", f"www{BREAK}.a.b c@{BREAK}d.e"),
        ("# a", r"\# a"),
        ("1. a", r"1\. a"),
        ("a\nb\u202ec", "a b c"),
        ("mine-a/test_logits.npz is damaged (x: y).", "mine-a/test_logits.npz is damaged (x: y)."),
    ],
)
def test_nothing_becomes_markup(text, shown):
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one **bold** word", "one **bold** word"),
        ("**a** and **b**", "**a** and **b**"),
        ("a **b", r"a \*\*b"),  # without its end it is text
        ("**[x](y)**", r"**\[x\](y)**"),
        ("****", ""),
        ("a <b>c</b>", r"a \<b\>c\</b\>"),
    ],
)
def test_bold_is_the_only_mark_of_a_lesson(text, shown):
    assert emphasized(text) == shown


@pytest.mark.parametrize("name", ["init", "freeze", "precision"])
def test_what_a_config_says_is_no_markup_in_a_sentence(name):
    words = in_words(name, "www.a.b **b** $c$ ![x](y) [Sign in](z) :smile:")
    assert not set("*$[]:!") & set(words)
    assert "www." not in words
    assert "Sign in" in words


SHOWN_AS_MARKDOWN = {"error", "warning", "info", "success", "toast", "caption", "markdown", "write", "exception"}
SHOWN_AS_MARKDOWN |= {"title", "header", "subheader", "metric", "expander", "popover", "progress", "button", "table"}


def bare(node: ast.AST, errors: set[str]) -> list[str]:
    """The errors, and the names and problems of runs, in an expression that are not wrapped in `plain`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "plain":
        return []
    if isinstance(node, ast.Name) and node.id in errors | {"problem", "failure", "reason"}:
        return [node.id]
    if isinstance(node, ast.Attribute) and node.attr in ("name", "reason") and "run" in ast.unparse(node.value):
        return [ast.unparse(node)]
    if isinstance(node, ast.Subscript):  # what is looked up by a name is shown, not the name
        return bare(node.value, errors)
    return [name for child in ast.iter_child_nodes(node) for name in bare(child, errors)]


def unescaped(source: str) -> list[str]:
    tree = ast.parse(source)
    errors = {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    shown = [call for call in calls if call.func.attr in SHOWN_AS_MARKDOWN and call.args]
    return [f"line {call.lineno}: {name}" for call in shown for name in bare(call.args[0], errors)]


@pytest.mark.parametrize(
    "file", [*(ROOT / "pages").glob("*.py"), *(ROOT / "ui").rglob("*.py")], ids=lambda file: file.stem
)
def test_pages_show_errors_and_names_of_runs_as_text(file):
    assert unescaped(file.read_text(encoding="utf-8")) == []


def test_the_test_finds_what_is_shown_as_markdown():
    assert unescaped("try:\n    pass\nexcept OSError as error:\n    st.error(str(error))") == ["line 4: error"]
    assert unescaped("st.info(f'**{run.name}**')") == ["line 1: run.name"]
    assert unescaped("st.info(f'**{plain(run.name)}**')") == []


def test_where_the_server_keeps_its_files_is_for_its_log_alone(own_runs, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("CIFAR10_DIR", str(tmp_path / "photos"))
    monkeypatch.setenv("RESNET_LAB_LESSONS", str(tmp_path / "lessons"))
    said = [
        (RunError(f"{own_runs / 'mine' / 'config.json'} is damaged."), "mine/config.json is damaged."),
        (f"{paths.SHIPPED / 'x' / 'history.csv'} is missing.", "checkpoints/x/history.csv is missing."),
        (f"{tmp_path / 'photos'} lacks data.", "photos lacks data."),
        (f"{tmp_path / 'lessons' / 'a.toml'} is no TOML.", "a.toml is no TOML."),
        (f"Put it into {paths.ROOT / 'data'}; or not.", "Put it into data; or not."),
    ]
    for text, shown in said:
        assert plain(text) == shown
        assert plain(text) == shown
        assert caplog.text.count(str(text)) == 1


def test_runs_behind_a_link_are_told_by_their_names(tmp_path, monkeypatch):
    """Processes that train know the folder by where it really is."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "runs").symlink_to(tmp_path / "disk")
    monkeypatch.setenv("RESNET_LAB_RUNS", str(tmp_path / "runs"))
    assert plain(f"{tmp_path / 'disk' / 'mine' / 'config.json'} is damaged.") == "mine/config.json is damaged."
