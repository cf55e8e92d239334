"""Every page, found by looking, run without a browser (streamlit.testing)."""

import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest

from core.analysis import out_of_distribution
from core.commands import train
from core.data import cifar10, doubted_labels, gallery, pictures
from core.data.cifar10 import CLASSES
from core.errors import ModelError
from core.heatmaps import gradcam
from core.paths import ROOT
from core.runs import store
from core.runs.library import find_run
from core.settings.setting import differences
from core.settings.train_config import TrainConfig
from tests.conftest import TINY
from tests.core.data.test_pictures import DAMAGED, NOT_PICTURES, TOO_LARGE
from tests.pages.opened import FOLDED, charts, linked, new_app, open_page, said, undescribed, words
from ui import permission
from ui.pictures import picture_source

PAGES = sorted((ROOT / "pages").glob("*.py"))


def test_pages_say_what_to_do_where_nothing_is_trained(monkeypatch, tmp_path):
    monkeypatch.setattr("core.paths.SHIPPED", tmp_path)
    app = new_app()
    for page in PAGES:
        app.query_params.clear()  # as a browser does, where one goes to another page
        open_page(app, page.stem)
        if page.stem == "race":
            assert app.button(key="watch_recorded")
        elif page.stem == "train":
            assert app.button(key="start")
        else:
            assert app.info or app.warning, page.stem


def test_the_link_chooses_the_pair(app):
    app.run()
    assert (app.selectbox(key="a").value, app.selectbox(key="b").value) == ("mine-plain", "mine-residual")


def test_an_unknown_name_in_the_link_is_reported_and_replaced(app):
    app.query_params["b"] = "no-such-run"
    app.run()
    assert not app.exception
    assert "no-such-run" in app.warning[0].value
    assert app.selectbox(key="b").value != "no-such-run"


def test_a_link_puts_no_words_of_its_own_into_the_app(app):
    app.query_params["b"] = "x”**. [Sign in here](https://example.com) ![](https://example.com/x.png)"
    app.run()
    assert app.warning[0].value == "There is no run of that name here; B shows resnet56-s0 instead."


def test_a_run_that_is_not_finished_is_called_so(app, own_runs):
    (own_runs / "mine-residual" / "test_logits.npz").unlink()
    app.query_params["b"] = "mine-residual"
    app.run()
    assert "“mine-residual” is not finished" in app.warning[0].value


def test_a_damaged_run_is_reported_and_the_others_open(app, own_runs):
    (own_runs / "broken").mkdir()
    (own_runs / "broken" / "config.json").write_text("{")
    app.run()
    assert not app.exception
    assert app.selectbox(key="a").value == "mine-plain"
    assert not app.warning  # it is told on Train, All runs
    app.query_params["b"] = "broken"
    app.run()
    assert "“broken” is damaged" in app.warning[0].value


def test_no_two_files_share_a_widget_key():
    """A visitor who changes the page would take the one widget's value to the other, which may not know it."""
    files = [*PAGES, *(ROOT / "ui").rglob("*.py")]
    keys = [key for file in files for key in set(re.findall(r'\bkey="(\w+)"', file.read_text(encoding="utf-8")))]
    assert len(keys) > 30
    assert {key for key in keys if keys.count(key) > 1} == set()


@pytest.mark.parametrize(
    ("damaged", "pages", "telling"),
    [
        ("history.csv", ["compare", "learning_curves", "transfer"], {"compare", "learning_curves"}),
        ("test_logits.npz", [page.stem for page in PAGES], {"compare", "mistakes", "look_inside", "surgery"}),
    ],
)
def test_a_damaged_file_of_a_chosen_run_is_named_where_it_is_missed(app, own_runs, damaged, pages, telling):
    app.run()
    (own_runs / "mine-plain" / damaged).unlink()  # a new file, as after a copy: what is cached no longer counts
    (own_runs / "mine-plain" / damaged).write_text("damaged")
    named = set()
    for page in pages:
        app.switch_page(f"../pages/{page}.py").run()
        assert not app.exception, page
        told = [element.value for kind in ("error", "warning", "info") for element in app.get(kind)]
        named |= {page for words in told if f"mine-plain/{damaged}" in words}
    assert telling <= named


