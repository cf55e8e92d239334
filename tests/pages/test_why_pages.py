"""Is deeper better?, Is the message lost? and What if a block is cut? without a browser: what they say of whole runs,
and of damaged ones."""

import json
import queue
import re
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.proto.Metric_pb2 import Metric
from streamlit.testing.v1 import AppTest

from core.analysis import gradients, surgery
from core.data.cifar10 import TEST_IMAGES
from core.errors import LabError
from core.paths import SHIPPED
from core.runs import reproduction, status, store
from core.runs.run import open_run
from core.settings.train_config import TrainConfig
from core.studies.gradients import at_end
from core.training.trainer import EXPLODED
from core.words import gradients as gradient_words
from core.words import surgery as surgery_words
from tests.pages.opened import charts, open_page, said, undescribed
from ui import cached
from ui.gradients import new_networks

OWN = {"A": "mine-plain", "B": "mine-residual"}


@pytest.fixture
def guesser(own_runs, app) -> AppTest:
    """The app, its plain network one that learned nothing: always the same answer, and no gradient."""
    run = open_run(own_runs / OWN["A"])
    layers, norms = run.gradients()
    store.save_progress(run.path, run.history().to_dict("records"), layers, np.zeros_like(norms))
    store.save_test_logits(run.path, np.tile(np.eye(10)[3], (TEST_IMAGES, 1)))
    surgery.save(run, dict.fromkeys(surgery.cuts(run.config), 0.1))
    return app


def specs(app: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in charts(app)]


def choose_recipe(app: AppTest, part: str) -> list[str]:
    """The runs that the page then draws."""
    (recipe,) = (name for name in app.selectbox(key="recipe").options if part in name)
    app.selectbox(key="recipe").set_value(recipe).run()
    assert not app.exception
    return app.dataframe[0].value["run"].tolist()


def test_depth_compares_the_runs_of_one_recipe_alone(app):
    app = open_page(app, "depth")
    most = set(app.dataframe[0].value["run"])
    assert {"plain20-s0", "resnet20-s0"} <= most
    assert not {"mine-plain", "mine-residual"} & most
    assert choose_recipe(app, "epochs: 1,") == ["mine-plain", "mine-residual"]


def test_a_point_of_depth_leads_to_its_pair(app):
    app.query_params["layers"], app.query_params["point"] = "20", "plain20-s1"
    app = open_page(app, "depth")
    assert "**20 layers**: the ResNet is right on" in said(
        app
    ) or "**20 layers**: the plain network is right on" in said(app)
    deeper = "a=plain110-clip1&b=resnet110-clip1"
    assert compared(app) == ["a=plain20-s1&b=resnet20-s1", deeper]
    app.selectbox(key="layers").set_value(56).run()
    assert compared(app) == ["a=plain56-s0&b=resnet56-s0", deeper]
    choose_recipe(app, "epochs: 1,")  # in which nobody has that depth
    assert compared(app) == []


def compared(app) -> list[str]:
    """The pairs that the page offers to compare; beside each is a link to how the same two learned."""
    pairs, learned = (
        [link.proto.query_string for link in app.get("page_link") if (link.proto.page, link.proto.label) == target]
        for target in (("compare", "Compare these two"), ("learning_curves", "See how they learned"))
    )
    assert learned == pairs
    return pairs


def test_depth_shows_what_other_recipes_make_of_the_same_depth(app):
    table = open_page(app, "depth").dataframe[1].value
    shallow = table[(table["layers"] == 20) & (table["epochs"] == "12")].iloc[0]
    right = {name: cached.accuracy(open_run(SHIPPED / name)).value for name in ("plain20-quick", "resnet20-quick")}
    points = 100 * (right["resnet20-quick"] - right["plain20-quick"])
    assert shallow["ResNet ahead (points)"] == pytest.approx(points)
    assert set(table["layers"]) == {20, 56, 110}  # at 8 and 32 layers there is only the recipe that is shown
    assert "normalization" not in table  # those without BatchNorm are other networks


