# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands in the lab's shell: arguments, streams, quotas, and shells that were lost."""

from __future__ import annotations

import time

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import CimError
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect

ODD = [
    "a b",
    "",
    '"',
    "\\",
    'a\\"b\\',
    "%Odd%",
    "%Odd:E=x%",
    "100%",
    "^",
    "a&b|c>d<e",
    "(x)",
    "!",
    "Größe 東京 😀",
    ";,=",
]


@pytest.mark.parametrize(
    "program", ["arguments", "C:\\Tools\\arguments.exe", "C:\\Odd (x86) & Tools\\arguments.exe"]
)
def test_arguments_arrive_as_they_were_given(node, program):
    done = node.shell.run([program, *ODD])
    assert done.stdout.decode().split("\n") == ODD
    assert done.code == len(ODD)


def test_long_input_arrives_whole_and_both_outputs_come_back(node):
    data = "".join(f"Zeile {number} 東京 ✓\n" for number in range(9000)).encode()
    done = node.shell.run(["count"], data)
    assert done.stdout == data
    assert done.stderr == str(len(data)).encode()


def test_output_arrives_while_the_program_runs_through_operation_timeouts(node):
    pieces: list[tuple[bytes, float]] = []
    done = node.shell.run(["ticks"], on_output=lambda piece: pieces.append((piece, time.monotonic())))
    assert (done.code, done.stdout) == (7, b"one two")
    assert [piece for piece, _at in pieces] == [b"one ", b"two"]
    assert pieces[1][1] - pieces[0][1] > 1


def test_a_program_that_waits_for_input_it_was_not_given_ends(node):
    done = node.shell.run(["count"])
    assert (done.code, done.stderr) == (0, b"0")


def test_an_unknown_program_is_a_code_not_an_error(node):
    done = node.shell.run(["no-such-program"])
    assert done.code == 1
    assert b"not recognized" in done.stderr


def test_the_shell_is_deleted_so_that_the_quota_holds(lab):
    lab.start(max_shells_per_user=1)
    for _rest in range(3):
        opened = connect(lab.connection())
        assert opened.shell.run(["arguments"]).code == 0
        opened.close()
    first, second = connect(lab.connection()), connect(lab.connection())
    first.shell.run(["arguments"])
    with pytest.raises(CimError) as caught:
        second.shell.run(["arguments"])
    assert "Close other sessions" in (caught.value.remedy or "")
    first.close()
    assert second.shell.run(["arguments"]).code == 0
    second.close()


def test_many_commands_in_one_shell_and_a_shell_that_the_node_forgot(node, lab):
    for number in range(12):
        assert node.shell.run(["arguments", *["x"] * number]).code == number
    lab.wait(lab.server.drop())
    assert node.shell.run(["arguments", "y"]).stdout == b"y"
