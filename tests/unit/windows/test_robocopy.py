# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""robocopy: what it is told, and what its exit code is taken for."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Node
from ansible_collections.standby.iis.plugins.module_utils.windows.robocopy import arguments, make_same


class Shell:
    def __init__(self, code: int) -> None:
        self.code, self.ran = code, []

    def run(self, argv, stdin=b"", *, on_output=None):
        self.ran.append(list(argv))
        return Completed(
            self.code, b"\r\nERROR 5 (0x00000005) Copying File a.html\r\nAccess is denied.\r\n", b""
        )


def run(code):
    shell = Shell(code)
    return make_same(Node("server2", None, shell), r"\\S1\web$", r"R:\copy", [r"\\S1\web$\copy"])


@pytest.mark.parametrize("code", range(8))
def test_a_sum_of_the_bits_below_8_is_no_failure(code):
    assert run(code).changed is (code != 0)


@pytest.mark.parametrize("code", [*range(8, 33), 255, -1, 1_073_807_364])
def test_any_other_code_is_one_and_told_with_the_last_lines(code):
    with pytest.raises(StandbyError, match=f"exit code {code}: ") as failure:
        run(code)
    assert "Access is denied" in str(failure.value)
    assert failure.value.node == "server2"
    assert failure.value.remedy is not None and r"\\S1\web$" in failure.value.remedy


def test_the_gravest_bit_is_told():
    with pytest.raises(StandbyError, match="some files or folders could not be copied"):
        run(11)
    with pytest.raises(StandbyError, match="nothing was copied"):
        run(24)


def test_it_deletes_tries_once_again_and_leaves_junctions_out():
    argv = arguments(r"\\S1\web$", r"R:\copy", [r"\\S1\web$\copy"])
    assert argv[:3] == ["robocopy.exe", r"\\S1\web$", r"R:\copy"]
    assert {"/e", "/purge", "/xj", "/r:1", "/w:1"} <= set(argv)
    assert "/mir" not in argv  # overwrites the security settings of the destination folder
    assert argv[argv.index("/xd") :] == [
        "/xd",
        "System Volume Information",
        "$RECYCLE.BIN",
        r"\\S1\web$\copy",
    ]


@pytest.mark.parametrize("paths", [("R:\\", "S:"), (r"\\S1\w", "S:\\"), (r"\\S1\w", r"S:\c", ["R:\\x\\"])])
def test_a_backslash_at_an_end_would_escape_the_quote_behind_it(paths):
    with pytest.raises(StandbyError, match="ends with a backslash"):
        arguments(*paths)
