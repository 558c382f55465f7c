# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rounds in which a cluster's key is made and changed: agents that know each other always do."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.agent.peers.keys import new_key
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.monitor import keys

OLD, OTHER, FRESH = "old", "other", "fresh"
NODES = ("a", "b", "c")


def states(found, made):
    """Every state that the nodes pass through: those of one round are written in any order."""
    now = dict(found)
    yield dict(now)
    for one in made:
        for count in range(1, len(one) + 1):
            for some in itertools.combinations(one, count):
                yield {**now, **{node: one[node] for node in some}}
        now.update(one)


def test_the_first_installation_gives_all_nodes_one_fresh_key():
    assert keys.rounds({"a": (), "b": ()}, FRESH, rotate=False) == [{"a": (FRESH,), "b": (FRESH,)}]


def test_nodes_with_one_key_are_left_alone():
    assert keys.rounds({"a": (OLD,), "b": (OLD,)}, FRESH, rotate=False) == []


def test_a_new_node_gets_the_key_that_is_there():
    assert keys.rounds({"a": (OLD,), "b": ()}, FRESH, rotate=False) == [{"b": (OLD,)}]


def test_a_rotation_takes_three_rounds():
    assert keys.rounds({"a": (OLD,), "b": (OLD,)}, FRESH, rotate=True) == [
        {"a": (OLD, FRESH), "b": (OLD, FRESH)},
        {"a": (FRESH, OLD), "b": (FRESH, OLD)},
        {"a": (FRESH,), "b": (FRESH,)},
    ]


@given(
    found=st.fixed_dictionaries(
        {node: st.lists(st.sampled_from([OLD, OTHER]), unique=True).map(tuple) for node in NODES}
    ),
    rotate=st.booleans(),
)
def test_agents_that_know_each_other_do_so_at_every_moment(found, rotate):
    made = keys.rounds(found, FRESH, rotate=rotate)
    pairs = [
        (one, other)
        for one in NODES
        for other in NODES
        if found[one] and found[other] and found[one][0] in found[other]
    ]
    *_rest, last = states(found, made)
    for state in states(found, made):
        assert all(state[one][0] in state[other] for one, other in pairs)
    assert len({last[node] for node in NODES}) == 1
    assert len(last["a"]) == 1
    broke_off = any(len(keys) > 1 for keys in found.values())
    assert not ((rotate or broke_off) and last["a"] != (FRESH,))


def test_a_rotation_that_broke_off_at_any_moment_is_finished_by_the_next_run_not_undone():
    whole = {"a": (OLD,), "b": (OLD,)}
    _begin, *broken, done = states(whole, keys.rounds(whole, OTHER, rotate=True))
    assert len(broken) == 8
    for state in broken:
        made = keys.rounds(state, FRESH, rotate=False)
        *_rest, last = states(state, made)
        assert last == {"a": (FRESH,), "b": (FRESH,)}
    assert keys.rounds(done, FRESH, rotate=False) == []


def test_one_that_breaks_off_again_and_again_collects_no_keys():
    now = {"a": (OLD,), "b": (OLD,)}
    for number in range(20):
        first, *_rest = keys.rounds(now, f"fresh {number}", rotate=number == 0)
        now.update(first)
    assert now == {"a": (OLD, "fresh 19"), "b": (OLD, "fresh 19")}


def test_a_file_of_keys_is_read_and_written():
    one, other = new_key(), new_key()
    assert keys.parse(f"# the key\n\n{one}\n{other}\n".encode(), "server1") == (one, other)
    assert keys.parse(keys.text((one, other)), "server1") == (one, other)


def test_a_damaged_file_names_its_node_and_not_what_it_holds():
    with pytest.raises(StandbyError, match=r"server1.*line 1") as failure:
        keys.parse(b"secret text", "server1")
    assert "secret" not in str(failure.value)
