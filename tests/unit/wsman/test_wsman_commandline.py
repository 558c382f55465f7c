# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""argv arrives as it was given, read by models of cmd.exe and CommandLineToArgvW after their documentation.

cmd.exe: the help text of ``cmd /?`` (which quotes /C removes), and the phases of its parser (percent
expansion, then carets, quotes and operators). CommandLineToArgvW: learn.microsoft.com, "Parsing C
command-line arguments".
"""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.wsman.commandline import LINE_LIMIT, command_line

ENVIRONMENT = {
    "path": "EXPANDED",
    "a": "EXPANDED",
    "os": "EXPANDED",
    " ": "EXPANDED",
    "": "%",
    "b c": "EXPANDED",
}


def strip_outer_quotes(line: str) -> str:
    """What /C makes of the rest of its command line, in its "old behaviour", which ours always meets."""
    text = line.lstrip()
    if not text.startswith('"'):
        return line
    return text[1:][: text.rindex('"') - 1] + text[text.rindex('"') + 1 :]


def expand(line: str) -> str:
    """Phase 1, as at the prompt: %name%, %name:...%; what is not defined stays."""
    out, at = [], 0
    while at < len(line):
        end = line.find("%", at + 1) if line[at] == "%" else -1
        if end > 0:
            name, colon, change = line[at + 1 : end].partition(":")
            if name.lower() in ENVIRONMENT and (name or not colon):
                out.append(ENVIRONMENT[name.lower()] + change)
                at = end + 1
                continue
        out.append(line[at])
        at += 1
    return "".join(out)


def tokens(line: str) -> tuple[str, str]:
    """Phase 2: the command word and the rest; an operator outside quotes would start another command."""
    out, quoted, at, word_end = [], False, 0, None
    while at < len(line):
        character = line[at]
        if character == '"':
            quoted = not quoted
        elif character == "^" and not quoted:
            at += 1
            character = line[at]
        elif not quoted:
            assert character not in "&|<>()\r\n", f"cmd.exe would act on {character!r} at {at} in {line!r}"
            if character in " \t,;=" and word_end is None:
                word_end = len(out)
        out.append(character)
        at += 1
    assert not quoted, f"a quote stays open in {line!r}"
    text = "".join(out)
    return (text, "") if word_end is None else (text[:word_end], text[word_end:])


def split(line: str) -> list[str]:
    """CommandLineToArgvW."""
    program = re.match(r'"([^"]*)"|[^ \t]*', line)
    found = [program.group(1) if program.group(1) is not None else program.group()]
    rest = line[program.end() :].lstrip(" \t")
    current, quoted, at = "", False, 0
    while at < len(rest):
        run = re.compile(r"\\*").match(rest, at).group()
        at += len(run)
        if rest[at : at + 1] == '"':
            current += "\\" * (len(run) // 2)
            if len(run) % 2:
                current += '"'
            elif quoted and rest[at + 1 : at + 2] == '"':
                current += '"'
                at += 1
            else:
                quoted = not quoted
            at += 1
            continue
        current += run
        if at < len(rest):
            if rest[at] in " \t" and not quoted:
                found.append(current)
                current, rest, at = "", rest[at:].lstrip(" \t"), 0
                continue
            current += rest[at]
            at += 1
    return [*found, current] if rest else found


def received(line: str) -> list[str]:
    word, rest = tokens(expand(strip_outer_quotes(line)))
    return split(word.removeprefix("@") + rest)


arguments = st.text(
    st.sampled_from(list("%^&\"\\ |<>()!,;=\t'@a:~0")) | st.characters(exclude_categories=["Cs", "Cc"]),
    max_size=20,
)
programs = st.sampled_from(
    [
        r"C:\Windows\System32\inetsrv\appcmd.exe",
        "hostname",
        r"C:\Program Files\x y.exe",
        r"C:\Program Files (x86)\a&b\c^d.exe",
        "C:/tools/x.exe",
        r"D:\серверы\x.exe",
        "a,b;c=d.exe",
    ]
)


@settings(max_examples=300, deadline=None)
@given(programs, st.lists(arguments, max_size=4))
@example("x", ["%PATH%", "%path:a=b%", "%a%%a%", "100%", "%", "%%", "a% b%"])
@example("x", ['"', '\\"', '\\\\"', "\\", "a\\\\", "a b\\", "", '""', '"a" "b"'])
@example("x", ["^", "^^", "a^", "&&", "| more", ">nul", "(a)", "!path!", "%^a%"])
@example("x", ["/in", "Shop & Co 'Größe' 東京 😀", "C:\\inet pub\\"])
def test_argv_arrives_as_it_was_given(program, rest):
    assert received(command_line([program, *rest])) == [program, *rest]


@settings(deadline=None)
@given(st.lists(arguments, max_size=3))
def test_it_makes_no_difference_whether_the_service_wraps_the_line_in_quotes(rest):
    argv = [r"C:\Windows\System32\inetsrv\appcmd.exe", *rest]
    assert received(f'"{command_line(argv)}"') == argv


def test_the_model_itself_expands_and_splits():
    assert expand("%PATH%-%nothing%-%os:x=y%") == "EXPANDED-%nothing%-EXPANDEDx=y"
    assert tokens('"a b" ^& "c & d"') == ('"a b"', ' & "c & d"')
    with pytest.raises(AssertionError):
        tokens("a & b")
    assert split(r'x a\\"b c" "d\"e" "f""g"') == ["x", r"a\b c", 'd"e', 'f"g']
    assert strip_outer_quotes('"a" "b" c') == 'a" "b c'


@pytest.mark.parametrize("bad", ["\0", "\n", "\r"])
def test_what_no_command_line_can_carry_is_refused(bad):
    with pytest.raises(StandbyError, match=rf"argument 1 of 'x' holds U\+{ord(bad):04X}"):
        command_line(["x", f"a{bad}b"])


@pytest.mark.parametrize("argv", [[], [""]])
def test_there_must_be_a_program(argv):
    with pytest.raises(StandbyError, match="no program"):
        command_line(argv)


@pytest.mark.parametrize("program", ["x.cmd", r"C:\a b\X.BAT"])
def test_batch_files_are_refused_because_they_read_their_arguments_twice(program):
    with pytest.raises(StandbyError, match="batch file"):
        command_line([program])


@pytest.mark.parametrize("program", [r"C:\%OS%\x.exe", 'a"b'])
def test_a_program_path_that_cmd_would_change_is_refused(program):
    with pytest.raises(StandbyError, match="quote or a percent sign"):
        command_line([program])


def test_a_line_that_is_too_long_says_how_long():
    assert len(command_line(["x", "a" * (LINE_LIMIT - 2)])) == LINE_LIMIT
    with pytest.raises(StandbyError, match=f"has {LINE_LIMIT + 1} characters"):
        command_line(["x", "a" * (LINE_LIMIT - 1)])
