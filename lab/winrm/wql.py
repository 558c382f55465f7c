# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""WQL data queries: ``SELECT columns FROM class [WHERE condition]``.

What is understood: ``*`` or a list of columns; ``= <> != < > <= >= LIKE``, ``IS [NOT] NULL``, ``AND OR NOT``,
parentheses; strings in single or double quotes with backslash escapes; integers, decimals, TRUE, FALSE, NULL
(WMI SDK, "SELECT Statement for Data Queries", "LIKE Operator"). Anything else is an error, never a guess.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lab.cim.schema import CimClass, Member, Values

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|(?P<number>[+-]?\d+(?:\.\d+)?)
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<symbol><>|!=|<=|>=|[=<>(),*]))""",
    re.VERBOSE,
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
Condition = Callable[[Values], bool]


class WqlError(Exception):
    """The query is not understood; the text says why."""


@dataclass(frozen=True)
class Query:
    """A parsed query, before it is known which class it is about.

    Attributes:
        columns: names as written, None for ``*``.
        class_name: as written.
        condition: tokens of the WHERE clause, empty without one.
    """

    columns: tuple[str, ...] | None
    class_name: str
    condition: tuple[tuple[str, str], ...]

    def select(self, schema: CimClass) -> tuple[str, ...] | None:
        """The columns as spelled in the schema, None for all.

        Raises:
            WqlError: a column that the class does not have.
        """
        if self.columns is None:
            return None
        return tuple(_member(schema, column).name for column in self.columns)

    def where(self, schema: CimClass) -> Condition:
        """The predicate over an instance's values.

        Raises:
            WqlError: the condition is not understood, or names a property that the class does not have.
        """
        if not self.condition:
            return _always
        return _Where(schema, self.condition).parse()


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        WqlError: it is no SELECT query, or holds something that is not understood.
    """
    tokens = list(_tokens(text))
    words = [value.upper() if kind == "word" else value for kind, value in tokens]
    if not words or words[0] != "SELECT" or "FROM" not in words:
        raise WqlError(f"only data queries are supported, not: {text}")
    start = words.index("FROM")
    rest = tokens[start + 1 :]
    if not rest or rest[0][0] != "word":
        raise WqlError(f"no class after FROM: {text}")
    if len(rest) > 1 and (rest[1][1].upper() != "WHERE" or len(rest) == 2):
        raise WqlError(f"'{rest[1][1]}' is not expected after the class: {text}")
    return Query(_columns(tokens[1:start]), rest[0][1], tuple(rest[2:]))


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position, text = 0, text.rstrip().removesuffix(";").rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise WqlError(f"'{text[position:].strip()[:20]}' is not understood in: {text}")
        yield match.lastgroup, match[match.lastgroup]
        position = match.end()


def _columns(tokens: list[tuple[str, str]]) -> tuple[str, ...] | None:
    if tokens == [("symbol", "*")]:
        return None
    columns, separators = tokens[::2], tokens[1::2]
    proper = (
        columns and all(kind == "word" for kind, _rest in columns) and len(columns) == len(separators) + 1
    )
    if not proper or any(separator != ("symbol", ",") for separator in separators):
        raise WqlError("the list of columns is not understood")
    return tuple(name for _rest, name in columns)


def _member(schema: CimClass, name: str) -> Member:
    for member in schema.members:
        if member.name.casefold() == name.casefold():
            return member
    raise WqlError(f"class {schema.name} has no property {name}")


def _always(_values: Values) -> bool:
    return True


