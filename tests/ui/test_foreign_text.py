import pytest

from ui.foreign_text import BREAK, plain


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
