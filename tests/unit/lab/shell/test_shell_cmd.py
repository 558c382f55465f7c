# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""cmd.exe lines: what runs, with which arguments, and where the output goes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lab.shell.builtins import Context
from lab.shell.cmd import run_line
from lab.shell.environment import Environment
from lab.shell.program import Streams
from lab.shell.table import ProgramTable
from tests.support.winrm_bench import ToyHost


async def show(argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
    """Print the arguments, one a line, in brackets."""
    streams.out("".join(f"[{argument}]" for argument in argv[1:]).encode() + b"\r\n")
    return 0


async def cat(argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
    streams.out(await streams.read_all())
    return 0


async def fail(argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
    streams.err(b"bad\r\n")
    return int(argv[1])


class Console:
    """A cmd.exe to type into."""

    def __init__(self, folder: Path) -> None:
        self.host = ToyHost(folder)
        (folder / "work dir").mkdir()
        table = ProgramTable(self.host)
        for path, program in (("show", show), ("cat", cat), ("fail", fail)):
            table.register(f"%SystemRoot%\\System32\\{path}.exe", program)
        for name in ("a & b", "a b"):
            table.register(f"C:\\work dir\\{name}.exe", show)
        self.find = table
        self.environment = Environment({**self.host.environment(), "Empty": "", "Word": "wörd", "Amp": "a&b"})

    def __call__(self, line: str, stdin: bytes = b"") -> tuple[int, str, str]:
        out: list[bytes] = []
        err: list[bytes] = []
        given = [stdin]

        async def read() -> bytes:
            return given.pop() if given else b""

        context = Context(self.host, self.environment.copy(), "C:\\work dir")
        code = asyncio.run(run_line(line, context, self.find, Streams(read, out.append, err.append)))
        return code, b"".join(out).decode(), b"".join(err).decode()


@pytest.fixture
def console(tmp_path: Path) -> Console:
    return Console(tmp_path)


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("show a  b", "[a][b]"),
        ('show "a b" c"d e"', "[a b][cd e]"),
        ("show %word% %WORD%", "[wörd][wörd]"),
        ("show %nosuch% 100%", "[%nosuch%][100%]"),
        ("show %nosuch%word%", "[%nosuchwörd]"),
        ('show "%word%"', "[wörd]"),
        ("show ^%word^%", "[%word%]"),
        ('show a^&b ^| ^> ^^ ^"', '[a&b][|][>][^]["]'.replace('["]', "[]")),
        ('show "a^&b"', "[a^&b]"),
        ('show "a&b|c>d<e(f)"', "[a&b|c>d<e(f)]"),
        ("@show x", "[x]"),
        ("(show x)", "[x]"),
        ("SHOW.EXE x", "[x]"),
        ('"C:\\work dir\\a b.exe" x', "[x]"),
        ('""C:\\work dir\\a & b.exe" "x y""', "[x y]"),
        ('".\\a b" x', "[x]"),
        ("C:\\Windows\\System32\\show x", "[x]"),
    ],
)
def test_a_line_becomes_arguments(console: Console, line: str, output: str):
    assert console(line) == (0, output + "\r\n", "")


@pytest.mark.parametrize(
    ("line", "code", "output"),
    [
        ("fail 3 & show a", 0, "[a]\r\n"),
        ("fail 3 && show a", 3, ""),
        ("fail 3 || show a", 0, "[a]\r\n"),
        ("show a || show b", 0, "[a]\r\n"),
        ("show a && fail 4", 4, "[a]\r\n"),
        ("fail 2 && show a || show b & show c", 0, "[b]\r\n[c]\r\n"),
        ("show a | cat", 0, "[a]\r\n"),
        ("fail 5 | cat", 0, ""),
        ("show a | fail 6", 6, ""),
        ("(show a & show b) | cat", 0, "[a]\r\n[b]\r\n"),
        ("fail 7 & exit", 7, ""),
        ("exit 9 & show a", 9, ""),
        ("exit /b 8", 8, ""),
        ("nosuch || show a", 0, "[a]\r\n"),
        ("cmd /c exit 11", 11, ""),
        ('cmd.exe /d /s /c ""show" "a b""', 0, "[a b]\r\n"),
        ("cmd /c show a & show b", 0, "[a]\r\n[b]\r\n"),
        ('cmd /c "show a & exit 5"', 5, "[a]\r\n"),
        ("rem show a & show b", 0, "[b]\r\n"),
    ],
)
def test_operators_decide_what_runs_and_which_code_is_left(
    console: Console, line: str, code: int, output: str
):
    assert console(line)[:2] == (code, output)


@pytest.mark.parametrize("line", ["nosuch a", "nosuch.exe a"])
def test_an_unknown_program_is_refused_loudly(console: Console, line: str):
    code, out, err = console(line)
    name = line.split()[0]
    text = f"'{name}' is not recognized as an internal or external command,\r\n"
    text += "operable program or batch file.\r\n"
    assert (code, out, err) == (1, "", text)
    assert console.host.unknown_requests() == [{"kind": "program", "program": name}]


def test_the_quote_rule_of_c_breaks_a_quoted_path_with_a_special_character(console: Console):
    assert console('"C:\\work dir\\a & b.exe" x')[2].startswith("'C:\\work' is not recognized")


def test_an_unknown_folder_in_a_programs_path(console: Console):
    assert console("C:\\nosuch\\x.exe") == (1, "", "The system cannot find the path specified.\r\n")


@pytest.mark.parametrize(
    "line",
    [
        "dir",
        "set /a x=1",
        "echo %DATE%",
        "echo %word:~1%",
        "show a\nshow b",
        "show 3<x",
        "whoami /all",
        "cmd /k ver",
    ],
)
def test_what_is_not_emulated_fails_and_is_recorded(console: Console, line: str):
    code, _rest, err = console(line)
    assert code == 1
    assert "does not emulate" in err or "lab emulates" in err
    assert console.host.unknown_requests()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("& show a", "& was unexpected at this time."),
        ("show a && ", "The syntax of the command is incorrect."),
        ("show a | | cat", "| was unexpected at this time."),
        ("(show a", "The syntax of the command is incorrect."),
        ("show >", "The syntax of the command is incorrect."),
    ],
)
def test_syntax_errors_run_nothing(console: Console, line: str, message: str):
    assert console(line) == (1, "", f"{message}\r\n")


