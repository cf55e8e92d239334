"""What lives as long as the server is looked through for garbage once, not after every rerun."""

import gc

import pytest

from ui import gc_freeze


@pytest.fixture
def thawed(monkeypatch):
    """Nothing is kept from collection, before and after."""
    monkeypatch.setattr(gc_freeze, "_frozen_modules", 0)
    gc.unfreeze()
    yield
    gc.unfreeze()


class Node:
    """Something that a counter of references alone does not free."""

    def __init__(self):
        self.itself = self


def test_imported_modules_are_spared_from_collection_once(thawed):
    gc_freeze.spare_modules_from_collection()
    spared = gc.get_freeze_count()
    assert spared > 10_000
    later = [Node() for _ in range(1_000)]
    gc_freeze.spare_modules_from_collection()  # no module came meanwhile
    assert gc.get_freeze_count() <= spared
    assert all(gc.is_tracked(node) for node in later)


def test_garbage_is_not_kept_with_the_modules(thawed):
    gc.collect()
    gc.disable()  # or it might be collected before
    try:
        for _ in range(1_000):
            Node()
        gc_freeze.spare_modules_from_collection()
    finally:
        gc.enable()
    gc.unfreeze()
    assert not any(type(thing) is Node for thing in gc.get_objects())
