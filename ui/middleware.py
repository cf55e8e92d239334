"""Between browsers and Streamlit: what nobody needs who uses the pages is stopped here, since anybody may send it."""

from collections import Counter
from ipaddress import ip_address
from typing import cast

from google.protobuf.message import DecodeError
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from ui import permission

# Others empty the caches of all visitors, run Git, or write files on the server.
NEEDED = {"rerun_script", "stop_script", "file_urls_request", "app_heartbeat", "backend_operation_request"}
OPERATIONS = {"deferred_file", "dataframe_chunk"}
LARGEST_NEWS = 2**16  # bytes of a message that tells which page is shown: it has about 5,000
SOCKETS = 200  # of one address in the internet: a school has one for all its classes
UPLOAD = "/_stcore/upload_file/"
LARGEST_UPLOAD = 10 * 2**20  # bytes, as in .streamlit/config.toml
UPLOADS_OF_SESSION, UPLOADS_OF_ALL = 60 * 2**20, 2**30  # bytes that are kept at once
FULL = "Too many files at once. Reload the page, or try again in some minutes."


class NeededMessages:
    """A browser's messages to Streamlit without those that the pages never send."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def needed() -> Message:
            message = await receive()
            while scope["type"] == "websocket" and not _is_needed(message):
                message = await receive()
            return message

        await self._app(scope, needed, send)


def _is_needed(message: Message) -> bool:
    if message["type"] != "websocket.receive" or message.get("bytes") is None:
        return True
    try:
        sent = BackMsg.FromString(message["bytes"])
    except DecodeError:
        return True  # Streamlit closes the connection
    kind = sent.WhichOneof("type")
    if kind == "backend_operation_request":
        return sent.backend_operation_request.WhichOneof("payload") in OPERATIONS
    return kind in NEEDED


class CurrentPage:
    """A page that redraws a part of itself (`fragment(run_every=...)`) may be left while the browser asks for that.
    Streamlit then begins a run of the page that was left, and the browser drops all that the next one has drawn: a
    blank page (1.67: App.tsx, handleNewSession). That the run begins is kept from the browser; it draws nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = ""  # that the browser shows, as the browser itself knows it

        async def current(message: Message) -> None:
            nonlocal page
            told = _told(message) if scope["type"] == "websocket" else None
            if told and told.WhichOneof("type") == "new_session":
                if told.metadata.run.fragment_ids and told.new_session.page_script_hash != page:
                    return
                page = told.new_session.page_script_hash
            elif told and told.WhichOneof("type") == "navigation":
                page = told.navigation.page_script_hash
            await send(message)

        await self._app(scope, receive, current)


def _told(message: Message) -> ForwardMsg | None:
    """What Streamlit tells a browser; None for what is too large to be news of a page."""
    data = message.get("bytes") if message["type"] == "websocket.send" else None
    return ForwardMsg.FromString(data) if data and len(data) < LARGEST_NEWS else None


class Limits:
    """How many connections an address may hold, and how many bytes of files Streamlit keeps of its visitors."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._sockets: Counter[str] = Counter()
        self._arriving: Counter[str] = Counter()  # uploads, by session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and (address := _in_the_internet(scope)):
            await self._counted(self._sockets, address, self._sockets[address] < SOCKETS, scope, receive, send)
        elif scope["type"] == "http" and scope["method"] == "PUT" and UPLOAD in scope["path"]:
            session = scope["path"].partition(UPLOAD)[2].partition("/")[0]
            await self._counted(self._arriving, session, self._has_room(session), scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _counted(
        self, counter: Counter[str], whose: str, may: bool, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if not may:
            await _refuse(scope, receive, send)
            return
        counter[whose] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            counter[whose] -= 1
            if not counter[whose]:
                del counter[whose]

    def _has_room(self, session: str) -> bool:
        """For one more file, besides those that arrive now."""
        held = _held()
        of_session = held.get(session, 0) + LARGEST_UPLOAD * (self._arriving[session] + 1)
        of_all = sum(held.values()) + LARGEST_UPLOAD * (self._arriving.total() + 1)
        return of_session <= UPLOADS_OF_SESSION and of_all <= UPLOADS_OF_ALL


def _in_the_internet(scope: Scope) -> str:
    """The address of who connects; empty for one of this network, which may be a proxy's, and stand for many."""
    address = (scope.get("client") or ("",))[0]
    try:
        return address if ip_address(address).is_global else ""
    except ValueError:  # none, as of a socket in a file
        return ""


def _held() -> dict[str, int]:
    """Bytes of files that Streamlit keeps, by session."""
    manager = cast(MemoryUploadedFileManager, runtime.get_instance().uploaded_file_mgr)
    return {
        session: sum(len(file.data) for file in list(files.values()))
        for session, files in list(manager.file_storage.items())
    }


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013})  # try again later
    else:
        await PlainTextResponse(FULL, 413)(scope, receive, send)


class NoFrames:
    """Nobody may put into a page of their own what is shown to who sits at this computer, and may change things: a
    click meant for that page would be one here. Elsewhere the lab may be shown in another page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        here = scope["type"] == "http" and permission.names_this_computer(f"//{Headers(scope=scope).get('host', '')}")

        async def marked(message: Message) -> None:
            if here and message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = "frame-ancestors 'self'"
            await send(message)

        await self._app(scope, receive, marked)


ALL = [Middleware(NeededMessages), Middleware(CurrentPage), Middleware(Limits), Middleware(NoFrames)]
