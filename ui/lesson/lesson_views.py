"""The views of `core.lessons.views`, drawn: what a step of a lesson shows, before and after its answer is revealed."""

from collections.abc import Callable

import streamlit as st

from core.analysis import metrics, surgery, transfer
from core.analysis.comparison import B_ALONE
from core.analysis.depths import depth
from core.analysis.training_summary import TARGETS
from core.charts.depth import Axes, degradation
from core.charts.learning import learning_curves as learning_curves_chart
from core.charts.surgery import chain
from core.charts.transfer import BEGINNINGS
from core.charts.transfer import label_budget as label_budget_chart
from core.data.cifar10 import CLASSES
from core.errors import LabError
from core.lessons.lesson import Call, arguments
from core.lessons.views import VIEWS
from core.runs.run import Run
from core.words import capitalized
from core.words import depth as depth_words
from core.words import mistakes as mistake_words
from core.words import transfer as transfer_words
from core.words.settings import describe
from core.words.trainings import curves as curve_words
from ui import cached, chart, screen, tables
from ui.fragment import errors_shown
from ui.lesson import way_back
from ui.pair import network_drawing
from ui.pair.pair import Pair
from ui.pair.runs import finished_runs, readable_runs
from ui.pictures import photos
from ui.pictures.picture_source import OWN_PHOTO
from ui.race import replay

LARGE, PROJECTED, SMALL = 320, 230, 110  # pixels of a photo, on a projector, and of one among many
SHEET = 36  # filters
DISAGREEMENTS = 8
PLACE = "lesson"  # of a race


def show(call: Call) -> None:
    """Raises LabError where a run that it needs is gone or damaged."""
    DRAWN[call.name](**arguments(call, VIEWS[call.name]))


def photo(photo: int) -> None:
    st.image(photos.address(photo), width=_side(), alt="The photo to name")


def two_networks(a: Run, b: Run) -> None:
    _show_both(a, b)


def right_answers(a: Run, b: Run) -> None:
    _show_both(a, b, right=True)


def _show_both(a: Run, b: Run, right: bool = False) -> None:
    """Two networks as rows of blocks; on wish, how often each is right."""
    pair = Pair(a, b)
    for (side, run), column in zip(pair, st.columns(2), strict=True):
        with column, st.container(border=True, key=f"lesson_network_{side}", height="stretch"):
            st.markdown(f"**{capitalized(_called(pair)[side])}**")
            drawing = network_drawing.network(run.config, pair.colors[side])
            st.image(drawing, width="stretch", alt=network_drawing.in_words(run.config))
            if right:
                st.metric("right on new photos", f"{cached.accuracy(run).value:.0%}")
            else:
                st.markdown(describe(run))


def answers(a: Run, b: Run, photo: int) -> None:
    truth = CLASSES[cached.test_labels()[photo]]
    left, right = st.columns([2, 3])
    left.image(photos.address(photo), width=_side(), alt=f"Test photo {photo}: {truth}")
    pair = Pair(a, b)
    with right:
        for side, run in pair:
            said = CLASSES[cached.test_answers(run)[photo]]
            st.markdown(capitalized(_called(pair)[side]))
            st.header(f"{said} {photos.mark(said == truth)}", anchor=False)


def maps(a: Run, b: Run, photo: int) -> None:
    from ui.pictures import closer_look

    seen = cached.test_images().pixels[photo]
    pair = Pair(a, b)
    for (side, run), column in zip(pair, st.columns(2), strict=True):
        with column, errors_shown():
            look = closer_look.look(side, run, seen, closer_look.USUAL)
            caption = f"{capitalized(_called(pair)[side])}: {look.answer.label}"
            alt = closer_look.in_words(caption, look.answer.heatmap)
            st.image(look.drawn, caption=caption, width=LARGE, alt=alt)


def photos_of_both(a: Run, b: Run) -> None:
    wall = cached.disagreements(a, b)[B_ALONE][:DISAGREEMENTS]
    photos.row(wall, key="lesson_photos", side=SMALL)


def learning_curves(a: Run, b: Run) -> None:
    table = tables.curves(a, b)
    table = table[table["split"] == "validation"]
    title, y = "passes over the photos", "share of right answers"
    pair = Pair(a, b)
    histories = {side: cached.history(run) for side, run in pair}
    chart.show(
        learning_curves_chart,
        table,
        "epoch",
        title,
        y,
        True,
        TARGETS[0],
        colors=pair.colors,
        key="lesson_curves",
        alt=curve_words.validation(histories, "accuracy"),
    )
    st.markdown("; ".join(f"**{side}**: {words}" for side, words in _called(pair).items()))


