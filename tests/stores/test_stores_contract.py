# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every store does, on real disks and servers."""

from __future__ import annotations

import json
import secrets

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import (
    Conflict,
    Store,
    Versioned,
)
from tests.support.crowd import Crowd, check, count
from tests.support.store_worker import Place

KEYS = (
    "nodes/server1",
    'hierarchies/Shop & "Co" 日本 100%',
    "hierarchies/" + "🛒" * 180,
    "hierarchies/con",
    "hierarchies/a/b. ",
    "cluster/\ud83d",
)


def opened(place: Place) -> Store:
    """The store as of a process of its own."""
    return place.open(secrets.token_hex(8))


def test_a_key_is_created_once_and_then_replaced_version_by_version(place):
    one, other = opened(place), opened(place)
    assert one.get("nodes/server1") is None
    first = one.put("nodes/server1", 0, "a")
    assert first > 0
    with pytest.raises(Conflict) as refused:
        other.put("nodes/server1", 0, "b")
    assert refused.value.found == first
    assert other.get("nodes/server1") == Versioned(first, "a")
    second = other.put("nodes/server1", first, "b")
    third = other.put("nodes/server1", second, "c")
    assert first < second < third
    with pytest.raises(Conflict):
        one.put("nodes/server1", second, "too late")
    assert one.get("nodes/server1") == Versioned(third, "c")


@pytest.mark.parametrize("version", [1, 7, 10**9])
def test_a_key_that_is_not_there_has_no_version_to_put_on(place, version):
    with pytest.raises(Conflict) as refused:
        opened(place).put("nodes/server1", version, "a")
    assert refused.value.found is None
    assert opened(place).list("") == {}


def test_a_version_that_was_never_there_is_refused(place):
    store = opened(place)
    version = store.put("nodes/server1", 0, "a")
    for wrong in (0, version - 1, version + 1):
        if wrong != version:
            with pytest.raises(Conflict):
                store.put("nodes/server1", wrong, "b")
    assert store.get("nodes/server1") == Versioned(version, "a")


def test_every_key_is_told_from_every_other_and_listed_by_its_prefix(place):
    store = opened(place)
    keys = (*KEYS, *(key.swapcase() for key in KEYS if key != key.swapcase()))
    versions = {key: store.put(key, 0, f"value of {key}") for key in keys}
    for view in (store, opened(place)):
        assert view.list("") == {key: Versioned(versions[key], f"value of {key}") for key in keys}
        assert set(view.list("hierarchies/")) == {key for key in keys if key.startswith("hierarchies/")}
        assert view.list("nowhere/") == {}
        for key in keys:
            assert view.get(key) == Versioned(versions[key], f"value of {key}")


@pytest.mark.parametrize(
    "value", ["", "{}", json.dumps({"text": "日本 🛒" * 5}), "x" * 65536, 'é\n"\\' * 16384]
)
def test_a_value_comes_back_as_it_was_put(place, value):
    version = opened(place).put("cluster/maintenance", 0, value)
    assert opened(place).get("cluster/maintenance") == Versioned(version, value)


def test_processes_at_once_leave_a_history_that_one_register_can_have(place):
    lines = Crowd([place] * 4, seconds=2.0).history()
    check(lines)
    # Four processes do fifteen operations each even on the busiest machine, and a good dozen of them succeed.
    assert count(lines, "swapped") >= 8