class _Where:
    """Recursive descent over the tokens of a condition: OR binds less than AND, AND less than NOT."""

    def __init__(self, schema: CimClass, tokens: tuple[tuple[str, str], ...]) -> None:
        self._schema = schema
        self._tokens = tokens
        self._at = 0

    def parse(self) -> Condition:
        condition = self._any()
        if self._at < len(self._tokens):
            raise WqlError(f"'{self._tokens[self._at][1]}' is not expected in the condition")
        return condition

    def _peek(self) -> str:
        return self._tokens[self._at][1].upper() if self._at < len(self._tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise WqlError("the condition ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _accept(self, word: str) -> bool:
        found = self._peek() == word
        self._at += found
        return found

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._accept("OR"):
            parts.append(self._all())
        return lambda values: any(part(values) for part in parts)

    def _all(self) -> Condition:
        parts = [self._not()]
        while self._accept("AND"):
            parts.append(self._not())
        return lambda values: all(part(values) for part in parts)

    def _not(self) -> Condition:
        if self._accept("NOT"):
            inner = self._not()
            return lambda values: not inner(values)
        if self._accept("("):
            inner = self._any()
            if not self._accept(")"):
                raise WqlError("a closing parenthesis is missing")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        kind, name = self._next()
        if kind != "word":
            raise WqlError(f"a property was expected, not {name}")
        member = _member(self._schema, name)
        if member.array:
            raise WqlError(f"property {member.name} is an array and cannot be compared")
        if self._accept("IS"):
            return self._null_test(member.name, negated=self._accept("NOT"))
        if self._accept("LIKE"):
            return _like(member, _string(self._next()))
        _rest, symbol = self._next()
        if symbol not in _COMPARISONS:
            raise WqlError(f"'{symbol}' is no comparison that is supported")
        return _compare(member, symbol, self._next())

    def _null_test(self, name: str, *, negated: bool) -> Condition:
        if not self._accept("NULL"):
            raise WqlError("IS is followed by NULL or NOT NULL")
        return lambda values: (values.get(name) is not None) == negated


def _string(token: tuple[str, str]) -> str:
    kind, text = token
    if kind != "string":
        raise WqlError(f"a string was expected, not {text}")
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _compare(member: Member, symbol: str, token: tuple[str, str]) -> Condition:
    if token[0] == "word" and token[1].upper() == "NULL":
        if symbol not in ("=", "<>", "!="):
            raise WqlError(f"NULL cannot be compared with {symbol}")
        return lambda values: (values.get(member.name) is None) == (symbol == "=")
    wanted = _literal(member, token)
    compare = _COMPARISONS[symbol]

    def condition(values: Values) -> bool:
        value = values.get(member.name)
        return value is not None and compare(value.casefold() if isinstance(value, str) else value, wanted)

    return condition


def _literal(member: Member, token: tuple[str, str]) -> Any:
    kind, text = token
    if member.type in ("string", "char16") and kind == "string":
        return _string(token).casefold()
    if member.type == "boolean" and kind == "word" and text.upper() in ("TRUE", "FALSE"):
        return text.upper() == "TRUE"
    if re.fullmatch(r"[su]int\d+|real\d+", member.type) and kind in ("number", "string"):
        return _number(text if kind == "number" else _string(token))
    raise WqlError(f"property {member.name} of type {member.type} cannot be compared with {text}")


def _number(text: str) -> float | int:
    try:
        return float(text) if "." in text else int(text)
    except ValueError as error:
        raise WqlError(f"'{text}' is no number") from error


def _like(member: Member, pattern: str) -> Condition:
    if member.type != "string":
        raise WqlError(f"LIKE needs a string, and {member.name} is of type {member.type}")
    expression = re.compile(_like_expression(pattern), re.IGNORECASE | re.DOTALL)
    return lambda values: (
        values.get(member.name) is not None and bool(expression.fullmatch(values[member.name]))
    )


def _like_expression(pattern: str) -> str:
    pieces: list[str] = []
    for part in re.findall(r"\[\^?[^\]]+\]|.", pattern, flags=re.DOTALL):
        if len(part) > 1:
            inner = part[1:-1].replace("\\", "\\\\").replace("[", "\\[")
            pieces.append(f"[{inner.replace('=', '-')}]")
        else:
            pieces.append({"%": ".*", "_": "."}.get(part, re.escape(part)))
    return "".join(pieces)
