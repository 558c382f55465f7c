# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of a lab node as processes of this machine: real relays, on a real control socket."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from lab import control
from lab.running import Running
from lab.shell.cmd import CommandProcessor
from tests.support.wsman_lab import BareHost

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 20.0


class Node:
    """A control socket with programs, none of which is a real one."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "server1.ctl"
        self.host = BareHost(folder)
        self.ended = asyncio.Event()
        self.running = Running(
            self.host, {"C:\\echo.exe": echo, "cmd.exe": CommandProcessor(), "C:\\stay.exe": self.stay}.get
        )

    async def stay(self, argv, streams, environment):
        streams.out(b"here")
        try:
            await asyncio.sleep(3600)
        finally:
            self.ended.set()

    async def relay(self, *argv: str, **options):
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "lab.relay",
            str(self.socket),
            *argv,
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            **options,
        )


async def echo(argv, streams, environment):
    data = await streams.read_all()
    streams.out(data + "|".join(argv[1:]).encode())
    streams.err(environment["SystemRoot"].encode())
    return 1168


def play(tmp_path, scenario):
    async def whole():
        node = Node(tmp_path)
        async with await control.serve(node.socket, {}, {"run": node.running.serve}):
            await asyncio.wait_for(scenario(node), SECONDS)

    asyncio.run(whole())


@pytest.mark.parametrize("size", [0, 3, 1_000_000])
def test_streams_and_arguments_pass_unchanged(tmp_path, size):
    async def scenario(node):
        sent = os.urandom(size)
        process = await node.relay("C:\\echo.exe", 'a "b"\\', "", "Käse 東京")
        out, err = await process.communicate(sent)
        assert out == sent + 'a "b"\\||Käse 東京'.encode()
        assert err == b"C:\\Windows"
        assert process.returncode == 1168 & 0xFF

    play(tmp_path, scenario)


def test_the_whole_exit_code_is_told_where_somebody_asks(tmp_path):
    async def scenario(node):
        read, write = os.pipe()
        with os.fdopen(read, "rb") as told:
            process = await node.relay(
                "C:\\echo.exe", pass_fds=(write,), env={**os.environ, "STANDBY_EXIT_CODE": str(write)}
            )
            os.close(write)
            await process.communicate(b"")
            assert told.read() == b"1168"

    play(tmp_path, scenario)


def test_cmd_reads_its_own_line(tmp_path):
    async def scenario(node):
        process = await node.relay("cmd.exe", "/c", "echo", "one", "two")
        assert (await process.communicate(b""))[0] == b"one two\r\n"
        assert process.returncode == 0

    play(tmp_path, scenario)


def test_the_end_of_a_relay_ends_its_program(tmp_path):
    async def scenario(node):
        process = await node.relay("C:\\stay.exe")
        assert await process.stdout.readexactly(4) == b"here"
        process.kill()
        await node.ended.wait()
        await process.wait()

    play(tmp_path, scenario)


def test_a_machine_that_goes_down_ends_its_programs(tmp_path):
    async def scenario(node):
        process = await node.relay("C:\\stay.exe")
        await process.stdout.readexactly(4)
        await node.running.stop()
        assert node.ended.is_set()
        assert await process.wait() != 0

    play(tmp_path, scenario)


def test_a_program_that_is_not_there_is_loud(tmp_path):
    async def scenario(node):
        process = await node.relay("C:\\none.exe", "x")
        _out, err = await process.communicate(b"")
        assert process.returncode == 127
        assert b"C:\\none.exe: the node has no such program" in err
        assert node.host.events == ["unknown-request"]

    play(tmp_path, scenario)


def test_a_node_that_is_off_is_told(tmp_path):
    async def scenario():
        node = Node(tmp_path)
        process = await node.relay("C:\\echo.exe")
        _out, err = await process.communicate(b"")
        assert process.returncode == 255
        assert b"the node does not answer" in err

    asyncio.run(scenario())
