"""How much of the lab is on the screen: all of it, the projector mode, or what a teacher's link leaves (?hide=...).

In projector mode everything is larger, and nothing is there but the page: no menu, no picker. Both live in the link and
hold for the whole visit.
"""

from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from core.charts.palette import PROJECTOR, SCREEN, Tokens
from core.classroom import address, qr
from ui.permission import THIS_COMPUTER

PARTS = ("nav", "picker", "controls")
SECRETS = ("admin", "teacher", "me")  # by which one may change runs, end a class, or is a pupil
OWN_PICTURES = ("upload", "camera")  # sources of pictures that nobody else can see
LONGEST_LINK = 1_000  # letters: a code of more is too fine for a phone's camera
LETTERS = 27  # pixels: at least 20 points, at 1280 x 720
WIDGETS = ("stButtonGroup", "stCheckbox", "stNumberInput", "stPopover", "stSelectbox", "stSlider")  # toggles, too
HIDE_NAV = "[data-testid=stSidebar], [data-testid=stHeader], [data-testid=stExpandSidebarButton] { display: none; }"
HIDE_CONTROLS = ", ".join(f"[data-testid=stMain] [data-testid={widget}]" for widget in WIDGETS)
ENLARGED = f"""
html {{ font-size: {LETTERS}px; }}
.stMainBlockContainer.stMainBlockContainer {{ padding: 0.5rem 1.5rem; max-width: none; }}
.stMainBlockContainer h1 {{ font-size: 1.5rem; padding: 0 0 1rem; }}
.stMainBlockContainer h2 {{ font-size: 1.25rem; padding: 0 0 1rem; }}
.stMainBlockContainer :is(h3, .stMarkdown h2) {{ font-size: 1.15rem; padding: 0 0 1rem; }}
.stMainBlockContainer [data-testid=stVerticalBlock] {{ gap: 0.4rem; }}
[data-testid=stCaptionContainer], [data-testid=stImageCaption] {{ font-size: 1rem; color: inherit; }}
"""


def on_phone() -> bool:
    """Whether the visitor's browser says so."""
    return "Mobi" in st.context.headers.get("User-Agent", "")


def projector() -> bool:
    return bool(st.session_state.get("_projector"))


def tokens() -> Tokens:
    """The sizes of charts."""
    return PROJECTOR if projector() else SCREEN


def hidden(part: str) -> bool:
    """Whether this one of PARTS is not to be seen."""
    return part in st.session_state.get("_hidden", ()) or (projector() and part in ("nav", "picker"))


def apply() -> None:
    """Once on each page, before it is drawn: follow the link, and hide and enlarge what it says."""
    if "projector" in st.query_params:
        st.session_state["_projector"] = st.query_params["projector"] == "1"
    if "hide" in st.query_params:
        st.session_state["_hidden"] = {part for part in st.query_params["hide"].split(",") if part in PARTS}
    _write_link()
    styles = [HIDE_NAV] * hidden("nav") + [f"{HIDE_CONTROLS} {{ display: none; }}"] * hidden("controls")
    if projector():
        styles.append(ENLARGED)
    if styles:
        st.html(f"<style>{' '.join(styles)}</style>")


def show_switch() -> None:
    """In the menu: projector mode, and the link to what is on the screen."""
    with st.sidebar.container(horizontal=True, key="screen"):
        st.button(
            "Projector",
            key="projector_on",
            icon=":material/slideshow:",
            on_click=_set_projector,
            args=(True,),
            help="Large letters, and nothing but the page. Escape ends it.",
        )
        share = st.popover(
            "Share",
            icon=":material/qr_code_2:",
            key="share",
            on_change="rerun",
            help="The link to what is on the screen.",
        )
        if share.open:
            with share:
                _show_link()


def _link() -> str:
    """To what is on the screen, with all that the link holds but what makes one its host."""
    here = urlsplit(st.context.url or "")
    shown = {key: st.query_params.get_all(key) for key in st.query_params if key not in SECRETS}
    return urlunsplit((here.scheme, here.netloc, here.path, urlencode(shown, doseq=True), ""))


def _show_link() -> None:
    link = _link()
    for_others = link if st.get_option("server.address") in THIS_COMPUTER else address.for_others(link)
    link = for_others or link
    if len(link) <= LONGEST_LINK:
        st.image(qr.address(link), width=240, alt="The link of this page as a QR code")
    else:
        st.caption("This link is too long for a QR code.")
    st.code(link, language=None, wrap_lines=True)
    if urlsplit(link).hostname in THIS_COMPUTER:
        st.caption(
            "This address works on this computer alone: it is not on a network, or the server doesn't listen there."
        )
    elif for_others != _link():
        st.caption("For devices on the same network as this computer.")
    if st.session_state.get("source") in OWN_PICTURES:
        st.caption("Your own photo is not part of the link.")


def offer_the_way_out() -> None:
    """Below a page in projector mode; else nothing."""
    if not projector():
        return
    st.button(
        "End projector mode",
        key="projector_off",
        type="tertiary",
        shortcut="Escape",
        on_click=_set_projector,
        args=(False,),
        help="Or press Escape.",
    )


def _set_projector(on: bool) -> None:
    st.session_state["_projector"] = on
    if on:
        st.query_params["projector"] = "1"
    else:
        st.query_params.pop("projector", None)


def _write_link() -> None:
    if projector() and st.query_params.get("projector") != "1":
        st.query_params["projector"] = "1"
    hide = ",".join(part for part in PARTS if part in st.session_state.get("_hidden", ()))
    if hide and st.query_params.get("hide") != hide:
        st.query_params["hide"] = hide
