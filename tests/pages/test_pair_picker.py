"""The pair that a page compares: by question, freely, by link; what happens where it does not fit."""

from tests.pages.opened import linked, new_app, open_page, said


def chosen(app) -> tuple[str, str]:
    return app.selectbox(key="a").value, app.selectbox(key="b").value


def test_a_page_opens_with_its_own_pair_until_one_is_chosen():
    app = open_page(new_app(), "compare")
    assert chosen(app) == ("plain56-s0", "resnet56-s0")
    app.query_params.clear()
    app = open_page(app, "surgery")
    assert chosen(app) == ("plain20-s0", "resnet20-s0")


def test_a_question_chooses_both_and_holds_on_every_page():
    app = open_page(new_app(), "compare")
    (label,) = [option for option in app.selectbox(key="question").options if option.startswith("32 layers")]
    app.selectbox(key="question").set_value(label).run()
    assert chosen(app) == ("plain32-s0", "resnet32-s0")
    assert linked(app, "a") == "plain32-s0"
    app.query_params.clear()
    assert chosen(open_page(app, "mistakes")) == ("plain32-s0", "resnet32-s0")


def test_any_two_can_be_chosen_freely_and_the_page_says_that_it_is_no_fair_pair():
    app = open_page(new_app(), "compare")
    app.selectbox(key="b").set_value("vgg11-bn").run()
    assert chosen(app) == ("plain56-s0", "vgg11-bn")
    assert app.selectbox(key="question").value == "plain56-s0 against vgg11-bn"
    assert "Not a fair pair" in app.warning[0].value
    assert app.title[0].value == "Which network does better?"


def test_the_same_pair_the_other_way_round_is_the_same_question():
    app = new_app()
    app.query_params["a"], app.query_params["b"] = "resnet56-s0", "plain56-s0"
    app = open_page(app, "compare")
    assert chosen(app) == ("resnet56-s0", "plain56-s0")
    assert app.selectbox(key="question").value == "56 layers: with or without shortcuts"


def test_half_a_link_is_completed():
    app = new_app()
    app.query_params["b"] = "resnet20-s0"
    assert chosen(open_page(app, "compare")) == ("plain56-s0", "resnet20-s0")


def test_a_network_against_itself_is_said():
    app = new_app()
    app.query_params["a"] = app.query_params["b"] = "resnet20-s0"
    assert "A and B are the same network" in said(open_page(app, "compare"), "info")


def test_a_link_holds_though_another_page_showed_the_same_pair_in_place_of_the_chosen_one():
    app = new_app()
    app.context["url"] = "http://lab.example"
    app.query_params["a"], app.query_params["b"] = "resnet50-scratch", "resnet50-imagenet"
    app = open_page(app, "compare")
    app.query_params.clear()
    app = open_page(app, "surgery")  # which can't show it
    assert chosen(app) == ("plain20-s0", "resnet20-s0")
    assert (linked(app, "a"), linked(app, "b")) == chosen(app)
    app = open_page(app, "compare")  # by a link to the pair that was just written
    assert chosen(app) == ("plain20-s0", "resnet20-s0")
    assert (linked(app, "a"), linked(app, "b")) == chosen(app)
