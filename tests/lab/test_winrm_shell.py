# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command shell of WinRM, seen by pywinrm and pypsrp."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import winrm
from pypsrp.client import Client
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import RunspacePool
from pypsrp.shell import Process, SignalCode, WinRS

from tests.support.winrm_bench import PASSWORD, USER, Bench, Certificates, make_certificates, running
from tests.support.winrm_clients import (
    fault_code,
    session,
    wsman,
)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def bench(tmp_path: Path, certificates: Certificates) -> Iterator[Bench]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with running(tmp_path, certificates) as bench:
            yield bench


def test_pypsrp_executes_commands(bench: Bench):
    with Client(
        "127.0.0.1", ssl=False, port=bench.server.http_port, username=USER, password=PASSWORD
    ) as client:
        assert client.execute_cmd("echo hällo & nosuch")[::2] == ("hällo \r\n", 1)
        assert client.execute_cmd("set word", environment={"Word": "a=b"})[0] == "Word=a=b\r\n"


def test_streams_code_and_input_of_a_process(bench: Bench):
    bench.table.register("%SystemRoot%\\System32\\upper.exe", upper)
    with wsman(bench) as client, WinRS(client, codepage=65001) as shell:
        process = Process(shell, "upper", ["x y", "z"])
        process.begin_invoke()
        process.send("grö".encode(), end=False)
        process.send("ße".encode(), end=True)
        process.end_invoke()
        assert (process.rc, process.stdout, process.stderr) == (7, "GRÖSSE".encode(), b"x,y,z")
        assert fault_code(lambda: process.send(b"more", end=True)) == 232
        process.signal(SignalCode.CTRL_C)
        assert fault_code(lambda: process.send(b"more", end=True)) == 0x8033805B


async def upper(argv: Any, streams: Any, environment: Any) -> int:
    given = await streams.read_all()
    streams.out(given.decode().upper().encode())
    streams.err(",".join(argv[1:]).encode())
    return 7


async def wait(argv: Any, streams: Any, environment: Any) -> int:
    streams.out(b"begun")
    await streams.read_all()
    return 0


def test_output_is_in_the_code_page_of_the_shell(bench: Bench):
    with wsman(bench) as client:
        for code_page, output in (
            (437, b"\x84\xe3?\r\n"),
            (65001, "äπ\u20ac\r\n".encode()),
            (1252, b"\xe4?\x80\r\n"),
        ):
            with WinRS(client, codepage=code_page) as shell:
                process = Process(shell, "echo", ["äπ\u20ac"])
                process.invoke()
                assert process.stdout == output


def test_receive_waits_up_to_its_timeout_and_a_stopped_command_ends(bench: Bench):
    bench.table.register("%SystemRoot%\\System32\\wait.exe", wait)
    with wsman(bench) as client, WinRS(client) as shell:
        process = Process(shell, "wait")
        process.begin_invoke()
        state, code, output = shell.receive(command_id=process.id, timeout=1)
        assert (state.rpartition("/")[2], code, output["stdout"]) == ("Running", None, b"begun")
        assert fault_code(lambda: shell.receive(command_id=process.id, timeout=1)) == 0x80338029
        shell.signal(SignalCode.CTRL_C, process.id)
        state, code, _rest = shell.receive(command_id=process.id, timeout=1)
        assert (state.rpartition("/")[2], code) == ("Done", 0xC000013A)
        shell.signal(SignalCode.TERMINATE, process.id)
        assert fault_code(lambda: shell.receive(command_id=process.id, timeout=1)) == 0x8033805B


def test_large_output_comes_in_pieces_below_the_envelope(bench: Bench):
    (bench.host.root / "big.txt").write_bytes(b"0123456789" * 60000)
    found = session(bench, "ntlm").run_cmd("type C:\\big.txt")
    assert found.std_out == b"0123456789" * 60000
    with wsman(bench, max_envelope_size=8192) as client, WinRS(client) as shell:
        process = Process(shell, "type C:\\big.txt")
        process.invoke()
        assert process.stdout == b"0123456789" * 60000


def test_environment_working_directory_and_skipping_cmd(bench: Bench):
    (bench.host.root / "work dir").mkdir()
    with wsman(bench) as client:
        with WinRS(client, working_directory="C:\\work dir", environment={"A": "1"}) as shell:
            process = Process(shell, "cd & set A")
            process.invoke()
            assert process.stdout == b"C:\\work dir\r\nA=1\r\n"
        with WinRS(client, working_directory="C:\\nosuch") as shell:
            assert fault_code(Process(shell, "cd").invoke) == 267
        with WinRS(client) as shell:
            direct = Process(shell, "C:\\Windows\\System32\\hostname.exe", no_shell=True)
            direct.invoke()
            assert direct.stdout == b"SERVER1\r\n"
            assert fault_code(Process(shell, "echo", ["x"], no_shell=True).invoke) == 2


def test_shells_are_counted_per_user_and_forgotten_when_idle(tmp_path: Path, certificates: Certificates):
    with running(tmp_path, certificates, max_shells_per_user=2) as bench, wsman(bench) as client:
        first, second = WinRS(client), WinRS(client, idle_time_out=30)
        first.open()
        second.open()
        with pytest.raises(WSManFaultError, match="maximum number of 2 concurrent shells") as caught:
            WinRS(client).open()
        assert caught.value.code == 0x803381A5
        bench.host.clock_offset += 31
        third = WinRS(client)
        third.open()
        assert fault_code(second.close) == 0x8033805B
        third.close()
        first.close()
        bench.host.clock_offset += 7201
        assert fault_code(lambda: Process(third, "ver").invoke()) in (0x8033805A, 0x8033805B)


def test_psrp_is_refused_clearly(bench: Bench):
    with wsman(bench) as client, pytest.raises(WSManFaultError, match="does not emulate PSRP"):
        RunspacePool(client).open()


def test_a_crash_in_the_lab_is_loud(bench: Bench):
    async def broken(argv: Any, streams: Any, environment: Any) -> int:
        raise RuntimeError("oops")

    bench.table.register("%SystemRoot%\\System32\\broken.exe", broken)
    found = session(bench, "ntlm").run_cmd("broken")
    assert found.status_code == 0xE0000001
    assert b"oops" in found.std_err
    assert ("lab-error", {"error": "RuntimeError('oops')"}) in bench.host.events


def test_the_shape_of_a_created_shell(bench: Bench):
    protocol = winrm.Protocol(endpoint=bench.http, transport="ntlm", username=USER, password=PASSWORD)
    shell_id = protocol.open_shell(codepage=65001, noprofile=True, idle_timeout="PT60S")
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", shell_id)
    command_id = protocol.run_command(shell_id, "exit", ["5"], console_mode_stdin=False)
    assert protocol.get_command_output(shell_id, command_id) == (b"", b"", 5)
    protocol.cleanup_command(shell_id, command_id)
    protocol.close_shell(shell_id)