def test_compare_names_the_one_difference(app):
    app.run()
    assert "one thing only: **shortcuts**" in said(app)


def test_compare_warns_of_an_unfair_pair(app, make_run):
    make_run("mine-other-seed", skip=True, seed=7)
    app.query_params["b"] = "mine-other-seed"
    app.run()
    assert any("Not a fair pair" in warning.value for warning in app.warning)


def test_learning_curves_draw_every_epoch_of_both(app):
    app = open_page(app, "learning_curves")
    assert len(charts(app)) == 3
    for chart in charts(app):
        rows = pd.concat(convert_arrow_bytes_to_pandas_df(dataset.data.data) for dataset in chart.proto.datasets)
        rows = rows[rows["run"].notna()]  # rules have none
        assert set(zip(rows["run"], rows["epoch"], strict=True)) == {("mine-plain", 1), ("mine-residual", 1)}


def test_mistakes_show_the_photos_whose_label_people_doubted(app):
    app.session_state["doubts"] = True
    words = said(open_page(app, "mistakes"))
    left = np.setdiff1d(np.arange(10_000), list(doubted_labels.load()))
    labels = cifar10.load_test_labels()
    for name in ("mine-plain", "mine-residual"):
        right = find_run(name).test_logits().argmax(axis=1) == labels
        assert f"right on {right[left].mean():.2%} instead of {right.mean():.2%}" in words
    assert words.count("of 5 people say ") == 22


def test_the_cell_that_is_outlined_is_the_one_that_is_chosen(app):
    """A selection of the chart would stay where the boxes lead elsewhere; a second click on it would tell nothing."""
    app.query_params["true"], app.query_params["answer"] = "ship", "truck"
    (matrix, _) = charts(open_page(app, "mistakes"))
    rows = convert_arrow_bytes_to_pandas_df(matrix.proto.datasets[0].data.data)
    assert rows.loc[rows["chosen"], ["true", "answer"]].to_numpy().tolist() == [["ship", "truck"]]


@pytest.mark.parametrize("fold", ["all_mix_ups", "by_epoch", "doubts"])
def test_a_link_unfolds_what_its_sender_had_unfolded(app, fold):
    for key in FOLDED:
        app.session_state[key] = False
    folded = words(open_page(app, "mistakes"))
    again = new_app()
    for key in FOLDED:
        again.session_state[key] = False
    again.query_params[fold] = "true"
    assert len(words(open_page(again, "mistakes"))) > len(folded)


def test_mistakes_show_the_photos_of_the_chosen_cell(app):
    app = open_page(app, "mistakes")
    app.selectbox(key="true").set_value("ship")
    app.selectbox(key="answer").set_value("truck").run()
    assert not app.exception
    assert "A says truck; it is a ship" in said(app)
    app.segmented_control(key="whose").set_value("difference").run()
    assert "Only B says truck" in said(app)
    assert undescribed(app) == []


def test_look_inside_answers_for_a_test_photo(app):
    app.query_params["image"] = "0"
    app = open_page(app, "look_inside")
    app.number_input(key="image").set_value(0).run()
    assert not app.exception
    assert any(head.value.startswith("It is a cat") for head in app.header)
    assert len(charts(app)) == 2


def own_picture(app, exhibit: str) -> AppTest:
    app.segmented_control(key="source").set_value("upload").run()
    app.file_uploader(key="upload").set_value(("a.jpg", gallery.read(exhibit), "image/jpeg")).run()
    return app


def say_what_it_is(app, really: str) -> str:
    """The verdict that follows."""
    (chips,) = [each for each in app.get("button_group") if str(each.key).startswith("really_")]
    chips.set_value(really).run()
    assert not app.exception
    return app.header[0].value


