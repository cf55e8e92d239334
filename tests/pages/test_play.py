"""Ten photos against both networks: a whole game, and links by hand."""

import pytest

from core.analysis.comparison import by_who_is_right
from core.classroom import contest
from core.data import cifar10
from core.data.cifar10 import CLASSES
from core.runs.library import find_run
from tests.pages.opened import linked, new_app, open_page, said


def visit(**link):
    app = new_app()
    for name, value in link.items():
        app.query_params[name] = value
    return open_page(app, "play")


def photos_of(app) -> list[int]:
    plain, residual = (find_run(name).test_logits() for name in ("plain56-s0", "resnet56-s0"))
    kinds = by_who_is_right(plain, residual, cifar10.load_test_labels())
    return contest.draw(kinds, int(linked(app, "seed")))


def play(app, answers: list[str]) -> None:
    for answer in answers:
        app.button(key=f"say_{answer}").click().run()
        assert not app.exception
        app.button(key="next_photo").click().run()
        assert not app.exception


def test_who_names_all_beats_both_networks():
    app = visit(seed="7")
    labels = cifar10.load_test_labels()
    truths = [CLASSES[labels[photo]] for photo in photos_of(app)]
    play(app, truths)
    assert [metric.label for metric in app.metric] == ["You", "The plain network", "The ResNet"]
    assert app.metric[0].value == "10 of 10"
    assert app.header[0].value == "You beat both networks!"
    assert "94%" in said(app)
    assert "the plain network gets 4 or 5 wrong on average and the ResNet 3 or 4, instead of about 2 and" in said(app)
    (onward,) = [each.proto for each in app.get("page_link")]
    assert (onward.page, onward.query_string) == ("lesson", "lesson=shortcuts&begin=1")
    assert "**Share**, in the menu," in said(app)


def test_who_is_always_wrong_does_not():
    app = visit(seed="7")
    labels = cifar10.load_test_labels()
    play(app, [CLASSES[(labels[photo] + 1) % 10] for photo in photos_of(app)])
    assert app.metric[0].value == "0 of 10"
    assert "won this time" in app.header[0].value


def test_an_answer_counts_once_and_then_the_networks_answer():
    app = visit(seed="7")
    assert "plain network:" not in said(app)
    app.button(key="say_cat").click().run()
    assert "The plain network:" in said(app)
    assert not [button for button in app.button if str(button.key).startswith("say_")]


def test_the_same_ten_again_and_ten_others():
    app = visit(seed="7")
    play(app, ["cat"] * contest.PHOTOS)
    app.button(key="play_same").click().run()
    assert linked(app, "seed") == "7"
    play(app, ["cat"] * contest.PHOTOS)
    app.button(key="play_again").click().run()
    assert not app.exception
    assert app.button(key="say_cat")


@pytest.mark.parametrize("seed", ["abc", "-1", "1e3", "99999999999999999999", "0" * 4_301, "", "٣", "<b>"])
def test_a_seed_that_is_none_is_replaced(seed):
    app = visit(seed=seed)
    assert 0 <= int(linked(app, "seed")) < 10_000


def test_each_visitor_gets_a_draw_of_its_own():
    assert len({linked(visit(), "seed") for _ in range(4)}) > 1
