"""The address at which other devices find the lab, or a room."""

import socket
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

PAGE = "classroom"
ELSEWHERE = ("192.0.2.1", 9)  # an address that belongs to nobody: nothing is sent there


@dataclass(frozen=True)
class Address:
    """`base`: of the app, without a slash at its end; None where no phone can reach this computer."""

    base: str | None

    def room(self, code: str) -> str:
        return f"{self.page}?room={code}"

    @property
    def page(self) -> str:
        return f"{self.base}/{PAGE}"

    @property
    def page_to_type(self) -> str:
        return self.page.partition("://")[2]


def of(url: str | None) -> Address:
    """For phones, where `url` is what the teacher's browser shows."""
    parts = urlsplit(for_others(url or "") or "")
    path = parts.path.rstrip("/").removesuffix(f"/{PAGE}")
    return Address(f"{parts.scheme}://{parts.netloc}{path}" if parts.netloc else None)


def for_others(url: str) -> str | None:
    """The same link for other devices: one that leads to this computer only is given its address in the network. None
    where it has none."""
    parts = urlsplit(url)
    if not parts.hostname or not _is_this_computer(parts.hostname):
        return url
    network = on_the_network()
    host = f"{network}:{parts.port}" if parts.port else network
    return network and urlunsplit(parts._replace(netloc=str(host)))


def on_the_network() -> str | None:
    """This computer's own address there, by asking which one a packet would leave from; None without a network."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(ELSEWHERE)
            found: str = probe.getsockname()[0]
    except OSError:
        return None
    return None if _is_this_computer(found) else found


def _is_this_computer(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:  # a name
        return False
    return address.is_loopback or address.is_unspecified