def test_the_visitor_moves_closer_to_what_counts(app):
    app = own_picture(look_inside(app), "cat")
    whole = [picture.url for each in app.get("image") for picture in each.proto.imgs]
    sliders = {str(slider.key).partition("_")[0]: slider for slider in app.slider}
    sliders["zoom"].set_value(4.0)
    sliders["across"].set_value(0).run()
    assert not app.exception
    assert [picture.url for each in app.get("image") for picture in each.proto.imgs] != whole
    app.file_uploader(key="upload").set_value(("b.jpg", gallery.read("horse"), "image/jpeg")).run()
    (zoom,) = [slider for slider in app.slider if str(slider.key).startswith("zoom_")]
    assert zoom.value == 1.0  # each picture has its own


def test_the_visitor_says_what_a_picture_really_shows(app):
    """Only then somebody is right; before, nobody is."""
    app = own_picture(look_inside(app), "cat")
    assert re.search("Both say|They disagree", app.header[0].value)
    assert say_what_it_is(app, "cat").startswith("It is a cat")
    assert say_what_it_is(app, picture_source.NONE_OF_THESE).startswith("Neither can say “I don’t know”")


def test_another_picture_is_asked_about_anew(app):
    app = own_picture(look_inside(app), "cat")
    say_what_it_is(app, "cat")
    app.file_uploader(key="upload").set_value(("b.jpg", gallery.read("horse"), "image/jpeg")).run()
    assert re.search("Both say|They disagree", app.header[0].value)


def look_inside(app, **link) -> AppTest:
    for name, value in {"image": "0", **link}.items():
        app.query_params[name] = value
    return open_page(app, "look_inside")


def test_taking_a_comparison_home_does_not_draw_the_page_again(app):
    """It would race with the file's address (see the page), and lose it now and then."""
    buttons = look_inside(app).get("download_button")
    assert [(button.proto.label, button.proto.ignore_rerun) for button in buttons] == [
        ("Save as a picture to share", True),
        ("Table of the numbers", True),
    ]


@pytest.mark.parametrize("pair", [("resnet20-s0", "resnet50-imagenet"), ("vgg11-bn", "mobilenet-v2")])
def test_look_inside_draws_what_core_predict_draws_of_unlike_networks(app, monkeypatch, pair):
    from core.heatmaps.predictor import Predictor
    from ui.pictures import closer_look

    looks, look = [], closer_look.look
    monkeypatch.setattr(closer_look, "look", lambda *args: looks.append(look(*args)) or looks[-1])
    app = look_inside(app, a=pair[0], b=pair[1])
    assert [look.run.name for look in looks] == list(pair)
    for shown in looks:
        expected = Predictor(shown.run).predict(shown.seen)  # as the command, without --layer
        np.testing.assert_allclose(shown.answer.heatmap, expected.heatmap, atol=1e-5)
    choices = app.selectbox(key="layer")
    assert choices.value == "last"
    if len(choices.options) > 1:  # a name that both have
        choices.select_index(0).run()
        assert not app.exception


def test_a_link_to_a_layer_holds(app):
    assert look_inside(app, layer="layer2: 16 × 16 cells").selectbox(key="layer").value == "layer2"


def test_a_link_to_the_last_layer_by_its_name_holds(app):
    app = look_inside(app, layer="layer3: 8 × 8 cells")
    assert app.selectbox(key="layer").value == "last"
    assert app.selectbox(key="layer").options[-1].startswith("layer3: ")


@pytest.mark.parametrize("where", ["__init__", "predict"])
def test_an_error_of_one_network_leaves_the_other_its_answer(app, monkeypatch, where):
    from core.heatmaps.predictor import Predictor

    whole = getattr(Predictor, where)

    def broken(self, *args, **kwargs):
        run = args[0] if where == "__init__" else self
        if (run.name if where == "__init__" else run.run_name) == "mine-plain":
            raise ModelError("This one has no heatmap.")
        if where == "__init__":
            self.run_name = run.name
        return whole(self, *args, **kwargs)

    if where == "predict":
        init = Predictor.__init__
        monkeypatch.setattr(
            Predictor, "__init__", lambda self, run: setattr(self, "run_name", run.name) or init(self, run)
        )
    monkeypatch.setattr(Predictor, where, broken)
    app = look_inside(app)
    assert [error.value for error in app.error] == ["This one has no heatmap."]
    assert len(charts(app)) == 1
    assert "B: " in said(app)
    for closer in ("trust", "shake", "cover"):
        app.button_group(key="closer").set_value(closer).run()
        assert not app.exception


