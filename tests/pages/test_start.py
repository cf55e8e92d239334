"""The first page: both questions with numbers of real runs, and its doors."""

import shutil
from urllib.parse import parse_qsl

from streamlit.runtime.context import ContextProxy

from core.data import cifar10
from core.lessons.lesson import list_lessons
from core.paths import SHIPPED
from core.runs.library import find_run
from tests.pages.opened import linked, new_app, open_page, said
from ui.pictures import photos
from ui.pictures.picture_source import TEST_PHOTO


def start():
    app = new_app().run()
    assert not app.exception
    return app


def test_the_numbers_are_those_of_the_runs():
    shown = [head.value for head in start().subheader]
    labels = cifar10.load_test_labels()
    for name in ("plain56-s0", "resnet56-s0", "resnet50-scratch", "resnet50-imagenet"):
        right = (find_run(name).test_logits().argmax(axis=1) == labels).mean()
        assert f"{right:.0%} right" in shown


def test_each_question_has_one_button_and_leads_on():
    app = start()
    assert app.button(key="story_skip").label != app.button(key="story_init").label
    app.button(key="story_skip").click().run()
    assert not app.exception
    assert app.title[0].value == "Do shortcuts help a deep network?"
    assert (app.selectbox(key="a").value, app.selectbox(key="b").value) == ("plain56-s0", "resnet56-s0")
    app = start()
    app.button(key="story_init").click().run()
    assert app.title[0].value == "Learned before?"


def test_no_picker_but_three_doors_and_a_lesson_for_each_question_whose_photos_are_not_given_away():
    app = start()
    assert not app.selectbox
    shown = [image.proto.imgs[0] for image in app.get("image")]
    steps = [step for one in list_lessons()[0].values() for step in one.steps]
    asked = {
        view.parameters["photo"] for step in steps for view in (step.show, step.reveal) if view and view.name == "photo"
    }
    assert len(asked) == 4
    assert not {photos.address(photo) for photo in asked} & {each.url for each in shown}
    assert [each.alt for each in shown if each.alt.startswith("A photo")] == [
        "A photo of a bird",
        "A photo of a dog",
    ]
    links = [link.proto.page.split("/")[-1] for link in app.get("page_link")]
    assert links == ["lesson", "lesson", "look_inside", "race", "play"]


def test_the_door_to_a_picture_of_ones_own_asks_for_it():
    (door,) = [link.proto for link in start().get("page_link") if link.proto.page.endswith("look_inside")]
    app = new_app()
    app.switch_page("../pages/look_inside.py")
    app.query_params.update(parse_qsl(door.query_string))
    assert app.run().segmented_control(key="source").value == "upload"


def test_a_link_to_a_test_photo_leads_there_from_a_picture_of_ones_own():
    """Streamlit passes over a default that a link names."""
    app = open_page(new_app(), "look_inside")
    app.segmented_control(key="source").set_value("gallery").run()
    open_page(app, "mistakes").switch_page("../pages/look_inside.py")
    app.query_params.update(TEST_PHOTO, image="33")
    assert app.run().segmented_control(key="source").value == "test"
    app.segmented_control(key="source").set_value("gallery").run()
    assert app.run().segmented_control(key="source").value == "gallery"


def test_the_photo_is_that_of_the_link_so_back_leads_to_the_first():
    app = open_page(new_app(), "look_inside")
    first = linked(app, "image")
    assert first == str(app.number_input(key="image").value)
    app.button(key="another").click().run()
    assert linked(app, "image") == str(app.number_input(key="image").value) != first
    app.query_params["image"] = first
    assert str(app.run().number_input(key="image").value) == first


def test_a_photo_goes_along_to_another_page_if_it_was_chosen():
    app = open_page(new_app(), "look_inside")
    del app.query_params["image"]  # as the menu does
    app = open_page(app, "robustness")
    first = app.number_input(key="image").value
    assert linked(app, "image") == str(first)
    app.button(key="another").click().run()
    assert (chosen := app.number_input(key="image").value) != first
    del app.query_params["image"]
    app = open_page(app, "when_it_knows")
    assert app.number_input(key="image").value == chosen
    assert linked(app, "image") == str(chosen)


def test_a_link_may_name_the_first_photo():
    app = open_page(new_app(), "look_inside")
    first = app.number_input(key="image").value
    app.button(key="another").click().run()
    open_page(app, "mistakes").switch_page("../pages/look_inside.py")
    app.query_params.update(TEST_PHOTO, image=str(first))
    assert app.run().number_input(key="image").value == first
    app.number_input(key="image").set_value(33).run()
    assert app.run().number_input(key="image").value == 33


PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"}


def test_a_phone_is_asked_for_its_photo_but_follows_a_link_to_a_test_photo(monkeypatch):
    monkeypatch.setattr(ContextProxy, "headers", property(lambda self: PHONE))
    app = open_page(new_app(), "look_inside")
    assert app.segmented_control(key="source").value == "upload"
    open_page(app, "mistakes").switch_page("../pages/look_inside.py")
    app.query_params.update(TEST_PHOTO, image="33")  # as the link below a photo does
    assert app.run().segmented_control(key="source").value == "test"
    by_link = new_app()
    by_link.switch_page("../pages/look_inside.py")
    by_link.query_params["image"] = "33"  # as the link that a computer shares
    assert by_link.run().segmented_control(key="source").value == "test"


def test_a_link_to_a_pair_opens_their_comparison():
    app = new_app()
    app.query_params["a"], app.query_params["b"] = "plain20-s0", "resnet20-s0"
    app.run()
    assert not app.exception
    assert (app.selectbox(key="a").value, app.selectbox(key="b").value) == ("plain20-s0", "resnet20-s0")


def test_without_the_pair_of_56_layers_the_deepest_there_is(monkeypatch, tmp_path):
    for name in ("plain20-s0", "resnet20-s0", "plain8-s0", "resnet8-s0"):
        shutil.copytree(SHIPPED / name, tmp_path / name)
    monkeypatch.setattr("core.paths.SHIPPED", tmp_path)
    assert "Both are deep: 20 layers" in said(start())
