"""What stands between browsers and Streamlit, asked as a server would ask it, without one."""

import asyncio
import tomllib
from types import SimpleNamespace

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core.data import picture_files
from core.paths import ROOT
from ui import middleware
from ui.middleware import CurrentPage, Limits, NeededMessages, NoFrames

OTHERS = [
    BackMsg(clear_cache=True),
    BackMsg(load_git_info=True),
    BackMsg(set_run_on_save=True),
    BackMsg(debug_shutdown_runtime=True),
    BackMsg(backend_operation_request={"request_id": "1", "install_skills": {}}),
    BackMsg(),
]
NEEDED = [
    BackMsg(rerun_script={"query_string": "a=1"}),
    BackMsg(stop_script=True),
    BackMsg(file_urls_request={"file_names": ["x.png"]}),
    BackMsg(app_heartbeat=True),
    BackMsg(backend_operation_request={"request_id": "1", "deferred_file": {"file_id": "2"}}),
]


def begun(page: str, *fragments: str) -> ForwardMsg:
    return ForwardMsg(metadata={"run": {"fragment_ids": fragments}}, new_session={"page_script_hash": page})


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ([begun("a"), begun("a", "clock")], []),
        ([begun("a"), begun("b"), begun("a", "clock")], [2]),
        ([begun("main"), ForwardMsg(navigation={"page_script_hash": "a"}), begun("a", "clock")], []),
        ([begun("main"), ForwardMsg(navigation={"page_script_hash": "a"}), begun("main", "clock")], [2]),
        ([begun("a"), begun("b"), begun("a", "clock"), begun("a"), begun("a", "clock")], [2]),
        ([begun("a"), ForwardMsg(script_finished=0), ForwardMsg(metadata={"run": {"fragment_ids": ["clock"]}})], []),
    ],
    ids=["same page", "page left", "by the menu", "by the menu, left", "and come back", "other news"],
)
def test_a_part_of_a_page_that_was_left_does_not_begin_anew(told, kept):
    """The browser would take its beginning for that of another page, and drop what it shows."""
    messages = [{"type": "websocket.accept"}, {"type": "websocket.send", "text": "x"}]
    messages += [{"type": "websocket.send", "bytes": each.SerializeToString()} for each in told]

    async def app(scope, receive, send):
        for message in messages:
            await send(message)

    server = Server()
    asyncio.run(CurrentPage(app)({"type": "websocket"}, server.receive, server.send))
    assert server.sent == [message for at, message in enumerate(messages, start=-2) if at not in kept]


UPLOAD = {"type": "http", "method": "PUT", "path": "/lab/_stcore/upload_file/s/f"}


def test_the_limits_here_are_those_of_streamlits_settings():
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert settings["server"]["maxUploadSize"] * 2**20 == middleware.LARGEST_UPLOAD >= picture_files.MAX_BYTES
    assert settings["runner"]["postScriptGC"] is False  # or 60 visitors wait long
    assert settings["client"]["showErrorDetails"] == "type"  # a traceback tells where the server keeps its files


class Server:
    """A server and an app in one: what the app is told, and what it is asked for."""

    def __init__(self, *told: dict):
        self.told, self.heard, self.sent, self.calls = list(told), [], [], 0
        self.go_on = asyncio.Event()

    async def app(self, scope, receive, send):
        self.calls += 1
        while self.told:
            self.heard.append(await receive())
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.go_on.wait()

    async def receive(self):
        return self.told.pop(0)

    async def send(self, message):
        self.sent.append(message)

    def ask(self, app, scope):
        return asyncio.create_task(app({"headers": [], **scope}, self.receive, self.send))


def ask(middleware_class, scope, *told) -> Server:
    async def once() -> Server:
        server = Server(*told)
        server.go_on.set()
        await server.ask(middleware_class(server.app), scope)
        return server

    return asyncio.run(once())


