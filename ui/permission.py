"""Who may change things: who sits at the computer that runs the lab, and who has opened the link with its token. All
others may look and play.

A website can make a browser call its own name this computer's address (DNS rebinding), and behind a proxy every visitor
comes from it: so the address alone proves nothing. Where a token was set, only the token counts.
"""

from collections.abc import Mapping
from functools import cache
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

import streamlit as st

from core.classroom import address, tokens
from core.errors import LabError
from core.jobs import limits
from core.runs.run import Run
from core.settings import environment

TOKEN = "admin"  # in the link
KEPT = "_admin"
THIS_COMPUTER = {"localhost", "127.0.0.1", "::1"}
ANYWHERE = ("0.0.0.0", "::")  # where a server listens that is reached by any address of its computer
OWN_IN_BOTH = "::ffff:127.0.0.1"  # what 127.0.0.1 looks like to a server that listens to IPv4 and IPv6 at once
OF_A_PROXY = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")
NOT_HERE = (
    "You may look and play. Training and changing runs is for whoever sits at the computer that runs this lab (and "
    "opens it as localhost), or has the link that it printed when it started."
)
TOKEN_ALONE = "You may look and play. Training and changing runs is for whoever has the link with this lab's token."
MAY_NOW = "You may train and change runs, until you close or reload this page."
WRONG = "This link does not have the token that the lab printed when it started."


def refusal() -> str | None:
    """Why this visitor may change nothing, in a sentence; None if they may."""
    try:
        limits.require_training_allowed()
    except LabError as error:
        return str(error)
    if st.session_state.get(KEPT):
        return None
    # Through what forwards connections as they are, all seem to come from here: a token that was set counts alone.
    if environment.given("RESNET_LAB_ADMIN"):
        return TOKEN_ALONE
    return None if sits_here(*_visitor()) else NOT_HERE


def shown(run: Run) -> Run:
    """Of which this visitor may see the commands: without the folders of this computer for who may change nothing."""
    if refusal() is None:
        return run
    from core.sharing.files import without_folders

    return without_folders(run)


def follow_link() -> None:
    """Take the token out of the link, which may be on a projector, and remember for the session whether it is right."""
    given = st.query_params.pop(TOKEN, None)
    if given is None or not limits.training_allowed():
        return
    known = tokens.same(given, tokens.digest(token()))
    st.session_state[KEPT] = known or st.session_state.get(KEPT, False)
    st.toast(MAY_NOW if known else WRONG, icon=":material/key:" if known else ":material/key_off:")


def sits_here(came_from: str | None, headers: Mapping[str, str]) -> bool:
    """Whether a browser on this computer asks. `came_from`: the address of who asks, None for this computer's own, as
    far as Streamlit knows; `headers`: of the request, whatever their case."""
    hosts = (f"//{headers.get('Host', '')}", headers.get("Origin", ""))
    proxied = any(name in headers for name in OF_A_PROXY)
    return came_from in (None, OWN_IN_BOTH) and not proxied and all(map(names_this_computer, hosts))


def device() -> str | None:
    """The address of who asks, where it is one of this network, and so most often one device's; None for a proxy's, for
    this computer's own, to which others may be forwarded, and for one of the internet, behind which a school may be."""
    came_from, headers = _visitor()
    if came_from is None or any(name in headers for name in OF_A_PROXY):
        return None
    try:
        found = ip_address(came_from)
    except ValueError:  # as of a socket in a file
        return None
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    return str(found) if found.is_private and not found.is_loopback else None


@cache
def token() -> str:
    """RESNET_LAB_ADMIN, or one of this server's own."""
    return environment.secret("RESNET_LAB_ADMIN") or tokens.new_token()


def announcement() -> str:
    """For the server's log: the link for a teacher at another computer. A token that was set is known, and not told."""
    if not limits.training_allowed():
        return "Training is switched off: nobody can change anything here."
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    bound = st.get_option("server.address")
    host = (bound if bound not in ANYWHERE else None) or address.on_the_network() or "localhost"
    host = f"[{host}]" if ":" in host else host  # IPv6
    path = (st.get_option("server.baseUrlPath") or "").strip("/")
    link = f"{scheme}://{host}:{st.get_option('server.port')}/{path}{'/' * bool(path)}?{TOKEN}="
    made = token()
    if environment.given("RESNET_LAB_ADMIN"):
        return f"To train and change runs, open once: {link}<your RESNET_LAB_ADMIN>"
    return f"To train and change runs from another computer, open there once: {link}{made}"


def _visitor() -> tuple[str | None, Mapping[str, str]]:
    return st.context.ip_address, st.context.headers


def names_this_computer(url: str) -> bool:
    """Whether a browser that opens `url` (its scheme may be missing) opens what this very computer serves."""
    try:
        return urlsplit(url).hostname in THIS_COMPUTER
    except ValueError:  # brackets that are never closed
        return False