def test_depth_finds_the_change_as_runs_appear(app, make_run):
    make_run("deep-plain", skip=False, depth=14)
    make_run("deep-residual", skip=True, depth=14)
    app = open_page(app, "depth")
    assert choose_recipe(app, "epochs: 1,") == ["mine-plain", "mine-residual", "deep-plain", "deep-residual"]
    assert "In these trainings, from 8 to 14 layers the plain network" in said(app)
    assert not any("More depths" in info.value for info in app.info)


def test_depth_opens_with_a_run_whose_history_is_damaged(app, own_runs):
    (own_runs / "mine-plain" / "history.csv").write_text("damaged")
    app = open_page(app, "depth")
    assert choose_recipe(app, "epochs: 1,") == ["mine-residual"]
    assert "history.csv" in said(app, "warning")


def test_gradient_flow_shows_both_trainings_and_both_fresh_networks(app, own_runs):
    app.query_params["flow_depth"] = "8"
    app = open_page(app, "gradient_flow")
    assert app.select_slider(key="flow_depth").value == 8
    assert len(specs(app)) == 9  # before training 2, at its end 1; in every epoch 4; the ratio, and an epoch
    captions = [each.value for each in app.caption]  # below the heatmaps; the ratio, and an epoch
    assert (captions.count(gradient_words.SIZE_ALONE), captions.count(gradient_words.SIZE_AGAIN)) == (1, 1)
    end = {side: open_run(own_runs / name).gradients()[1][-1] for side, name in OWN.items()}
    for side, norms in end.items():
        assert f"{side}'s first layer receives {gradient_words.first_layer(gradients.first_by_last(norms))}" in said(
            app
        )
    assert (
        f"of A receives {gradient_words.typical_layer(gradients.typical_by_typical(*end.values()), 'in B')}."
        in said(app)
    )
    app.toggle(key="flow_norm").set_value(False)
    app.select_slider(key="flow_depth").set_value(56).run()
    assert not app.exception
    assert re.search(
        r"typical layer \(the median\) of the plain network receives 1/\d+ of what one receives in the same network",
        said(app),
    )


