"""The page Train networks, run without a browser: nothing is trained here, what is queued stays in the queue."""

import io
import json
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest

from core import paths
from core.jobs import keeper, trainings
from core.runs import library, status, store
from core.runs.run import open_run
from core.settings.setting import differences
from core.settings.train_config import TrainConfig
from core.sharing import zip_archive
from tests.pages.opened import charts, new_app, open_page, said
from ui import link, permission
from ui.training import experiment_form
from ui.training.experiment_form import FILLED_IN
from ui.training.runs_table import twins


@pytest.fixture
def app(make_run, monkeypatch) -> AppTest:
    """The app with two runs of the test's own beside the shipped ones."""
    make_run("mine-plain", skip=False)
    make_run("mine-residual", skip=True)
    monkeypatch.setattr(keeper, "wake", lambda *args: None)
    experiment_form._measurement.clear()
    return new_app()


def section(app: AppTest, name: str) -> AppTest:
    app = open_page(app, "train")
    app.button_group(key="section").set_value(name).run()
    assert not app.exception
    return app


def test_one_press_queues_two_runs_that_differ_in_one_thing(app):
    app = section(app, "experiment")
    app.number_input(key="cifar_epochs").set_value(3).run()
    app.selectbox(key="cifar_second").set_value("norm").run()
    assert app.button(key="start").label.startswith("Start 2 runs")
    app.button(key="start").click().run()
    assert not app.exception
    a, b = (open_run(paths.own_runs_dir() / name).config for name in trainings.states())
    assert differences(a, b) == {"norm": ("batch", "none")}
    assert (a.epochs, a.data) == (3, "shipped")
    assert app.selectbox(key="chosen_run").value == a.default_run_name  # the page has gone on to "All runs"


def test_what_was_typed_last_counts_though_start_is_pressed_at_once(app):
    app = section(app, "experiment")
    app.number_input(key="cifar_epochs").set_value(3)
    app.button(key="start").click().run()
    assert not app.exception
    assert {open_run(paths.own_runs_dir() / name).config.epochs for name in trainings.states()} == {3}


def test_a_link_to_an_experiment_leads_there_from_all_runs(app):
    app = open_page(section(app, "runs"), "depth")
    app.switch_page("../pages/train.py")
    app.query_params.update(link.SET_UP)
    assert app.run().button(key="start")


@pytest.mark.parametrize(("label", "named"), FILLED_IN.items())
def test_a_named_recipe_is_filled_in(app, label, named):
    app = section(app, "experiment")
    app.number_input(key="cifar_sgd_lr").set_value(0.05).run()
    app.number_input(key="cifar_epochs").set_value(3).run()
    app.button(key=f"fill_in_{label}").click().run()
    assert not app.warning
    app.button(key="start").click().run()
    plain, resnet = (open_run(paths.own_runs_dir() / name).config for name in trainings.states())
    assert (plain, resnet) == (TrainConfig(skip=False, **named), TrainConfig(**named))


def test_each_seed_trains_the_whole_pair(app):
    app = section(app, "experiment")
    app.number_input(key="seeds").set_value(2).run()
    app.button(key="start").click().run()
    configs = [open_run(paths.own_runs_dir() / name).config for name in trainings.states()]
    assert [(config.skip, config.seed) for config in configs] == [(False, 0), (True, 0), (False, 1), (True, 1)]


def test_a_second_run_needs_another_value(app):
    app = section(app, "experiment")
    app.selectbox(key="cifar_second").set_value("depth").run()
    assert app.button(key="start").label == "Start training"
    app.selectbox(key="cifar_second_depth").set_value(8).run()
    assert app.button(key="start").label.startswith("Start 2")


def test_two_schedules_make_two_lines(app):
    app = section(app, "experiment")
    app.selectbox(key="cifar_second").set_value("warmup").run()
    app.number_input(key="cifar_second_warmup").set_value(0.5).run()
    (chart,) = charts(app)
    (lines,) = (convert_arrow_bytes_to_pandas_df(dataset.data.data) for dataset in chart.proto.datasets)
    assert lines.groupby("run")["epoch"].agg(["min", "max"]).to_numpy().tolist() == [[0, 8], [0, 8]]
    assert not lines.duplicated(["run", "epoch"]).any()


def test_the_other_optimizer_has_a_learning_rate_of_its_own(app):
    app = section(app, "experiment")
    assert app.number_input(key="cifar_sgd_lr").value == pytest.approx(0.3)
    app.selectbox(key="cifar_optimizer").set_value("adamw").run()
    assert app.number_input(key="cifar_adamw_lr").value == pytest.approx(0.003)