def test_output_goes_to_files_of_the_node(console: Console):
    assert console(
        'show one > "C:\\work dir\\o.txt"& show two >> o.txt & fail 1 2> e.txt & fail 1 >b.txt 2>&1'
    ) == (1, "", "")
    folder = console.host.root / "work dir"
    assert (folder / "o.txt").read_bytes() == b"[one]\r\n[two]\r\n"
    assert (folder / "e.txt").read_bytes() == (folder / "b.txt").read_bytes() == b"bad\r\n"


def test_errors_join_the_output_only_after_the_redirection(console: Console):
    assert console("fail 1 2>&1 >nul") == (1, "bad\r\n", "")
    assert console("fail 1 >nul 2>&1") == (1, "", "")


def test_input_comes_from_files_of_the_node_and_from_the_client(console: Console):
    (console.host.root / "work dir" / "in.txt").write_bytes(b"text")
    assert console("cat < in.txt", b"other")[1] == "text"
    assert console("cat", b"other")[1] == "other"
    assert console("cat < nosuch.txt") == (1, "", "The system cannot find the file specified.\r\n")
    assert console("show a > C:\\nosuch\\o.txt") == (1, "", "The system cannot find the path specified.\r\n")
    assert console("show a > D:\\o.txt") == (1, "", "The system cannot find the path specified.\r\n")


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("echo hi  there ", "hi  there \r\n"),
        ("echo", "ECHO is on.\r\n"),
        ("echo.", "\r\n"),
        ("echo.a", "a\r\n"),
        ("echo a&echo b", "a\r\nb\r\n"),
        ("set x=1&set x", "x=1\r\n"),
        ('set "x=a & b"&set x', "x=a & b\r\n"),
        ("set word=&set w", ""),
        ("cd", "C:\\work dir\r\n"),
        ("cd ..&cd", "C:\\\r\n"),
        ("cd /d C:\\windows\\..&cd", "C:\\\r\n"),
        ("ver", "\r\nMicrosoft Windows [Version 10.0.17763.1]\r\n"),
        ("hostname", "SERVER1\r\n"),
        ("fail 3 & cmd /c echo %errorlevel%", "0\r\n"),
    ],
)
def test_builtins(console: Console, line: str, output: str):
    (console.host.root / "Windows").mkdir()
    (console.host.root / "windows").mkdir(exist_ok=True)
    assert console(line)[1] == output


def test_builtin_failures(console: Console):
    assert console("type nosuch.txt") == (1, "", "The system cannot find the file specified.\r\n")
    assert console("cd nosuch") == (1, "", "The system cannot find the path specified.\r\n")
    assert console("set nosuch") == (1, "", "Environment variable nosuch not defined\r\n")


def test_type_shows_a_file(console: Console):
    (console.host.root / "work dir" / "ü.txt").write_bytes("größe\r\n".encode())
    assert console('type "ü.txt"') == (0, "größe\r\n", "")


def test_a_pipe_does_not_change_the_variables_of_its_cmd(console: Console):
    assert console("set y=2 | cat & set y")[0] == 1


def test_a_command_behind_if_exist_runs_where_the_file_is_there(console: Console):
    file = console.host.local_path("C:\\work dir\\a.txt")
    assert console("if exist a.txt type a.txt") == (0, "", "")
    file.write_text("here")
    assert console("if exist a.txt type a.txt") == (0, "here", "")
    assert console('IF EXIST "C:\\work dir\\a.txt" fail 3')[0] == 3
    assert console("if exist Q:\\a.txt fail 3") == (0, "", "")


@pytest.mark.parametrize(
    "line",
    [
        "if not exist a.txt show",
        "if a==a show",
        "if exist a.txt (show)",
        "if exist a.txt show a else show b",
        "if exist a.txt show a & show b",
    ],
)
def test_other_forms_of_if_are_refused(console: Console, line: str):
    code, out, err = console(line)
    assert (code, out) == (1, "")
    assert "does not emulate" in err