def test_gradient_flow_goes_back_to_before_the_first_step(app, own_runs):
    app = open_page(app, "gradient_flow")
    app.slider(key="gradient_epoch").set_value(0).run()
    assert not app.exception
    assert "Epoch 0: before the first step" in said(app)
    chart = charts(app)[8]  # after two of new networks, the steps at the end, four heatmaps and the ratio
    drawn = pd.concat(convert_arrow_bytes_to_pandas_df(dataset.data.data) for dataset in chart.proto.datasets)
    for side, name in OWN.items():
        (begun,) = cached.initial_gradients([TrainConfig(depth=8, skip=name == OWN["B"])])
        assert drawn[drawn["side"] == side]["norm"].tolist() == begun["norm"].tolist()
    low, high = json.loads(chart.proto.spec)["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert low <= drawn["norm"].min() <= drawn["norm"].max() <= high


def test_gradient_flow_takes_an_epoch_that_another_pair_does_not_have(app):
    app = open_page(app, "gradient_flow")
    for (a, b), chosen in (
        (("plain20-s0", "resnet20-s0"), 35),
        (("plain56-none", "resnet56-none"), 0),  # 10 epochs
        (("resnet50-scratch", "resnet50-imagenet"), 2),  # no epoch 0
    ):
        app = open_page(app, "compare")
        app.selectbox(key="a").set_value(a).run()
        app.selectbox(key="b").set_value(b).run()
        app = open_page(app, "gradient_flow")
        assert app.slider(key="gradient_epoch").value == 1
        app.slider(key="gradient_epoch").set_value(chosen).run()
        assert not app.warning


def test_gradient_flow_needs_the_weights_to_tell_how_far_a_step_moves(app, own_runs):
    table = at_end(open_run(own_runs / OWN["B"]))
    length = gradient_words.step(0.01 * table["norm"][0] / table["size"][0])
    (own_runs / OWN["A"] / "model.safetensors").unlink()
    app = open_page(app, "gradient_flow")
    assert f"would move the first layer's weights in B by {length}." in said(app)
    assert "steps reach every layer of both" not in said(app)
    assert "A: how far a step would move its layers is not known, as its weights are not here." in said(app, "caption")


def test_gradient_flow_shows_how_far_the_steps_went_where_that_was_recorded(app, own_runs):
    run = open_run(own_runs / OWN["A"])
    layers, norms = run.gradients()
    store.save_progress(run.path, run.history().to_dict("records"), layers, norms)  # as before it was recorded
    app = open_page(app, "gradient_flow")
    assert "When **A** was trained, how far steps moved" in said(app, "info")
    assert [block.value for block in app.code] == [reproduction.command(run)]
    recorded = open_run(own_runs / OWN["B"]).relative_steps()
    assert gradient_words.steps("In B, epoch 1", recorded[0]) in said(app)
    (drawn,) = (
        chart for chart in charts(app) if '"field": "step"' in chart.proto.spec and '"epoch"' in chart.proto.spec
    )
    table = pd.concat(convert_arrow_bytes_to_pandas_df(dataset.data.data) for dataset in drawn.proto.datasets)
    assert table["step"].tolist() == pytest.approx(recorded[0].tolist())


def test_gradient_flow_compares_no_steps_where_none_can_be_computed(app, own_runs):
    for name in OWN.values():
        run = open_run(own_runs / name)
        layers, norms = run.gradients()
        lost = np.full_like(norms, np.nan)
        store.save_progress(run.path, run.history().to_dict("records"), layers, lost, lost)
    shown = said(open_page(app, "gradient_flow"))
    for where in ("In A", "In B", "In A, epoch 1", "In B, epoch 1"):
        assert f"{where}, no layer has a step that can be computed." in shown
    assert "nan" not in shown.lower().replace("-", " ").split()


@pytest.mark.parametrize(("optimizer", "name"), [("adamw", "AdamW"), ("muon", "Muon")])
def test_gradient_flow_claims_no_steps_of_another_optimizer(app, own_runs, optimizer, name):
    path = own_runs / OWN["A"] / "config.json"
    stored = json.loads(path.read_text())
    stored["config"]["optimizer"] = optimizer
    path.write_text(json.dumps(stored))
    app = open_page(app, "gradient_flow")
    assert f"steps moved the layers of **A** is not shown: {name}" in said(app, "info")


def test_gradient_flow_takes_one_step_when_told(app, monkeypatch):
    monkeypatch.setattr("ui.gradients.new_networks.STEP_DEPTH", 8)
    app = open_page(app, "gradient_flow")
    before = len(charts(app))
    app.button(key="one_step").click().run()
    assert not app.exception
    assert len(charts(app)) == before + 1
    assert undescribed(app) == []
    plain, residual = (cached.first_step(config) for config in new_networks.step_configs().values())
    assert f"ends such a training after its first epoch, because a weight is beyond {EXPLODED:,.0f}" in said(app)
    found = re.search(r"first layer was (\S+)\. Now it is (\S+) in the plain network, and (\S+) in", said(app))
    sizes = plain["before"][0], plain["after"][0], residual["after"][0]
    assert [float(number) for number in found.groups()] == pytest.approx(sizes, rel=0.05)
    app = open_page(app, "gradient_flow")  # and does not ask again
    assert len(charts(app)) == before + 1


def test_gradient_flow_compares_the_messages_of_almost_equal_pictures(app, monkeypatch):
    monkeypatch.setattr("ui.gradients.new_networks.LIKENESS_DEPTHS", (8, 14))
    monkeypatch.setattr("ui.gradients.new_networks.WAY_DEPTH", 14)
    app = open_page(app, "gradient_flow")
    before = len(charts(app))
    app.button(key="likeness").click().run()
    assert not app.exception
    assert len(charts(app)) == before + 3
    assert undescribed(app) == []
    found = re.search(r"ResNet of 14 layers the two messages are still (\d+)% alike.* plain .* (\d+)% alike", said(app))
    alike = [cached.interpolate(TrainConfig(depth=14, skip=skip))["alike"][2] for skip in (True, False)]
    assert [int(number) / 100 for number in found.groups()] == pytest.approx(alike, abs=0.006)


def test_gradient_flow_has_no_beginning_of_networks_that_began_pretrained(app):
    app.query_params["a"], app.query_params["b"] = "resnet50-scratch", "resnet50-imagenet"
    app = open_page(app, "gradient_flow")
    assert app.slider(key="gradient_epoch").min == 1


def test_a_network_that_learned_nothing_is_called_so_on_every_page(guesser):
    app = open_page(guesser, "depth")
    choose_recipe(app, "epochs: 1,")
    assert "At 8 layers the plain network does no better than guessing" in said(app)

    app = open_page(guesser, "gradient_flow")
    assert "A's first layer receives practically no gradient, like the last layer;" in said(app)
    assert "A typical layer (the median) of A receives practically no gradient, unlike one in B." in said(app)
    assert "From epoch 1, A's first layer receives practically nothing." in said(app)
    assert "the lightest is a millionth of the strongest, or less" in said(app)

    app = open_page(guesser, "surgery")
    assert "One block removed: A does little better than guessing" in said(app)


def test_gradient_flow_opens_without_gradients_and_says_so(app, own_runs):
    (own_runs / "mine-plain" / "gradients.npz").unlink()
    app = open_page(app, "gradient_flow")
    assert "**A: mine-plain** came without usable gradients" in said(app, "info")
    assert "B's first layer receives" in said(app)
    (own_runs / "mine-residual" / "gradients.npz").unlink()
    app = app.run()
    assert not app.exception
    assert len(specs(app)) == 2  # what needs no training is still there


def test_gradient_flow_tells_of_a_message_that_was_shortened(app, make_run):
    make_run("clipped", clip_norm=1.0, clip_layer=0.5)
    app.query_params["b"] = "clipped"
    app = open_page(app, "gradient_flow")
    limits = "the message was shortened to a length of at most 1 and each layer's message was shortened to a length of"
    assert f"Before each step, in B {limits} at most 0.5" in said(app, "info")


def test_gradient_flow_says_where_a_training_broke_down(app, own_runs):
    run = open_run(own_runs / "mine-residual")
    layers, norms = run.gradients()
    norms = np.concatenate([norms, norms])
    norms[1, :3] = np.nan
    store.save_progress(run.path, run.history().to_dict("records"), layers, norms)
    failures = (("diverged-run", "The loss is no longer a number."), ("killed-run", status.KILLED))
    for name, reason in failures:
        failed = own_runs / name
        failed.mkdir()
        store.save_facts(failed, run.config, run.facts)
        status.write(failed, status.Status("failed", reason=reason, diverged=name == "diverged-run"))
        store.save_progress(failed, [], layers, norms)
    app = open_page(app, "gradient_flow")
    warnings = said(app, "warning")
    assert f"B broke down in epoch 2: at layer 3 ({layers[2]})" in warnings
    assert "**diverged-run**: The loss is no longer a number." in warnings
    assert "killed-run" not in warnings
    assert len(specs(app)) == 9  # the heatmap of what broke down comes last


@pytest.mark.parametrize(
    ("page", "button", "pair", "sentences"),
    [
        (
            "surgery",
            "operate_on_twins",
            ("plain56-s0", "resnet56-s0"),
            [r"One block removed: A loses [67]\d\.\d points .* B loses \d\.\d points"],
        ),
        (
            "surgery",
            "operate_on_depths",
            ("resnet20-s0", "resnet56-s0"),
            [r"One block removed: A loses \d\d\.\d points .* B loses \d\.\d points"],
        ),
        (
            "gradient_flow",
            "everywhere",
            ("plain56-none", "resnet56-none"),
            [
                "In both, before each step, the message was shortened to a length of at most 1",
                "A typical layer .* of A receives about as much as one receives in B",  # as the second sentence says
            ],
        ),
    ],
)
def test_a_telling_pair_is_one_click_away(app, page, button, pair, sentences):
    app = open_page(app, page)
    app.button(key=button).click().run()
    assert not app.exception
    assert (app.selectbox(key="a").value, app.selectbox(key="b").value) == pair
    for sentence in sentences:
        assert re.search(sentence, said(app) + said(app, "info"))
    assert button not in [other.key for other in app.button]


def test_surgery_shows_what_is_left(app):
    app.query_params["off"] = "1"
    app = open_page(app, "surgery")
    assert len(charts(app)) == 2  # the two networks, to be clicked
    whole = [metric.value for metric in app.metric]
    app.pills(key="off").set_value(["2"]).run()
    assert not app.exception
    assert "Block 2 stays" in said(app)  # in the plain network
    assert re.search(r"The plain network, with all its blocks, .*; the ResNet, without block 2, gets", said(app))
    assert [metric.value for metric in app.metric] != whole
    app.pills(key="off").set_value([]).run()
    app.slider(key="branches").set_value(0.512345).run()  # as a link may say
    assert not app.exception
    assert re.search(r"The plain network, with all its blocks, .* the ResNet, with its blocks at 50%, gets", said(app))
    assert app.metric[1].delta


def test_surgery_leads_to_why_the_plain_network_breaks_once_something_is_cut(app):
    app = open_page(app, "surgery")
    assert not app.get("page_link")
    app.pills(key="off").set_value(["2"]).run()
    (link,) = app.get("page_link")
    assert (link.proto.page, link.proto.query_string) == ("when_it_knows", "a=mine-plain&b=mine-residual")


def test_surgery_makes_no_alarm_of_what_may_be_luck(app):
    app.query_params["a"], app.query_params["b"] = "plain56-s0", "resnet56-s0"
    app = open_page(app, "surgery")
    app.pills(key="off").set_value(["14"]).run()
    (lost, alarm), (little, none) = ((float(metric.delta.split()[0]), metric.color) for metric in app.metric)
    assert lost < -surgery.A_POINT < little < 0
    assert (alarm, none) == (Metric.RED, Metric.GRAY)


def test_surgery_is_prepared_while_the_visitor_reads(app, own_runs, monkeypatch):
    prepared = queue.Queue()
    monkeypatch.setattr(cached, "surgery_network", lambda run: prepared.put(run.path))
    open_page(app, "surgery")
    awaited = {own_runs / "mine-plain", own_runs / "mine-residual"}
    while awaited:  # an earlier test's thread may still be at work and put its own
        awaited.discard(prepared.get(timeout=30))


def test_surgery_studies_a_run_that_was_not_and_keeps_it(app, own_runs):
    app = open_page(app, "surgery")
    assert "has not been studied" in said(app, "info")
    assert len(specs(app)) == 2  # the networks alone
    app.button(key="study_A").click().run()
    assert not app.exception
    run = open_run(own_runs / "mine-plain")
    assert set(surgery.load(run)) == set(surgery.cuts(run.config))
    assert len(specs(app)) == 4
    assert f"One block removed: A {surgery_words.cost(surgery.cost(surgery.load(run), run.config))}" in said(app)


def test_surgery_on_a_busy_computer_says_so_of_each(app, monkeypatch):
    monkeypatch.setattr(cached, "accuracy_without", Mock(side_effect=LabError("Too busy.")))
    app.query_params["off"] = "1"
    app = open_page(app, "surgery")
    app.button(key="study_A").click().run()
    assert not app.exception
    assert [error.value for error in app.error] == ["Too busy."] * 3  # of A, of B, and of the study


def test_surgery_without_weights_says_what_is_missing(app, own_runs):
    (own_runs / "mine-residual" / "model.safetensors").unlink()
    app = open_page(app, "surgery")
    app.pills(key="off").set_value(["1"]).run()
    assert not app.exception
    assert "has no weights" in said(app, "error")
    assert len(app.metric) == 1


def test_surgery_has_a_pair_of_its_own_where_the_chosen_one_cannot_be_cut(app):
    app.query_params["a"], app.query_params["b"] = "resnet50-scratch", "resnet50-imagenet"
    app = open_page(app, "surgery")
    assert "so it shows another" in said(app)
    assert [app.selectbox(key=key).value for key in "ab"] == ["plain20-s0", "resnet20-s0"]
    assert "resnet50-imagenet" not in app.selectbox(key="a").options
    assert len(app.metric) == 2
    app = open_page(app, "compare")
    assert [app.selectbox(key=key).value for key in "ab"] == ["resnet50-scratch", "resnet50-imagenet"]
    onward = {link.proto.label: link.proto.query_string for link in app.get("page_link")}
    assert onward["How many photos does it take?"] == "a=resnet50-scratch&b=resnet50-imagenet"
    assert "Cut a block out of both" not in onward