def test_one_of_torchvisions_networks(app):
    app = section(app, "experiment")
    app.button_group(key="family").set_value("torchvision").run()
    assert not app.exception
    app.selectbox(key="torchvision_network").set_value("mobilenet_v3_small").run()
    app.selectbox(key="torchvision_second").set_value("init").run()
    app.button(key="start").click().run()
    configs = [open_run(paths.own_runs_dir() / name).config for name in trainings.states()]
    assert [(config.network, config.init) for config in configs] == [
        ("mobilenet_v3_small", "scratch"),
        ("mobilenet_v3_small", "imagenet"),
    ]


@pytest.mark.parametrize("away", ["another page", "all runs"])
def test_what_was_typed_is_there_when_one_comes_back(app, away):
    app = section(app, "experiment")
    app.number_input(key="cifar_epochs").set_value(3).run()
    app.selectbox(key="cifar_optimizer").set_value("adamw").run()
    app.number_input(key="cifar_adamw_lr").set_value(0.002).run()
    app.selectbox(key="cifar_second").set_value("depth").run()
    app.selectbox(key="cifar_second_depth").set_value(8).run()
    app.number_input(key="cifar_train_fraction").set_value(50).run()
    app.number_input(key="seeds").set_value(2).run()
    typed = app.button(key="start").label, charts(app)[0].proto.spec
    app = section(app, "runs") if away == "all runs" else open_page(app, "compare")
    app = section(app, "experiment")
    assert (app.button(key="start").label, charts(app)[0].proto.spec) == typed
    assert app.number_input(key="cifar_adamw_lr").value == pytest.approx(0.002)
    assert (app.number_input(key="cifar_epochs").value, app.number_input(key="cifar_train_fraction").value) == (3, 50)
    assert app.selectbox(key="cifar_second_depth").value == 8
    app.button_group(key="family").set_value("torchvision").run()
    app = section(open_page(app, "compare"), "experiment")
    assert app.selectbox(key="torchvision_network")


def test_the_cost_is_said_before_the_start(app):
    app = section(app, "experiment")
    experiment_form._pool().submit(int).result()  # behind the measurements, which are in a thread of their own
    app.run()
    each = 0.001 * (8 * 9_000 + (8 * 1_000 + 10_000) / 3) / 60
    assert f"About **{2 * each:.0f} minutes** for 2 runs" in said(app)


def test_pressed_twice_it_starts_once_and_a_name_that_is_taken_is_said(app):
    for _ in range(2):
        app = section(app, "experiment")
        app.button(key="start").click().run()
        assert not app.exception
        assert not app.error
    names = list(trainings.states())
    assert len(names) == 2
    for name in names:
        trainings.stop(name)
    app = section(app, "experiment")
    app.button(key="start").click().run()
    assert f"{names[0]} and {names[1]} exist already" in app.error[0].value


def test_all_runs_are_listed_with_their_states(app):
    app = section(app, "experiment")
    app.button(key="start").click().run()
    table = app.dataframe[0].value.set_index("run")["state"]
    assert table["mine-plain"] == "finished"
    assert table["plain20-shipped-8ep-s0"] == "waiting"
    assert table[[name for name in table.index if (paths.SHIPPED / name).exists()]].str.contains("ships").all()


def test_a_run_is_stopped_renamed_resumed_and_deleted(app, own_runs):
    app = section(app, "experiment")
    app.button(key="start").click().run()
    name = app.selectbox(key="chosen_run").value
    app.button(key=f"do_Stop_{name}").click().run()
    assert trainings.states()[name].state == "stopped"
    app.text_input(key=f"new_name_{name}").set_value("my-run").run()
    app.button(key=f"do_Rename it_{name}").click().run()
    assert (own_runs / "my-run").is_dir()
    assert app.selectbox(key="chosen_run").value == "my-run"
    app.button(key="do_Resume_my-run").click().run()
    assert trainings.states()["my-run"].state == "queued"
    app.button(key="do_Stop_my-run").click().run()
    app.button(key="do_Delete it_my-run").click().run()
    assert not app.exception
    assert not (own_runs / "my-run").exists()


def test_a_press_for_a_run_that_is_gone_is_none_for_another(app, own_runs):
    app = section(app, "runs")
    app.selectbox(key="chosen_run").set_value("mine-residual").run()
    press = app.button(key="do_Delete it_mine-residual").click()
    trainings.delete("mine-residual")  # in another tab, or by the first of two clicks
    press.run()
    assert not app.exception
    assert (own_runs / "mine-plain").is_dir()


