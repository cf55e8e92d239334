"""Who may change things, by where the request comes from and by the token."""

import pytest

from core.errors import LabError
from core.jobs import limits
from tests.pages.opened import new_app, open_page, said
from ui import permission

LOCAL = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}


@pytest.fixture(autouse=True)
def _own_token(monkeypatch):
    """One for each test, as for each server."""
    monkeypatch.delenv("RESNET_LAB_ADMIN", raising=False)
    permission.token.cache_clear()
    yield
    permission.token.cache_clear()


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8501", "127.0.0.1:8501", "[::1]:8501", "[::1]"])
@pytest.mark.parametrize("came_from", [None, "::ffff:127.0.0.1"])
def test_a_browser_on_this_computer_may(came_from, host):
    assert permission.sits_here(came_from, {"Host": host, "Origin": f"http://{host}"})


@pytest.mark.parametrize(
    ("came_from", "changed"),
    [
        ("192.168.0.7", {}),
        ("::ffff:192.168.0.7", {}),
        ("10.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        (None, {"Host": "evil.example:8501", "Origin": "http://evil.example:8501"}),  # DNS rebinding
        (None, {"Host": "localhost.evil.example"}),
        (None, {"Host": "localhost@evil.example"}),
        (None, {"Host": "192.168.0.7:8501"}),
        (None, {"Host": "[::1"}),
        (None, {"Host": ""}),
        (None, {"Origin": "https://lab.example"}),  # a proxy that hides itself and the name that was asked for
        (None, {"Origin": "null"}),
        (None, {"Origin": "http://[::1"}),
        *((None, {name: "127.0.0.1"}) for name in permission.OF_A_PROXY),
    ],
)
def test_nobody_else_may(came_from, changed):
    assert not permission.sits_here(came_from, LOCAL | changed)


def test_a_request_that_names_no_host_may_not():
    assert not permission.sits_here(None, {})


@pytest.mark.parametrize(
    ("came_from", "changed", "device"),
    [
        ("192.168.0.7", {}, "192.168.0.7"),
        ("::ffff:192.168.0.7", {}, "192.168.0.7"),
        ("fe80::1%eth0", {}, "fe80::1%eth0"),
        ("192.168.0.7", {"Via": "1.1 proxy"}, None),
        (None, {}, None),
        ("::ffff:127.0.0.1", {}, None),
        ("8.8.8.8", {}, None),  # of a school, perhaps
        ("::ffff:8.8.8.8", {}, None),
        ("unix:", {}, None),
    ],
)
def test_an_address_is_one_devices_in_this_network_alone(came_from, changed, device, monkeypatch):
    monkeypatch.setattr(permission, "_visitor", lambda: (came_from, LOCAL | changed))
    assert permission.device() == device


def test_the_token_of_this_server_opens_the_door_and_leaves_the_link(elsewhere):
    app = new_app()
    app.query_params["admin"] = permission.token()
    app = open_page(app, "train")
    assert "admin" not in app.query_params
    assert app.button(key="start")
    app = open_page(app, "surgery")
    assert permission.NOT_HERE not in said(app)


@pytest.mark.parametrize("wrong", ["", "x", "a" * 22, "é" * 5_000])
def test_another_token_opens_nothing(elsewhere, wrong):
    app = new_app()
    app.query_params["admin"] = wrong
    app = open_page(app, "train")
    assert "admin" not in app.query_params
    assert not [button.key for button in app.main.button if button.key == "start"]


def test_a_token_may_be_chosen_but_not_a_weak_one(monkeypatch):
    monkeypatch.setenv("RESNET_LAB_ADMIN", "correct-horse-battery")
    assert permission.token() == "correct-horse-battery"
    assert "correct-horse" not in permission.announcement()
    for weak in ("secret", "two words and a half", "x" * 65):
        permission.token.cache_clear()
        monkeypatch.setenv("RESNET_LAB_ADMIN", weak)
        with pytest.raises(LabError, match="16 to 64"):
            permission.announcement()


def test_a_token_that_was_chosen_counts_alone(monkeypatch):
    """What forwards connections makes all visitors come from this computer, and a Host can be invented."""
    assert permission.refusal() is None
    monkeypatch.setenv("RESNET_LAB_ADMIN", "correct-horse-battery")
    assert permission.refusal() == permission.TOKEN_ALONE


def test_the_link_that_is_printed_is_the_one_that_works():
    assert permission.announcement().endswith(f"/?admin={permission.token()}")


@pytest.mark.parametrize(
    ("bound", "host"),
    [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("0.0.0.0", "192.168.0.9"), (None, "192.168.0.9")],
)
def test_the_link_that_is_printed_has_the_address_on_which_the_server_listens(monkeypatch, bound, host):
    monkeypatch.setattr(permission.address, "on_the_network", lambda: "192.168.0.9")
    get_option = permission.st.get_option
    monkeypatch.setattr(permission.st, "get_option", lambda key: bound if key == "server.address" else get_option(key))
    assert f"http://{host}:" in permission.announcement()


def test_where_training_is_off_the_token_is_of_no_use(monkeypatch):
    monkeypatch.setenv("RESNET_LAB_TRAINING", "off")
    app = new_app()
    monkeypatch.setenv("RESNET_LAB_ADMIN", "guessed")
    app.query_params["admin"] = "guessed"
    app = open_page(app, "train")
    assert "admin" not in app.query_params
    assert not app.error
    assert not app.toast
    assert "switched off" in app.main.info[0].value
    assert not limits.training_allowed()
