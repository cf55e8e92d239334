"""Where phones find a room, and the QR code that says so."""

import socket
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.classroom import address, qr

HERE = "192.168.1.20"


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://192.168.1.5:8501/classroom", "http://192.168.1.5:8501"),
        ("https://lab.example.org/resnet/classroom/", "https://lab.example.org/resnet"),
        ("https://lab.example.org/", "https://lab.example.org"),
        ("http://localhost:8501/classroom", f"http://{HERE}:8501"),
        ("http://127.0.0.1:8501/classroom", f"http://{HERE}:8501"),
        ("http://[::1]:8501/x/classroom", f"http://{HERE}:8501/x"),
        ("http://localhost/classroom", f"http://{HERE}"),
        (None, None),
        ("nonsense", None),
    ],
)
def test_phones_get_an_address_that_they_reach(monkeypatch, url, base):
    monkeypatch.setattr(address, "on_the_network", lambda: HERE)
    assert address.of(url).base == base


def test_a_link_is_shared_as_others_reach_it(monkeypatch):
    monkeypatch.setattr(address, "on_the_network", lambda: HERE)
    assert address.for_others("http://localhost:8501/depth?a=x&b=y") == f"http://{HERE}:8501/depth?a=x&b=y"
    assert address.for_others("https://lab.example.org/depth?a=x") == "https://lab.example.org/depth?a=x"
    monkeypatch.setattr(address, "on_the_network", lambda: None)
    assert address.for_others("http://localhost:8501/depth") is None


@pytest.mark.parametrize(
    ("step", "reason"), [("connect", "Network is unreachable"), ("__init__", "Too many open files")]
)
def test_without_a_network_there_is_none(monkeypatch, step, reason):
    def fail(*_):
        raise OSError(reason)

    monkeypatch.setattr(socket.socket, step, fail)
    assert address.on_the_network() is None
    assert address.of("http://localhost:8501/classroom").base is None


def test_the_link_says_the_room():
    assert address.Address("http://x:1").room("BCDG") == "http://x:1/classroom?room=BCDG"


def test_the_code_is_black_on_white_with_a_quiet_margin():
    code = qr.address("http://192.168.1.5:8501/classroom?room=BCDG")
    data = b64decode(code.removeprefix("data:image/png;base64,"))
    pixels = np.asarray(Image.open(BytesIO(data)).convert("L"))
    assert set(np.unique(pixels)) == {0, 255}
    margin = qr.QUIET
    assert pixels[:margin].min() == pixels[:, -margin:].min() == 255
    assert pixels[margin, margin] == 0
