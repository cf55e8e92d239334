import numpy as np
import pytest

from core.errors import RunError
from core.runs.tables import Array, load_npz

WANTED = {
    "names": Array("U", ("n",), among=("one", "two")),
    "loss": Array("float32", ("n", 2), low=0, high=10, nan=True),
    "count": Array("i", low=1),
    "half": Array("float16", optional=True),
}
WHOLE = {"names": np.array(["one", "two", "one"]), "loss": np.ones((3, 2), np.float32), "count": 5}


def test_arrays_are_given_in_the_order_asked_for_without_those_that_may_be_missing(tmp_path):
    np.savez(tmp_path / "x.npz", **dict(reversed(WHOLE.items())), other=1)
    found = load_npz(tmp_path / "x.npz", WANTED)
    assert [*found] == ["names", "loss", "count"]
    assert found["loss"].shape == (3, 2)
    np.savez(tmp_path / "x.npz", **WHOLE | {"loss": np.full((3, 2), np.nan, np.float32), "half": np.float16(1)})
    assert load_npz(tmp_path / "x.npz", WANTED)["half"] == 1


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"loss": np.ones((3, 2))}, "loss is not of the type float32"),
        ({"loss": np.ones((3, 2), ">f4")}, "loss is not of the type float32"),
        ({"count": np.timedelta64(1)}, "count is not of the type i"),
        ({"names": np.array([1, 2, 3])}, "names is not of the type U"),
        ({"loss": np.ones((2, 2), np.float32)}, r"loss is not of the shape \(n, 2\)"),
        ({"loss": np.ones(3, np.float32)}, r"loss is not of the shape \(n, 2\)"),
        ({"count": [5]}, r"count is not of the shape \(\)"),
        ({"names": np.empty(0, "U3"), "loss": np.ones((0, 2), np.float32)}, r"names is not of the shape \(n\)"),
        ({"names": np.array(["one", "two", "three"])}, "names is none of one, two"),
        ({"loss": np.full((3, 2), 11, np.float32)}, "loss has numbers that are not from 0 to 10"),
        ({"loss": np.full((3, 2), -np.inf, np.float32)}, "loss has numbers that are not from 0 to 10"),
        ({"count": 0}, r"count has numbers that are not from 1 to 1e\+30"),
        ({"half": np.float16(np.inf)}, "half has numbers"),
        ({"half": np.float16(np.nan)}, "half has numbers"),
    ],
    ids=str,
)
def test_what_is_wrong_with_an_array_is_said(tmp_path, change, problem):
    np.savez(tmp_path / "x.npz", **WHOLE | change)
    with pytest.raises(RunError, match=rf"x\.npz is damaged: {problem}"):
        load_npz(tmp_path / "x.npz", WANTED)


def test_a_missing_array_is_named(tmp_path):
    np.savez(tmp_path / "x.npz", count=5)
    with pytest.raises(RunError, match=r"x\.npz is damaged: names is missing"):
        load_npz(tmp_path / "x.npz", WANTED)
