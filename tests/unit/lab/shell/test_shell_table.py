# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs are found by path, PATH and PATHEXT; PowerShell runs what was registered and nothing else."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lab.shell.program import Program, Streams
from lab.shell.table import ProgramTable
from tests.support.winrm_bench import ToyHost

SCRIPT = "Get-Thing | Select-Object Name\r\n"


async def answer(argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
    streams.out("|".join(argv).encode())
    return 42


@pytest.fixture
def table(tmp_path: Path) -> ProgramTable:
    table = ProgramTable(ToyHost(tmp_path))
    table.register("%SystemRoot%\\System32\\inetsrv\\appcmd.exe", answer)
    table.register_script(SCRIPT, answer)
    (tmp_path / "s.ps1").write_text(SCRIPT.replace("\r\n", "\n"), "utf-8-sig")
    return table


@pytest.mark.parametrize(
    "name",
    ["C:\\Windows\\System32\\inetsrv\\appcmd.exe", "c:\\windows\\SYSTEM32/inetsrv/APPCMD", "%windir%\\..\\x"],
)
def test_a_program_is_found_by_its_path_in_any_case(table: ProgramTable, name: str):
    assert (table(name) is answer) == ("appcmd" in name.lower())


@pytest.mark.parametrize(
    ("name", "found"), [("hostname", True), ("HOSTNAME.EXE", True), ("appcmd", False), ("", False)]
)
def test_a_bare_name_is_looked_up_along_path(table: ProgramTable, name: str, found: bool):
    assert (table(name) is not None) == found


def run(program: Program | None, *arguments: str) -> tuple[int, str, str]:
    assert program is not None
    out: list[bytes] = []
    err: list[bytes] = []

    async def read() -> bytes:
        return b""

    code = asyncio.run(program(["powershell", *arguments], Streams(read, out.append, err.append), {}))
    return code, b"".join(out).decode(), b"".join(err).decode()


def power_shell(table: ProgramTable) -> Program | None:
    return table("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe")


ENCODED = base64.b64encode(SCRIPT.encode("utf-16-le")).decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ["-EncodedCommand", ENCODED],
        ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-enc", ENCODED],
        ["-command", SCRIPT],
        ["-nop", "-File", "C:\\s.ps1"],
    ],
)
def test_powershell_runs_a_registered_script_by_its_text(table: ProgramTable, arguments: list[str]):
    assert run(power_shell(table), *arguments)[0] == 42


def test_a_script_file_gets_its_arguments(table: ProgramTable):
    assert (
        run(power_shell(table), "-File", "C:\\s.ps1", "-Name", "x y")[1] == "powershell|C:\\s.ps1|-Name|x y"
    )


@pytest.mark.parametrize(
    ("script", "code", "output"),
    [
        ("hostname", 0, "SERVER1\r\n"),
        ('& "C:\\Windows\\System32\\hostname.exe"', 0, "SERVER1\r\n"),
        ("cmd /c echo a b", 0, "a b\r\n"),
        ('cmd /c "echo a & exit 3"', 1, "a \r\n"),
    ],
)
def test_powershell_runs_a_plain_call_of_a_program(table: ProgramTable, script: str, code: int, output: str):
    assert run(power_shell(table), "-Command", script) == (code, output, "")


@pytest.mark.parametrize(
    "script",
    [
        '"hostname"',
        "hostname; hostname",
        "hostname | cmd",
        "hostname $x",
        "hostname 'a'",
        "cmd /c echo `a",
        "echo a",
    ],
)
def test_powershell_refuses_what_is_more_than_a_plain_call(table: ProgramTable, script: str):
    code, out, err = run(power_shell(table), "-Command", script)
    assert (code, out) == (1, "")
    assert "It runs registered scripts only." in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["-Command", SCRIPT + " "],
        ["-EncodedCommand", "!"],
        ["-File", "C:\\nosuch.ps1"],
        ["-Nonsense", "x"],
        ["-no"],
        [],
        ["Get-Thing"],
    ],
)
def test_powershell_refuses_everything_else_loudly(table: ProgramTable, arguments: list[str]):
    code, out, err = run(power_shell(table), *arguments)
    assert (code, out) == (1, "")
    assert "It runs registered scripts only." in err
    assert table._host.unknown_requests()  # type: ignore[attr-defined]
