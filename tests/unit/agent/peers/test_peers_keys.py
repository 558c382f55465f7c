# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key file: what it may hold, how it changes, and that keys do not show themselves."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.peers.keys import (
    Key,
    KeyFile,
    new_key,
    read_keys,
)
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError

ONE, TWO = bytes(range(32)), bytes(range(100, 140))


def test_keys_are_read_in_order_as_hexadecimal_or_base64():
    text = f"# the cluster\n\n{TWO.hex().upper()}\r\n  {base64.b64encode(ONE).decode()}  \n"
    for data in (text.encode(), text.encode("utf-8-sig")):
        assert read_keys(data) == (Key(TWO), Key(ONE))


def test_a_new_key_is_a_line_of_a_key_file_and_never_the_same():
    assert read_keys(new_key().encode()) != read_keys(new_key().encode())


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "holds no key"),
        (b"# nothing\n", "holds no key"),
        (ONE.hex().encode() + b"\n" + ONE[:31].hex().encode(), "line 2 of the key file has 31 bytes"),
        (b"correct horse battery staple", "line 1 of the key file is neither"),
        ("schl\u00fcssel".encode(), "line 1 of the key file is neither"),
        (b"00" * 32, "line 1 of the key file is not random"),
        (ONE.hex().encode("utf-16"), "no text in UTF-8"),
        ("\n".join([ONE.hex()] * 9).encode(), "holds 9 keys"),
    ],
)
def test_what_is_no_key_is_refused_by_its_line_and_not_shown(data: bytes, told: str):
    with pytest.raises(StandbyError, match=told) as caught:
        read_keys(data)
    assert "horse" not in str(caught.value)
    assert ONE.hex() not in str(caught.value)


def test_a_key_does_not_show_itself():
    assert ONE.hex() not in repr(Key(ONE)) + str(Key(ONE))
    assert repr(ONE) not in repr(Key(ONE))


def test_a_changed_file_is_read_again_whatever_its_times_say(tmp_path: Path):
    path = tmp_path / "peers.key"
    path.write_text(ONE.hex())
    keys = KeyFile(path)
    assert keys() == (Key(ONE),)
    other = bytes(reversed(ONE))
    path.write_text(other.hex())
    assert keys() == (Key(other),)


def test_a_file_that_went_bad_changes_nothing_and_is_told(tmp_path: Path):
    path = tmp_path / "peers.key"
    path.write_text(ONE.hex())
    keys = KeyFile(path)
    keys()
    for damage in (lambda: path.write_text("half a k"), path.unlink, lambda: path.write_bytes(b"#" * 9000)):
        damage()
        assert keys() == (Key(ONE),)
        assert keys.problem is not None
    path.write_text(TWO.hex())
    assert keys() == (Key(TWO),)
    assert keys.problem is None


def test_without_any_key_there_is_an_error_that_names_the_file(tmp_path: Path):
    with pytest.raises(StandbyError, match=r"absent\.key cannot be read: No such file"):
        KeyFile(tmp_path / "absent.key")()
