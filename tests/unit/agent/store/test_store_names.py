# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys as names of folders: legal on Windows, told apart where case is not, and read back."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.agent.store import names, record

KEYS = st.text(st.characters(codec=None), max_size=200)
# learn.microsoft.com, "Naming Files, Paths, and Namespaces".
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]|[. ]\Z|\A(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)', re.IGNORECASE)


@given(KEYS)
@example("con")
@example("nodes/..")
@example("hierarchies/Shop.")
@example("cluster/\ud800")
def test_every_key_has_a_folder_that_windows_takes_and_that_tells_the_key(key):
    name = names.folder(key)
    assert not FORBIDDEN.search(name)
    assert name.isascii()
    assert name == name.lower()
    assert len(name) <= 120
    assert names.key_of(name) == key or names.is_digest(name)


@given(KEYS, KEYS)
@example("nodes/Server1", "nodes/server1")
@example("a!b", "aB")
@example("nodes/ſ", "nodes/s")
def test_two_keys_never_share_a_folder_whatever_is_made_of_case(one, other):
    assert (names.folder(one).casefold() == names.folder(other).casefold()) == (one == other)


def test_short_keys_of_plain_letters_can_be_read_by_people():
    assert names.folder("nodes/server1") == "key-nodes+server1"
    assert names.folder("hierarchies/Shop & Co") == "key-hierarchies+!shop=20=26=20!co"


@given(st.text())
@example("key-=c3=28")
@example("key-a=zz")
def test_a_foreign_name_is_the_folder_of_no_key(name):
    key = names.key_of(name)
    assert key is None or names.folder(key) == name


@given(st.integers(1, 10**30))
def test_a_number_is_read_back_from_its_file_and_its_temporary_file(number):
    assert names.number_of(names.record(number)) == number
    assert names.target_of(names.temporary(names.record(number), "0f")) == number
    assert names.target_of(names.record(number)) is None


@pytest.mark.parametrize(
    "name",
    [
        "first.json",
        "1.json",
        "000000000001.json.bak",
        "00000000000x.json",
        "0" * 12 + ".json",
        "0000000000000012.json",
        "٠" * 12 + ".json",
    ],
)
def test_other_files_have_no_number(name):
    assert names.number_of(name) is None


def test_file_names_leave_room_for_the_path_of_the_witness():
    longest = names.temporary(names.record(10**12 - 1), "f" * 32)
    assert 120 + 1 + len(longest) <= 260 - 85


@given(KEYS, st.integers(1, 10**12), st.text())
def test_a_record_is_read_back_and_any_change_of_its_bytes_is_noticed(key, number, value):
    written = record.Record(key, number, "0f", value)
    data = record.encode(written)
    assert record.decode(data) == written
    for at in range(0, len(data), max(1, len(data) // 16)):
        assert record.decode(data[:at]) is None
        assert record.decode(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]) is None