def test_look_inside_draws_photos_of_the_kind_chosen(app):
    app, labels = look_inside(app), cifar10.load_test_labels()
    app.selectbox(key="shows").set_value("frog")
    for pool in picture_source.POOLS:
        app.selectbox(key="pool").set_value(pool).run()
        assert not app.exception
        index = app.number_input(key="image").value
        assert CLASSES[labels[index]] == "frog"
        a, b = (find_run(app.selectbox(key=key).value).test_logits()[index].argmax() for key in "ab")
        right = (a == labels[index], b == labels[index])
        assert {
            "any photo": True,
            "they disagree": a != b,
            "A right, B wrong": right == (True, False),
            "B right, A wrong": right == (False, True),
            "both wrong": right == (False, False),
            "both right": right == (True, True),
        }[pool], pool


def test_look_inside_shows_the_gallery(app):
    app = look_inside(app)
    app.segmented_control(key="source").set_value("gallery").run()
    for exhibit in gallery.PICTURES:
        app.button_group(key="exhibit").set_value(exhibit).run()
        assert not app.exception, exhibit
        assert re.search("They disagree|Both say|It is an? |Neither can say", app.header[0].value), exhibit
        assert len(charts(app)) == 2


def test_each_method_shows_another_map(app):
    app, shown = look_inside(app), set()
    app.selectbox(key="layer").set_value("layer1")
    app.selectbox(key="target").set_value("frog")
    for method in gradcam.METHODS:
        app.selectbox(key="method").set_value(method).run()
        assert not app.exception, method
        drawn = "".join(str(image.proto) for image in app.get("image"))
        assert ("frog" in drawn) == gradcam.METHODS[method].of_class
        assert app.selectbox(key="target").disabled != gradcam.METHODS[method].of_class
        shown.add(drawn)
    assert len(shown) == len(gradcam.METHODS)


@pytest.mark.parametrize("without", [("mine-plain",), ("mine-plain", "mine-residual")])
def test_a_network_without_weights_is_shown_with_the_answer_it_gave(app, own_runs, make_run, without):
    make_run("other-plain", skip=False, seed=1)
    make_run("other-residual", skip=True, seed=1)
    for name in without:
        (own_runs / name / "model.safetensors").unlink()
    app.query_params["image"] = "33"
    app = look_inside(app)
    assert not app.exception
    assert said(app).count("% sure") == 2
    assert said(app).count("No heatmap") == len(without)
    assert len(app.get("code")) == len(without)
    app.button(key="everywhere").click().run()
    assert "No heatmap" not in said(app)
    assert app.selectbox(key="a").value == "other-plain"
    app.selectbox(key="a").set_value("mine-plain").run()
    app.segmented_control(key="source").set_value("gallery").run()
    assert "can't be asked anything new" in said(app)


@pytest.mark.parametrize(
    ("closer", "words"),
    [("trust", "checks passed"), ("shake", "The picture now"), ("cover", "gray patch slides")],
)
def test_look_closer(app, closer, words):
    app = look_inside(app)
    app.button_group(key="closer").set_value(closer).run()
    assert not app.exception
    shown = said(app) + "".join(str(bar.proto) for bar in app.get("progress"))
    assert words in shown
    assert undescribed(app) == []


def test_shaking_moves_the_answers_and_is_undone(app):
    app = look_inside(app)
    app.button_group(key="closer").set_value("shake").run()
    assert "How sure it stays of its first answer" not in said(app)  # nothing was moved
    app.slider(key="shake_rotation").set_value(120).run()
    assert "How sure it stays of its first answer as “Rotation” changes" in said(app)
    assert not app.exception
    assert "“Rotation” changes" in said(app)
    app.button(key="shake_reset").click().run()
    assert app.slider(key="shake_rotation").value == 0


