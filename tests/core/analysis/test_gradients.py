"""Gradient norms and steps: what a run's record says."""

import numpy as np
import pandas as pd
import pytest

from core.analysis import gradients


def test_by_epoch_has_every_layer_of_every_epoch():
    norms = np.array([[1.0, 2.0, 3.0], [4.0, np.nan, np.inf]])
    table = gradients.by_epoch(["a", "b", "c"], norms)
    assert len(table) == 6
    rows = table.set_index(["epoch", "number"])
    assert rows.loc[(1, 2), "norm"] == 2
    assert rows.loc[(2, 1), "layer"] == "a"
    assert rows["broken"].tolist() == [False, False, False, False, True, True]
    assert np.isfinite(table["norm"]).all()
    assert (table["norm"] > 0).all()


def test_breakdown_is_the_first_value_that_is_not_finite():
    norms = np.ones((3, 4))
    assert gradients.breakdown(norms) is None
    norms[2, 0] = norms[1, 0] = norms[1, 2] = np.inf  # on its way back from the answer it is at layer 3 first
    assert gradients.breakdown(norms) == gradients.Breakdown(epoch=2, layer=3)


def test_first_over_last_where_it_means_something():
    norms = np.array([[1.0, 9.0, 4.0], [np.nan, 1.0, 1.0], [1.0, 1.0, 1e-13], [2.0, np.nan, 1.0], [1e-20, 1.0, 1.0]])
    np.testing.assert_equal(gradients.first_over_last(norms), [0.25, np.nan, np.nan, 2.0, 0.0])


@pytest.mark.parametrize(
    ("first", "epoch"),
    [([1, 1, 1], None), ([1, 0, 1e-15], 2), ([0, 1, 0], 3), ([0, 0, 0], 1), ([0, 1, 1], None), ([0, 0, np.nan], None)],
)
def test_a_first_layer_is_starved_from_where_it_never_again_receives_anything(first, epoch):
    assert gradients.starved_from(np.array([first, [1, 1, 1]], dtype=float).T) == epoch


@pytest.mark.parametrize(
    ("norm", "reference", "flags"),
    [
        (1.0, 38.2, set()),
        (1831.0, 1.0, set()),
        (1.9, 1.0, {"about_equal"}),
        (2.0, 1.0, set()),
        (0.6, 1.0, {"about_equal"}),
        (0.5, 1.0, set()),
        (0.0, 1.0, {"nothing"}),
        (1e-12, 1.0, {"nothing"}),
        (1.0, 1e-15, {"of_nothing"}),
        (0.0, 1e-15, {"nothing", "of_nothing"}),
    ],
)
def test_a_ratio_knows_what_it_means(norm, reference, flags):
    ratio = gradients.Ratio(norm, reference)
    assert ratio.finite
    assert {name for name in ("nothing", "of_nothing") if getattr(ratio, name)} == flags - {"about_equal"}
    if not ratio.of_nothing:
        assert ratio.value == norm / reference
        assert ratio.about_equal == ("about_equal" in flags)


@pytest.mark.parametrize(("norm", "reference"), [(np.nan, 1.0), (1.0, np.inf), (np.nan, np.nan)])
def test_a_ratio_of_no_numbers_is_not_finite(norm, reference):
    assert not gradients.Ratio(norm, reference).finite


def test_ratios_of_layers():
    norms = np.array([2.0, 7.0, 4.0])
    assert gradients.first_by_last(norms) == gradients.Ratio(2.0, 4.0)
    assert gradients.typical_by_typical(norms, np.array([8.0, 1.0, 9.0])) == gradients.Ratio(4.0, 8.0)
    assert not gradients.typical_by_typical(np.array([np.nan, 1.0, 1.0]), norms).finite


@pytest.mark.parametrize(("curve", "times"), [([1, 2, 5], 0), ([1, 2, 1, 3], 2), ([3, 1, 1, 2], 0), ([0, 1, 0], 1)])
def test_how_often_a_curve_turns_round(curve, times):
    assert gradients.turns(np.array(curve, dtype=float)) == times


@pytest.mark.parametrize(("most", "even"), [(0.0099, True), (0.01, False)])
def test_layers_move_evenly_within_a_factor_of_ten(most, even):
    table = pd.DataFrame({"step": [0.001, most, 1e-12], "broken": [False, False, True]})
    lengths = gradients.step_lengths(table)
    assert np.isnan(lengths).tolist() == [False, False, True]
    assert gradients.are_even(lengths) is even


def test_a_step_of_a_layer_of_zeros_has_no_length():
    table = gradients.layer_table(["a", "b", "c"], [1.0, 4.0, np.inf]).assign(size=[0.0, 2.0, 2.0])
    np.testing.assert_equal(gradients.step_lengths(gradients.with_steps(table, 0.5)), [np.nan, 1.0, np.nan])


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([2.5, 0.03, 0.002], gradients.Arrival.TOO_STRONG),
        ([0.001, 0.001, 0.002], gradients.Arrival.WHOLE),
        ([0.0001, 0.001, 0.002], gradients.Arrival.WEAK),
        ([np.nan, 0.001, 0.004], gradients.Arrival.WEAK),
    ],
)
def test_how_the_message_reaches_the_first_layer(lengths, expected):
    assert gradients.arrival(np.array(lengths)) is expected


def test_ratios_are_those_that_mean_something():
    table = gradients.ratios({"A": np.array([[1.0, 4.0], [np.nan, 1.0]]), "B": np.array([[0.0, 1.0], [3.0, 1.0]])})
    assert table.to_dict("list") == {"side": ["A", "B"], "ratio": [0.25, 3.0], "epoch": [1, 2]}


def test_a_scale_holds_all_that_is_finite():
    tables = [gradients.layer_table(["a", "b"], norms) for norms in ([1e-9, np.inf], [2.0, 0.5])]
    assert gradients.scale(tables) == [1e-9, 2.0]
    assert gradients.scale(tables, "norm", 5) == [1e-9, 5.0]
    assert gradients.scale(tables[:1]) == [1e-3, 1.0]  # a single value is no scale
    assert gradients.color_scale([1e-9, 2.0]) == [2e-6, 2.0]
    assert gradients.color_scale([0.5, 2.0]) == [0.5, 2.0]


def test_the_ends_of_a_training_hold_what_is_finite():
    ends = gradients.finite_ends(np.array([[1.0, 2.0], [3.0, 4.0], [np.inf, 5.0]]))
    assert ends.keys() == {1, 3}
    np.testing.assert_equal(ends[3], [np.nan, 5.0])
    np.testing.assert_equal(gradients.finite_norms(gradients.layer_table(["a", "b"], [np.inf, 5.0])), [np.nan, 5.0])