def test_a_run_that_is_renamed_stays_a_or_b(app):
    app.query_params["a"], app.query_params["b"] = "mine-plain", "mine-residual"
    app = section(open_page(app, "compare"), "runs")
    app.selectbox(key="chosen_run").set_value("mine-residual").run()
    app.text_input(key="new_name_mine-residual").set_value("ours").run()
    app.button(key="do_Rename it_mine-residual").click().run()
    app = open_page(app, "compare")
    assert (app.selectbox(key="a").value, app.selectbox(key="b").value) == ("mine-plain", "ours")
    assert not app.warning


def test_a_bad_new_name_is_refused_in_a_sentence(app):
    app = section(app, "runs")
    app.text_input(key="new_name_mine-plain").set_value("../out").run()
    app.button(key="do_Rename it_mine-plain").click().run()
    assert not app.exception
    assert "cannot be a run's name" in app.error[0].value
    app.selectbox(key="chosen_run").set_value("mine-residual").run()
    assert app.text_input(key="new_name_mine-residual").value == "mine-residual"


def test_why_a_run_cannot_be_downloaded_is_said_before_a_click(app, own_runs):
    assert not download(section(app, "runs"), "mine-plain").disabled
    (own_runs / "mine-plain" / "history.csv").unlink()
    button = download(app, "mine-plain")
    assert button.disabled
    assert "it has no history.csv." in button.help


def download(app: AppTest, name: str):
    """Its button."""
    app.selectbox(key="chosen_run").set_value(name).run()
    assert not app.exception
    return app.get("download_button")[0].proto


def test_a_zip_of_a_run_is_added_and_a_bad_one_refused(app, own_runs):
    data = zip_archive.zip_run(library.find_run("mine-plain"))
    trainings.delete("mine-plain")
    app = section(app, "runs")
    app.file_uploader(key="zip").upload("mine-plain.zip", b"PK no zip", "application/zip").run()
    app.button(key="add_run").click().run()
    assert not app.exception
    assert len(app.error) == 1
    app.file_uploader(key="zip").upload("mine-plain.zip", data, "application/zip").run()
    app.button(key="add_run").click().run()
    assert not app.exception
    assert open_run(own_runs / "mine-plain").finished
    app.text_input(key="zip_name").set_value("another").run()
    app.button(key="add_run").click().run()
    assert open_run(own_runs / "another").finished


def test_the_twin_to_compare_with_is_not_another_seed(make_run):
    """In the order in which the form trains two seeds of a pair."""
    own = [
        make_run(f"{name}-s{seed}", skip=skip, seed=seed)
        for seed in (0, 1)
        for name, skip in (("plain", False), ("residual", True))
    ]
    assert [run.name for run in twins(own[0], own)] == ["plain-s1", "residual-s0"]
    assert [run.name for run in twins(own[3], own)] == ["residual-s0", "plain-s1"]


def test_nothing_can_be_changed_where_training_is_off(app, monkeypatch, own_runs):
    monkeypatch.setenv("RESNET_LAB_TRAINING", "off")
    for name in ("experiment", "runs"):
        app = section(app, name)
        assert not [button.key for button in app.button if button.key.startswith(("start", "do_"))]
    assert "switched off" in "".join(info.value for info in section(app, "experiment").info)


def test_from_another_computer_all_is_seen_and_nothing_changed(app, own_runs, elsewhere, make_run):
    (own_runs / "broken").mkdir()
    queued = make_run("queued")
    (queued.path / status.RESULT_FILE).unlink()
    status.write(queued.path, status.Status("failed", reason=f"{queued.path / 'resume.safetensors'} is damaged."))
    app = section(app, "experiment")
    assert permission.NOT_HERE in app.info[0].value
    app = section(app, "runs")
    assert permission.NOT_HERE in said(app)
    table = app.dataframe[0].value.set_index("run")
    assert {"mine-plain", "broken"} <= {*table.index}
    assert table["state"]["queued"] == f"failed: {Path('queued', 'resume.safetensors')} is damaged."
    weights = "/mnt/customers/acme/w.pth"
    store.save_facts(queued.path, replace(queued.config, init=weights), queued.facts)
    status.write(queued.path, status.Status("failed", reason=f"There is no file {weights}."))
    table = app.run().dataframe[0].value.set_index("run")
    assert table["state"]["queued"] == "failed: There is no file w.pth."
    for name in ("mine-plain", "broken"):
        app.selectbox(key="chosen_run").set_value(name).run()
        assert not [button.key for button in app.main.button if button.key.startswith(("start", "do_", "import"))]
    assert not app.get("file_uploader")