@pytest.mark.parametrize(("rank", "warned"), [(0.01, True), (0.5, False)])
def test_a_strange_picture_may_be_none_of_the_ten(app, monkeypatch, rank, warned):
    monkeypatch.setattr(out_of_distribution, "rank", lambda *args: rank)
    app = look_inside(app)
    app.segmented_control(key="source").set_value("gallery").run()
    app.button_group(key="exhibit").set_value("rocket").run()
    assert "Neither can say “I don’t know”" in said(app)  # the gallery knows it
    app.segmented_control(key="source").set_value("upload").run()
    app.file_uploader(key="upload").set_value(("a.jpg", gallery.read("rocket"), "image/jpeg")).run()
    assert app.header[0].value.startswith("It looks strange to both networks.") == warned
    assert ("It may be none of the ten things" in said(app, "info")) == warned


@pytest.mark.parametrize("name", ["photo", "photo.jfif", "PHOTO.JPE", "photo.txt"])
def test_what_is_inside_an_upload_decides_not_its_name(app, name):
    app = look_inside(app)
    app.segmented_control(key="source").set_value("upload").run()
    app.file_uploader(key="upload").set_value((name, gallery.read("cat"), "")).run()
    assert not app.exception
    assert len(app.error) == 0
    assert len(charts(app)) == 2


NAMES = ("../../x.png", "a" * 300 + ".png", "\N{CAT FACE}.png")  # one with NUL Streamlit refuses before us


def test_an_upload_stays_while_another_page_is_looked_at_and_can_be_removed(app):
    app = look_inside(app)
    app.segmented_control(key="source").set_value("upload").run()
    app.file_uploader(key="upload").set_value(("a.jpg", gallery.read("cat"), "image/jpeg")).run()
    (really,) = (pills for pills in app.button_group if pills.key.startswith("really_"))
    really.set_value("cat").run()
    seen = said(app, "header")
    app = open_page(open_page(app, "mistakes"), "look_inside")
    assert not app.file_uploader(key="upload").value
    assert said(app, "header") == seen
    app.file_uploader(key="upload").set_value(("bad.jpg", b"no picture", "image/jpeg")).run()
    assert len(app.error) == 1
    app.file_uploader(key="upload").set_value(("a.jpg", gallery.read("horse"), "image/jpeg")).run()
    app = open_page(open_page(app, "mistakes"), "look_inside")
    app.button(key="forget_upload").click().run()
    assert not app.exception
    assert "A photo of one of these is a fair test" in said(app, "info")
    assert "forget_upload" not in [button.key for button in app.button]


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://192.168.0.7:8501/look_inside", False),
        ("http://lab.local/look_inside", False),
        ("http://localhost.example/look_inside", False),
        ("https://192.168.0.7/look_inside", True),
        ("http://localhost:8501/look_inside", True),
        ("http://[::1]:8501/look_inside", True),
    ],
)
def test_where_browsers_allow_no_camera_a_sentence_says_what_to_do(app, monkeypatch, url, allowed):
    monkeypatch.setattr(type(st.context), "url", url)
    app = look_inside(app)
    app.segmented_control(key="source").set_value("camera").run()
    assert not app.exception
    assert ("Choose **My photo** instead" in said(app, "info")) == (not allowed)
    assert len(app.get("camera_input")) == allowed


def test_an_upload_is_decoded_once_for_all_clicks(app, monkeypatch):
    decoded, open_picture = [], pictures.open_picture
    monkeypatch.setattr(pictures, "open_picture", lambda data: decoded.append(data) or open_picture(data))
    app = look_inside(app)
    app.segmented_control(key="source").set_value("upload").run()
    first, second = (gallery.read(name) for name in list(gallery.PICTURES)[:2])
    app.file_uploader(key="upload").set_value(("a.jpg", first, "image/jpeg")).run()
    app.slider(key="strength").set_value(80).run()
    assert not app.exception
    assert decoded == [first]
    app.file_uploader(key="upload").set_value(("a.jpg", second, "image/jpeg")).run()
    assert decoded == [first, second]


