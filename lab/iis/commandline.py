# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of appcmd, taken apart as its own help describes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lab.iis.failure import INVALID_PARAMETER, NotEmulatedError

VERBS = {
    "site": ("list", "add", "delete", "set", "start", "stop"),
    "app": ("list", "add", "delete", "set"),
    "vdir": ("list", "add", "delete", "set"),
    "apppool": ("list", "add", "delete", "set", "start", "stop", "recycle"),
    "config": ("list", "set", "clear"),
}
_PLURALS = {"sites": "site", "apps": "app", "vdirs": "vdir", "apppools": "apppool", "configs": "config"}
GENERAL = frozenset({"xml", "in", "config", "text", "commit", "debug", "section"})
# General parameters that the lab acts on, by verb.
_ACTED_ON = {
    "list": frozenset({"xml", "config", "text", "section"}),
    "add": frozenset({"in", "commit"}),
    "set": frozenset({"commit", "section"}),
    "clear": frozenset({"commit", "section"}),
    "delete": frozenset({"commit"}),
}
# Values that the lab acts on; any, but not none, for what is not here.
_VALUES = {"xml": ("",), "in": ("",), "config": ("", "*"), "commit": ("apphost",)}
_MEMBER = re.compile(r"(\w+)='((?:[^']|'')*)'")


class UsageError(Exception):
    """A command line that appcmd does not take; its text is what appcmd prints.

    Attributes:
        code: the exit code.
    """

    code = INVALID_PARAMETER & 0xFFFF


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        verb: lower case.
        object: ``site``, ``app``, ``vdir``, ``apppool`` or ``config``.
        identifier: what stands without a slash; None where nothing does.
        general: general parameters by lower-case name; the value is "" for ``/xml``.
        parameters: the others, name and value, in order.
    """

    verb: str
    object: str
    identifier: str | None
    general: dict[str, str]
    parameters: tuple[tuple[str, str], ...]

    def parameter(self, *names: str) -> str | None:
        """The value of the first parameter of one of these names, compared without case."""
        wanted = {name.lower() for name in names}
        return next((value for name, value in self.parameters if name.lower() in wanted), None)


def parse(arguments: Sequence[str]) -> Command:
    """A command from the arguments after ``appcmd``.

    Raises:
        UsageError: appcmd does not take them.
    """
    if len(arguments) < 2:
        raise UsageError(
            "Failed to process input: a command and an object are needed.  Run 'appcmd.exe /?' for help."
        )
    verb, kind = arguments[0].lower(), _kind(arguments[1])
    if kind not in VERBS and _kind(arguments[0]) in VERBS:
        verb, kind = arguments[1].lower(), _kind(arguments[0])
    if kind not in VERBS:
        raise UsageError(
            f"Object '{arguments[1].upper()}' is not supported.  "
            "Run 'appcmd.exe /?' to display supported objects."
        )
    if verb not in VERBS[kind]:
        raise UsageError(
            f'ERROR ( message:The "{verb}" command is not supported on object "{kind.upper()}".  '
            "Replace with -? for help. )"
        )
    return _rest(verb, kind, arguments[2:])


def _kind(word: str) -> str:
    return _PLURALS.get(word.lower(), word.lower())


def _rest(verb: str, kind: str, arguments: Sequence[str]) -> Command:
    identifier: str | None = None
    general: dict[str, str] = {}
    parameters: list[tuple[str, str]] = []
    for number, text in enumerate(arguments):
        if text == "-":
            general["in"] = ""
        elif text[:1] not in ("/", "-"):
            if number:
                raise UsageError(
                    f"Failed to process input: The parameter '{text}' must begin with a / or - "
                    "(HRESULT=80070057)."
                )
            identifier = text
        else:
            name, value = _split(text[1:])
            if name.lower() in GENERAL:
                general[name.lower()] = value
            else:
                parameters.append((name.removeprefix("!"), value))
    return Command(verb, kind, identifier, general, tuple(parameters))


def _split(text: str) -> tuple[str, str]:
    """``name:value`` at the first colon outside brackets: the keys inside them may hold colons."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]" and depth > 0)
        if letter == ":" and not depth:
            return text[:at], text[at + 1 :]
    return text, ""


def check_emulated(command: Command) -> None:
    """Whether the lab acts on everything that a command says.

    Raises:
        NotEmulatedError: it would pass over something.
    """
    for name, value in command.general.items():
        values = _VALUES.get(name)
        wanted = bool(value) if values is None else value.lower() in values
        if name not in _ACTED_ON.get(command.verb, ()) or not wanted:
            raise NotEmulatedError(f"{_words(command)} with /{name}:{value}")
    if "text" in command.general and len(command.general) > 1 + ("section" in command.general):
        raise NotEmulatedError("/text together with /xml or /config")
    if command.object != "config" and "section" in command.general:
        raise NotEmulatedError(f"{_words(command)} with /section")
    passed_over = _passed_over(command)
    if passed_over:
        raise NotEmulatedError(f"{_words(command)} with {', '.join(passed_over)}")


def _passed_over(command: Command) -> list[str]:
    """Parameters that nothing looks at."""
    if command.object == "config" and command.verb == "set":
        return []
    if command.object == "config" and command.verb == "clear":
        return [f"/{name}" for name, _value in command.parameters]
    if command.object == "config" or "in" in command.general:
        taken: set[str] = set()
    elif command.verb in ("start", "stop", "recycle", "delete"):
        taken = {f"{command.object}.name"}
    else:
        return []
    named = [f"/{name}" for name, _value in command.parameters if name.lower() not in taken]
    return named + (["an identifier"] if not taken and command.identifier is not None else [])


def _words(command: Command) -> str:
    return f"{command.verb} {command.object}"


@dataclass(frozen=True)
class ElementPath:
    """``+bindings.[protocol='http',bindingInformation='*:80:']`` taken apart.

    Attributes:
        sign: ``+`` adds, ``-`` removes, empty sets.
        path: element names, ``("bindings",)``.
        keys: the attributes between the brackets; None without brackets.
        attribute: the attribute after the brackets or the last dot; empty where there is none.
    """

    sign: str
    path: tuple[str, ...]
    keys: dict[str, str] | None
    attribute: str


def parse_path(name: str) -> ElementPath:
    """The path a parameter's name means.

    Raises:
        UsageError: brackets that hold no ``key='value'`` list.
    """
    sign = name[0] if name[:1] in ("+", "-") else ""
    rest = name[len(sign) :]
    before, bracket, after = rest.partition("[")
    if not bracket:
        *path, attribute = rest.split(".")
        return ElementPath(sign, tuple(path), None, attribute)
    inside, closing, tail = after.rpartition("]")
    keys = {match.group(1): match.group(2).replace("''", "'") for match in _MEMBER.finditer(inside)}
    if not closing or not keys:
        raise UsageError(
            f'ERROR ( message:Malformed collection indexer "{after}".  Replace with -? for help. )'
        )
    return ElementPath(sign, tuple(filter(None, before.split("."))), keys, tail.removeprefix("."))