HOSTILE = "![x](https://example.org/p.png) [Sign in](https://example.org)"


def test_a_damaged_run_is_told_listed_and_deleted_here(app, own_runs):
    (own_runs / "broken").mkdir()
    (own_runs / "broken" / "config.json").write_text(json.dumps({"config": {"network": HOSTILE}}))
    app = section(app, "runs")
    (warning,) = app.warning
    assert "broken" in warning.value
    assert "](" not in warning.value.replace("\\](", "")
    assert "://" not in warning.value
    assert app.dataframe[0].value.set_index("run")["state"]["broken"].startswith("damaged")
    app.selectbox(key="chosen_run").set_value("broken").run()
    app.button(key="do_Delete it_broken").click().run()
    assert not app.exception
    assert not (own_runs / "broken").exists()
    assert not app.warning


def test_what_a_zip_calls_its_files_is_shown_as_text(app):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(HOSTILE.replace("/", "_"), b"")
    app = section(app, "runs")
    app.file_uploader(key="zip").upload("x.zip", buffer.getvalue(), "application/zip").run()
    app.button(key="add_run").click().run()
    assert "Sign in" in app.error[0].value
    assert "\\[Sign in\\](" in app.error[0].value


@pytest.fixture
def weights() -> bytes:
    """As akamaster's ResNets come: another name for the last layer, a prefix, a key."""
    own = library.find_run("resnet8-s0").load_model().state_dict()
    buffer = io.BytesIO()
    torch.save({"state_dict": {f"module.{name.replace('fc.', 'linear.')}": each for name, each in own.items()}}, buffer)
    return buffer.getvalue()


def with_network(app: AppTest, name: str, data: bytes) -> AppTest:
    app = section(app, "runs")
    app.file_uploader(key="network").upload(name, data, "application/octet-stream").run()
    assert not app.exception
    return app


def kind(app: AppTest):
    return next(box for box in app.selectbox if box.key.startswith("network_kind"))


def test_a_network_is_recognized_confirmed_and_added(app, own_runs, weights, monkeypatch):
    monkeypatch.setattr(trainings, "TRAINER", [sys.executable, "-c", "pass"])
    app = with_network(app, "theirs v1.th", weights)
    assert kind(app).options[:2] == ["resnet8 (fits)", "plain8 (fits)"]
    assert kind(app).value is None  # only a person can say
    assert app.button(key="add_network").disabled
    kind(app).set_value("resnet8").run()
    app.selectbox(key="network_colors").set_value("imagenet").run()
    app.button(key="add_network").click().run()
    assert not app.exception
    run = open_run(own_runs / "theirs-v1-th")
    assert (run.imported, run.config.depth, run.config.normalization) == (True, 8, "imagenet")
    assert torch.equal(run.load_model().fc.weight, library.find_run("resnet8-s0").load_model().fc.weight)


def test_a_file_that_is_no_network_is_refused_as_text(app):
    buffer = io.BytesIO()
    torch.save({"net": {f"{HOSTILE}.{i}": torch.zeros(2, 2) for i in range(2)}}, buffer)
    app = with_network(app, "x.pt", buffer.getvalue())
    assert "no network that the lab recognizes" in said(app)
    assert "](https" not in said(app).replace("\\](", "")
    app = with_network(app, "y.pt", b"<html>")
    assert "it is a web page" in app.error[0].value
    assert "/tmp" not in app.error[0].value


def test_where_the_disk_is_full_an_uploaded_network_is_refused_in_a_sentence(app, weights, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert "The disk is full." in with_network(app, "theirs.th", weights).error[0].value


@pytest.mark.parametrize(
    "page", ["compare", "learning_curves", "gradient_flow", "mistakes", "architectures", "surgery"]
)
def test_a_network_from_elsewhere_has_a_place_on_every_page(page, app, own_runs):
    """Those that need to know how it learned say that they don't."""
    run = library.find_run("mine-plain")
    facts = {name: value for name, value in run.facts.items() if name in ("architecture", "sha256")}
    imported = {"file": "a.th", "sha256": "0" * 64, "found": "", "normalization": "as given"}
    store.save_facts(run.path, run.config, facts | {"imported": imported})
    app = new_app()
    app.query_params["a"], app.query_params["b"] = "mine-plain", "mine-residual"
    app = open_page(app, page)
    assert not app.exception
    assert not app.error
    assert "trained elsewhere" in said(app, "markdown", "info", "html") or page == "architectures"  # a dot among many