def test_look_inside_answers_every_bad_file_in_one_sentence(app):
    """Some of what `core.data.pictures` refuses, through the page, under names that try to be paths."""
    app = look_inside(app)
    app.segmented_control(key="source").set_value("upload").run()
    bad = [next(iter(files.items())) for files in (NOT_PICTURES, DAMAGED, TOO_LARGE)]
    for name, (kind, data) in zip(NAMES, bad, strict=True):
        data = data() if callable(data) else data
        app.file_uploader(key="upload").set_value((name, data, "image/png")).run()
        assert not app.exception, kind
        assert len(app.error) == 1, kind
        assert len(charts(app)) == 0, kind


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """No runs ship with the app."""
    monkeypatch.setattr("core.paths.SHIPPED", tmp_path / "checkpoints")


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> Path:
    """A file with the weights of the runs' network; one for all tests, so that its runs are trained once."""
    from safetensors.torch import save_file

    from core.models.registry import build

    path = tmp_path_factory.mktemp("weights") / "learned.safetensors"
    save_file(build(TINY).state_dict(), path)
    return path


@pytest.fixture
def pretraining_pair(make_run, weights):
    """Two runs that differ in their initial weights alone, and a frozen third."""
    from core.models.weights.initial_weights import starting_weights
    from core.runs import store

    scratch = make_run("scratch", skip=True)
    learned = make_run("learned", skip=True, init=str(weights))
    make_run("small-scratch", skip=True, train_fraction=0.5, epochs=2)
    make_run("small-learned", skip=True, train_fraction=0.5, epochs=2, init=str(weights))
    make_run("frozen", skip=True, init=str(weights), freeze="backbone")
    for run in (scratch, learned):
        store.save_weight_change(run.path, starting_weights(run.config), run.load_model().state_dict())
    return scratch, learned


def test_learning_curves_say_of_whom_the_validation_photos_were_seen_before(app, make_run):
    run = find_run("mine-residual")
    store.save_facts(run.path, run.config, run.facts | {"answers_learned_before": True})
    (warning,) = open_page(app, "learning_curves").warning
    assert warning.value.startswith("B began with weights that had ten answers already")


def test_learning_curves_say_why_a_smoothed_training_loss_is_higher(app):
    app.query_params["measure"] = "loss"
    app = open_page(app, "learning_curves")
    assert "label smoothing" not in said(app)
    app.selectbox(key="b").set_value("resnet20-s0").run()
    assert "The training loss of B is higher because of how it is counted" in said(app)


def test_transfer_says_how_to_get_a_pair(app, alone):
    app = open_page(app, "transfer")
    assert "no such pair" in app.info[0].value
    assert "--init imagenet" in app.get("code")[0].value


def test_pairs_that_share_a_run_can_both_be_chosen(app, alone, pretraining_pair):
    app = open_page(app, "transfer")
    for names in ("scratch and learned", "mine-residual and learned"):
        app.selectbox(key="pretraining_pair").set_value(names).run()
        assert not app.exception
        assert all(f"`{name}`" in said(app) for name in names.split(" and "))


def test_transfer_tells_the_whole_story(app, alone, pretraining_pair):
    app.query_params["a"], app.query_params["b"] = "scratch", "learned"
    app = open_page(app, "transfer")
    assert not app.info
    assert [metric.label for metric in app.metric] == [f"{count} photos" for count in (40, 90)] * 2
    assert "(each seen twice)" in said(app)
    assert len(charts(app)) == 2
    assert len(app.get("image")) == 6  # the first filters at first sight, then before and after
    assert len(app.table) == 2