def depth_view(a: Run, b: Run) -> None:
    """The runs of the recipe that A and B share."""
    recipes = [one.runs for one in depth.recipes(finished_runs())]
    runs = next((runs for runs in recipes if {a.name, b.name} <= {run.name for run in runs}), [])
    known = [*tables.figures(runs)]
    if not known:
        raise LabError("None of the networks that this step shows can be read.")
    rows = depth.table(known)
    axes = Axes(sorted(set(map(int, rows["depth"]))), lowest=float(rows["test_right"].min()) - 3)
    spread = depth.spread(rows, "test_right")
    nothing = depth.PUBLISHED[:0]
    title = "right on new photos (%)"
    alt = f"{title}: {depth_words.means(spread)}"
    chart.show(degradation, rows, spread, nothing, "test_right", title, axes, key="lesson_depth", alt=alt)


def without_block(a: Run, b: Run, block: int) -> None:
    pair = Pair(a, b)
    for (side, run), column in zip(pair, st.columns(2), strict=True):
        with column, st.container(border=True, key=f"lesson_surgery_{side}", height="stretch"):
            st.markdown(f"**{capitalized(_called(pair)[side])}**")
            cut = frozenset([block])
            right = surgery.accuracy_without(run, block)
            chart.show(
                chain,
                surgery.stages(run.config),
                run.config.skip,
                cut,
                frozenset(),
                pair.colors[side],
                key=f"lesson_chain_{side}",
                alt=f"{network_drawing.in_words(run.config)}; without block {block}, {right:.0%} right",
            )
            st.metric(f"right without block {block}", f"{right:.0%}")


def mix_up(run: Run) -> None:
    true, said, count = metrics.most_common_mistake(cached.confusion(run))
    st.markdown(f"{mistake_words.most_common(true, said, count)}. Some of them:")
    fooled = metrics.answered(cached.test_answers(run), cached.test_labels(), true, said).nonzero()[0]
    photos.row(fooled[:DISAGREEMENTS], key="lesson_mix_up", side=SMALL)


def filters(a: Run, b: Run) -> None:
    pair = Pair(a, b)
    for (side, run), column in zip(pair, st.columns(2), strict=True):
        sheet = photos.filters_address(cached.stored(Run.weight_change, run).filters_before[:SHEET], columns=6)
        column.image(sheet, width=LARGE, alt=transfer_words.first_filters(run.config.pretrained, SHEET))
        column.markdown(f"**{capitalized(_called(pair)[side])}**")


def label_budget(a: Run, b: Run) -> None:
    runs = readable_runs()
    pairs = transfer.pretraining_pairs(runs)
    both = next((pair for pair in pairs if {run.name for run in pair} == {a.name, b.name}), None)
    if both is None:  # what is wrong with one of them stands above
        raise LabError(f"Without {a.name} and {b.name} there is nothing to show here.")
    table = tables.label_budget(transfer.comparable(both, pairs), BEGINNINGS)
    chart.show(label_budget_chart, table, key="lesson_budget", alt=transfer_words.by_photos(table))


def race(race: str) -> None:
    recording = replay.recording(race)
    if replay.begun(PLACE) != race:
        _race_button(race, "Start the race", ":material/flag:")
    if replay.show(PLACE, recording):
        _race_button(race, "Again", ":material/replay:")
    st.caption(replay.origin(recording))


def _race_button(race: str, label: str, icon: str) -> None:
    key = f"show_race_{race}"
    st.button(label, key=key, icon=icon, type="primary", shortcut="Enter", on_click=replay.begin, args=(PLACE, race))


def forget_race() -> None:
    """It is to be begun anew."""
    replay.end(PLACE)


def own_photo(a: Run, b: Run) -> None:
    link = {**Pair(a, b).link, **OWN_PHOTO, **way_back.here()}
    with st.container(border=True, key="lesson_own_photo"):
        st.page_link(
            "../pages/look_inside.py",
            label="**Show them your photo**",
            icon=":material/photo_camera:",
            query_params=link,
        )
        st.markdown("“Back to the lesson” on that page leads back here.")


DRAWN: dict[str, Callable] = {
    "photo": photo,
    "photos": photos_of_both,
    "two_networks": two_networks,
    "right_answers": right_answers,
    "answers": answers,
    "maps": maps,
    "learning_curves": learning_curves,
    "depth": depth_view,
    "surgery": without_block,
    "mix_up": mix_up,
    "filters": filters,
    "label_budget": label_budget,
    "race": race,
    "own_photo": own_photo,
}


def _side() -> int:
    return PROJECTED if screen.projector() else LARGE


def _called(pair: Pair) -> dict[str, str]:
    """{side: what to call it}: by kind, or, where both are of one kind, by what each is."""
    called = pair.names
    return {side: describe(run) for side, run in pair} if called["A"] == "A" else called