def at_once(scope, number, then=0) -> tuple[int, int, list]:
    """(how many of `number` requests reach the app while all last, how many of `then` more once they have ended, what
    the first ones were answered)."""

    async def all_of_them():
        server = Server()
        app = Limits(server.app)
        tasks = [server.ask(app, scope) for _ in range(number)]
        await asyncio.sleep(0)
        first, answers = server.calls, list(server.sent)
        server.go_on.set()
        await asyncio.gather(*tasks)
        await asyncio.gather(*(server.ask(app, scope) for _ in range(then)))
        return first, server.calls - first, answers

    return asyncio.run(all_of_them())


@pytest.fixture
def kept(monkeypatch):
    """{session: {file: record}}, as Streamlit keeps files of visitors."""
    files = {}
    manager = SimpleNamespace(uploaded_file_mgr=SimpleNamespace(file_storage=files))
    monkeypatch.setattr(middleware.runtime, "get_instance", lambda: manager)
    return files


def test_only_messages_that_the_pages_send_come_through():
    damaged = b"\xff\xff"
    sent = [*(message.SerializeToString() for message in [*OTHERS, *NEEDED]), damaged, b"(\x01", b"`\x01"]
    told = [{"type": "websocket.connect"}, *({"type": "websocket.receive", "bytes": each} for each in sent)]
    text = {"type": "websocket.receive", "text": "x", "bytes": None}
    heard = ask(NeededMessages, {"type": "websocket"}, *told, text, {"type": "websocket.disconnect"}).heard
    assert [each.get("bytes") for each in heard[1:-2]] == [*(each.SerializeToString() for each in NEEDED), damaged]
    assert [each["type"] for each in heard[-2:]] == ["websocket.receive", "websocket.disconnect"]


def test_what_a_browser_uploads_is_left_alone():
    body = {"type": "http.request", "body": OTHERS[0].SerializeToString()}
    assert ask(NeededMessages, {"type": "http", "method": "GET", "path": "/"}, body).heard == [body]


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888"])
def test_an_address_in_the_internet_has_so_many_sockets_at_once(address):
    scope = {"type": "websocket", "client": (address, 1)}
    reached, later, answers = at_once(scope, middleware.SOCKETS + 3, then=2)
    assert (reached, later) == (middleware.SOCKETS, 2)
    assert answers == 3 * [{"type": "websocket.close", "code": 1013}]


@pytest.mark.parametrize(
    "client", [("127.0.0.1", 1), ("::1", 1), ("192.168.0.7", 1), ("172.17.0.1", 1), ("x", 1), None]
)
def test_others_share_an_address_behind_a_proxy(client):
    assert at_once({"type": "websocket", "client": client}, middleware.SOCKETS + 3)[0] == middleware.SOCKETS + 3


def test_a_session_keeps_so_many_bytes_of_files(kept):
    whole = SimpleNamespace(data=bytes(middleware.LARGEST_UPLOAD))
    kept["s"] = {str(number): whole for number in range(4)}
    kept["other"] = {str(number): whole for number in range(6)}
    reached, _, answers = at_once(UPLOAD, 5)
    assert reached == 2
    assert [each["status"] for each in answers if "status" in each].count(413) == 3
    kept["s"]["4"] = kept["s"]["5"] = whole
    assert at_once(UPLOAD, 1)[0] == 0
    del kept["s"]
    assert at_once(UPLOAD, 1)[0] == 1
    assert at_once(UPLOAD | {"method": "DELETE"}, 9)[0] == 9


def test_all_sessions_keep_so_many_bytes_of_files(kept):
    whole = SimpleNamespace(data=bytes(middleware.LARGEST_UPLOAD))
    kept.update({str(number): {"f": whole} for number in range(middleware.UPLOADS_OF_ALL // middleware.LARGEST_UPLOAD)})
    assert at_once(UPLOAD, 1)[0] == 0
    kept.popitem()
    assert at_once(UPLOAD, 2)[0] == 1


@pytest.mark.parametrize(
    ("host", "closed"),
    [("localhost:8501", True), ("127.0.0.1", True), ("[::1]:8501", True), ("192.168.0.1:8501", False), ("", False)],
)
def test_nobody_puts_into_a_frame_what_is_shown_to_who_sits_here(host, closed):
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", host.encode())]}
    (start,) = ask(NoFrames, scope).sent
    assert ((b"content-security-policy", b"frame-ancestors 'self'") in start["headers"]) == closed