def test_another_link_opens_another_pair(app, alone, pretraining_pair):
    app.query_params["a"], app.query_params["b"] = "small-scratch", "small-learned"
    app = open_page(app, "transfer")
    app.selectbox(key="pretraining_pair").set_value("scratch and learned").run()
    assert (linked(app, "a"), linked(app, "b")) == ("scratch", "learned")
    app.query_params["a"], app.query_params["b"] = "small-scratch", "small-learned"
    assert open_page(app, "transfer").selectbox(key="pretraining_pair").value == "small-scratch and small-learned"


def test_another_photo_of_a_pair_that_was_deleted_leads_to_what_is_left(app, own_runs):
    app = look_inside(app)
    shutil.rmtree(own_runs / "mine-plain")
    app.button(key="another").click().run()
    assert not app.exception
    assert "mine-plain" in said(app, "warning")


def test_who_may_change_nothing_sees_no_folder_of_the_server(app, elsewhere, make_run, weights):
    make_run("theirs", init=str(weights))
    (make_run("bare", init=str(weights), seed=1).path / "model.safetensors").unlink()
    app.query_params["a"], app.query_params["b"] = "theirs", "bare"
    codes = " ".join(code.value for code in look_inside(app).get("code"))
    assert weights.name in codes
    assert str(weights.parent) not in codes
    app.query_params["off"] = ["2"]
    (error,) = open_page(app, "surgery").error
    assert weights.name in error.value
    assert str(weights.parent) not in error.value


def test_a_link_opens_the_pair_that_it_names(app, alone, pretraining_pair):
    app.query_params["a"], app.query_params["b"] = "small-scratch", "small-learned"
    assert open_page(app, "transfer").selectbox(key="pretraining_pair").value == "small-scratch and small-learned"


@pytest.mark.parametrize("page", ["transfer", "architectures"])
@pytest.mark.parametrize("file", ["test_logits.npz", "history.csv"])
def test_damaged_run_that_nobody_chose_is_left_out(app, alone, pretraining_pair, page, file):
    app.query_params["a"], app.query_params["b"] = "scratch", "learned"
    (pretraining_pair[0].path.parent / "small-learned" / file).write_text("damaged")
    app = open_page(app, page)
    (warning,) = app.warning
    assert file in warning.value
    assert "So small-learned is left out here" in warning.value
    assert charts(app)


def test_transfer_gives_the_commands_of_what_is_missing(app, alone, pretraining_pair):
    for name in ("small-scratch", "small-learned", "frozen"):
        shutil.rmtree(pretraining_pair[0].path.parent / name)
    app.query_params["a"], app.query_params["b"] = "scratch", "learned"
    app = open_page(app, "transfer")
    scratch, learned = (run.config for run in pretraining_pair)
    assert [config_of(code.value) for code in app.code] == [
        *(replace(config, train_fraction=0.1, epochs=3) for config in (scratch, learned)),
        replace(learned, freeze="backbone"),
    ]
    assert all(f"--precision {pretraining_pair[0].environment['precision']}" in code.value for code in app.code)


def config_of(command: str) -> TrainConfig:
    (config,) = train.configs_of(train.parser().parse_args(shlex.split(command)[4:]))
    return config


def test_transfer_says_why_the_change_of_layers_is_missing(app, alone, pretraining_pair):
    app.query_params["a"], app.query_params["b"] = "scratch", "learned"
    (pretraining_pair[1].path / "weight_change.npz").write_text("damaged")
    app = open_page(app, "transfer")
    assert any("learned/weight_change.npz is damaged" in info.value for info in app.info)


def test_architectures_name_all_in_which_recipes_differ(app, alone, make_run):
    make_run("other", skip=True, optimizer="adamw", head_lr=2.0)
    make_run("half", skip=True, train_fraction=0.5, epochs=2)
    app.query_params["of_run"] = "mine-residual"
    app = open_page(app, "architectures")
    assert "They learned for 1 to 2 passes over their photos" in said(app)
    assert "They differ in nothing but this: optimizer and learning rate of the last layer, times." in said(app)
    table = app.table[0].value
    assert table.columns.tolist() == ["optimizer", "learning rate of the last layer, times", "test accuracy"]
    assert table["optimizer"].to_dict() == {"mine-residual": "SGD", "other": "AdamW"}
    assert "ResNet, 8 layers, 50% of the photos" in charts(app)[0].proto.spec + str(charts(app)[0].proto)


