"""Screens without a browser: they speak Streamlit's own protocol, as its page in a browser does, and draw nothing.

So that a class fits on the machine that is measured. What a browser needs to draw is not in the figures.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

LARGEST = 64 * 2**20  # bytes of a message
PATIENCE = 60.0  # seconds


class Screen:
    """`words`: (seconds, text) of all that came to be read, in order; `buttons`: {label: (id, fragment)};
    `uploader`: id of the place for a file; `drawn`: how often a page was drawn to its end; `running`: whether the
    server runs the page, as it said last; `kinds`: of all messages that came."""

    def __init__(self, url: str, page: str, query: str = "") -> None:
        self.url, self.page, self.query = url, page, query
        self.words: list[tuple[float, str]] = []
        self.buttons: dict[str, tuple[str, str]] = {}
        self.uploader = ""
        self.kinds: set[str | None] = set()
        self.polls = self.received = self.drawn = 0
        self.running = False
        self._hash = self._session = ""
        self._upload: Any = None  # where a file may go, once the server has said so
        self._auto: tuple[str, float] | None = None
        self._pictures: set[str] = set()
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task] = set()
        self._socket: ClientConnection | None = None

    async def open(self) -> "Screen":
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        # Without pings, as a browser sends none: they would take a server that is busy for one that is gone.
        self._socket = await connect(
            address,
            subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=LARGEST,
            ping_interval=None,
        )
        self._begin(self._listen())
        self._begin(self._poll())
        await self._rerun()
        return self

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket:
            await self._socket.close()

    async def go_to(self, page: str) -> float:
        """Seconds until another page is drawn."""
        self.page, self.query, self._hash, self._auto = page, "", "", None
        begun, before = time.perf_counter(), self.drawn
        await self._rerun()
        await self.wait(lambda: self.drawn > before)
        return time.perf_counter() - begun

    async def press(self, label: str) -> float:
        """When it was pressed, once it was there."""
        await self.wait(lambda: label in self.buttons)
        identity, fragment = self.buttons[label]
        pressed = time.perf_counter()
        await self._rerun(fragment, identity)
        return pressed

    async def upload(self, name: str, data: bytes) -> None:
        """Hand a file over, as the page in a browser does: ask where to, send it there, and say that it is there."""
        await self.wait(lambda: self.uploader)
        question = BackMsg()
        question.file_urls_request.request_id = name
        question.file_urls_request.session_id = self._session
        question.file_urls_request.file_names.append(name)
        await self._send(question)
        place = await self.wait(lambda: self._upload)
        await asyncio.to_thread(self._put, place.upload_url, name, data)
        message = self._rerun_message()
        state = message.rerun_script.widget_states.widgets.add(id=self.uploader)
        state.file_uploader_state_value.uploaded_file_info.add(
            name=name, size=len(data), file_id=place.file_id, file_urls=place
        )
        await self._send(message)

    async def wait(self, fulfilled: Callable[[], Any]) -> Any:
        """What `fulfilled` gives, as soon as it gives something."""
        async with asyncio.timeout(PATIENCE):
            while not (found := fulfilled()):
                self._changed.clear()
                await self._changed.wait()
        return found

    async def read(self, part: str, since: float = 0.0) -> tuple[float, str]:
        """The first text with this part that came after `since`."""
        return await self.wait(lambda: self.find(part, since))

    def find(self, part: str, since: float = 0.0) -> tuple[float, str] | None:
        return next((each for each in self.words if each[0] >= since and part in each[1]), None)

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _poll(self) -> None:
        """Ask for the fragment that is to be drawn again and again, as the page's timer does."""
        while True:
            auto = self._auto
            await asyncio.sleep(auto[1] if auto else 0.2)
            if auto and auto == self._auto:
                self.polls += 1
                await self._rerun(auto[0], auto=True)

    async def _rerun(self, fragment: str = "", button: str = "", auto: bool = False) -> None:
        message = self._rerun_message()
        state = message.rerun_script
        state.fragment_id, state.is_auto_rerun = fragment, auto
        if button:
            state.widget_states.widgets.add(id=button, trigger_value=True)
        await self._send(message)

    def _rerun_message(self) -> BackMsg:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self.query, self._hash
        state.page_name = "" if self._hash else self.page
        state.context_info.url = f"{self.url}/{self.page}"
        return message

    async def _send(self, message: BackMsg) -> None:
        assert self._socket
        with suppress(ConnectionClosed):
            await self._socket.send(message.SerializeToString())

    async def _listen(self) -> None:
        assert self._socket
        async for data in self._socket:
            assert isinstance(data, bytes)
            self.received += len(data)
            self._take(ForwardMsg.FromString(data))
            self._changed.set()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        self.kinds.add(kind)
        if kind == "navigation":
            self._hash = message.navigation.page_script_hash
        elif kind == "new_session":
            self._session = message.new_session.initialize.session_id
        elif kind == "file_urls_response":
            self._upload = message.file_urls_response.file_urls[0]
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "session_status_changed":
            self.running = message.session_status_changed.script_is_running
        elif kind == "script_finished":
            self.drawn += message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
        elif kind == "auto_rerun":
            self._auto = (message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._draw(message.delta.new_element, message.delta.fragment_id)

    def _draw(self, element: Any, fragment: str) -> None:
        kind = element.WhichOneof("type")
        if kind == "button":
            self.buttons[element.button.label] = (element.button.id, fragment)
        elif kind == "file_uploader":
            self.uploader = element.file_uploader.id
        elif kind in ("heading", "markdown", "html", "alert"):
            self.words.append((time.perf_counter(), getattr(element, kind).body))
        elif kind == "metric":
            self.words.append((time.perf_counter(), f"{element.metric.label}: {element.metric.body}"))
        elif kind == "imgs":
            for picture in element.imgs.imgs:
                if picture.url not in self._pictures:  # a browser keeps it
                    self._pictures.add(picture.url)
                    self._begin(asyncio.to_thread(self._fetch, picture.url))

    def _put(self, path: str, name: str, data: bytes) -> None:
        with requests.Session() as browser:
            browser.get(f"{self.url}/_stcore/health").raise_for_status()  # which gives the cookie that an upload needs
            token = {"X-Xsrftoken": browser.cookies["_streamlit_xsrf"]}
            browser.put(self.url + path, files={"file": (name, data)}, headers=token).raise_for_status()

    def _fetch(self, path: str) -> None:
        if path.startswith("/"):
            with suppress(HTTPError), urlopen(self.url + path) as answer:  # that of a page that was left is gone
                self.received += len(answer.read())