def test_architectures_give_the_command_of_another_schedule(app, alone):
    app = open_page(app, "architectures")
    shown = config_of(app.code[0].value)
    assert differences(shown, replace(shown, schedule="onecycle")).keys() == {"schedule"}
    assert shown.schedule == "cosine"


def test_architectures_show_every_run_and_measure_on_demand(app, monkeypatch):
    from core.jobs import measurements

    app = open_page(app, "architectures")
    dots, _ = charts(app)
    assert all(f"ResNet-50, {start}" in str(dots.proto) for start in ("from scratch", "pretrained"))
    assert "a low dot may be a network that learned for less time" in said(app)
    tables = [convert_arrow_bytes_to_pandas_df(dataset.data.data) for dataset in dots.proto.datasets]
    kinds = next(table for table in tables if "kind" in table).set_index("run")["kind"]
    assert [kinds[run] for run in ("resnet50-imagenet", "resnet50-scratch")] == ["pretrained", "other"]
    monkeypatch.setattr(measurements, "milliseconds", lambda runs: {run.name: {1: 4.0, 2: 3.0} for run in runs})
    app.segmented_control(key="cost").set_value("1 thread").run()
    assert "Nothing is measured yet" in app.info[0].value
    app.button(key="measure_speed").click().run()
    assert not app.exception
    assert len(charts(app)) == 2
    monkeypatch.setattr(measurements, "milliseconds", lambda runs: {run.name: {1: 8.0, 2: 6.0} for run in runs})
    app.button(key="measure_speed").click().run()
    assert {speeds[1] for speeds in app.session_state["speeds"].values()} == {8.0}


def test_who_may_not_change_things_measures_nothing(app, monkeypatch):
    monkeypatch.setattr(permission, "refusal", lambda: permission.NOT_HERE)
    app.query_params["cost"] = "1 thread"
    app = open_page(app, "architectures")
    assert permission.NOT_HERE in said(app)
    assert "measure_speed" not in {button.key for button in app.button}


def test_two_trainings_of_one_recipe_are_one_pair(app):
    app.query_params["a"], app.query_params["b"] = "resnet20-s0", "resnet20-s1"
    words = said(open_page(app, "compare"))
    assert "These are two trainings by one recipe" in words
    assert "This is one training of each" not in words


def test_learning_curves_tell_of_all_seeds(app):
    app.query_params["a"], app.query_params["b"] = "plain20-s0", "resnet20-s0"
    words = said(open_page(app, "learning_curves"))
    assert "In 3 trainings of each, the ResNet crosses the finish line after 9 to 17 passes over the photos" in words
    assert "**These two alone:** The ResNet crosses the finish line first, after 17 passes" in words


@pytest.mark.parametrize(
    ("a", "b", "is_said"),
    [("plain56-s0", "resnet56-s0", True), ("resnet20-s0", "resnet20-s1", False), ("plain20-s0", "plain20-s0", False)],
)
def test_learning_curves_of_one_training_of_each_say_so(app, a, b, is_said):
    app.query_params["a"], app.query_params["b"] = a, b
    assert ("This is one training of each" in said(open_page(app, "learning_curves"))) == is_said


def test_a_network_is_not_compared_with_itself(app):
    app.query_params["a"] = app.query_params["b"] = "plain20-s0"
    assert "luck" not in said(open_page(app, "compare"))
    assert "Of the photos that both get right" not in said(open_page(app, "robustness"))


@pytest.mark.parametrize(
    "page", ["learning_curves", "mistakes", "look_inside", "surgery", "depth", "gradient_flow", "architectures"]
)
def test_what_takes_long_is_drawn_for_the_curious_alone(app, page):
    for key in FOLDED:
        del app.session_state[key]
    at_first = said(open_page(app, page))
    app.session_state["curious"] = True
    assert len(said(app.run())) > len(at_first)
