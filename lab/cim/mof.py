# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the class files beside this module: the part of MOF (DSP0004) that declares classes and methods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .schema import CimClass, Member, Method

CLASSES = Path(__file__).parent / "classes"

_TOKEN = re.compile(
    r"//[^\n]*|\s+|#namespace\s+(?P<namespace>\S+)|(?P<word>\w+)|(?P<mark>[\[\](){};:,])|(?P<bad>.)"
)


class MofError(ValueError):
    """A class file is not in the grammar; the message names the token found."""


@dataclass
class _Parser:
    """A reader of tokens; ``namespace`` is what the last ``#namespace`` said."""

    tokens: list[str]
    place: int = 0
    namespace: str = ""

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, expected: str | None = None) -> str:
        token = self.peek()
        if not token or (expected is not None and token != expected):
            raise MofError(f"expected {expected or 'more'}, found {token or 'the end'} at token {self.place}")
        self.place += 1
        return token

    def accept(self, token: str) -> bool:
        if self.peek() != token:
            return False
        self.place += 1
        return True

    def words(self, end: str) -> frozenset[str]:
        """The words up to and with a closing mark."""
        found = set()
        while not self.accept(end):
            word = self.take()
            if word != ",":
                found.add(word)
        return frozenset(found)

    def qualifiers(self) -> frozenset[str]:
        return self.words("]") if self.accept("[") else frozenset()

    def member(self, qualifiers: frozenset[str], type_: str, name: str) -> Member:
        array = self.accept("[")
        if array:
            self.take("]")
        return Member(name, type_, array, "key" in qualifiers, "write" in qualifiers)

    def method(self, qualifiers: frozenset[str], type_: str, name: str) -> Method:
        inputs: list[Member] = []
        outputs: list[Member] = []
        while not self.accept(")"):
            direction = self.qualifiers()
            parameter = self.member(direction, self.take(), self.take())
            (outputs if "out" in direction else inputs).append(parameter)
            self.accept(",")
        returns = None if type_ == "void" else type_
        return Method(name, tuple(inputs), tuple(outputs), "static" in qualifiers, returns)

    def declaration(self) -> CimClass:
        qualifiers = self.qualifiers()
        self.take("class")
        name = self.take()
        superclasses = (self.take(),) if self.accept(":") else ()
        self.take("{")
        members: list[Member] = []
        methods: list[Method] = []
        while not self.accept("}"):
            marks = self.qualifiers()
            type_, label = self.take(), self.take()
            if self.accept("("):
                methods.append(self.method(marks, type_, label))
            else:
                members.append(self.member(marks, type_, label))
            self.take(";")
        self.take(";")
        return CimClass(
            self.namespace, name, tuple(members), tuple(methods), superclasses, "embedded" in qualifiers
        )


def _tokens(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        if match["bad"]:
            raise MofError(f"unexpected character {match['bad']!r} at offset {match.start()}")
        if match["namespace"]:
            yield from ("#namespace", match["namespace"])
        elif match["word"] or match["mark"]:
            yield match[0]


def parse(text: str) -> list[CimClass]:
    """The classes a text declares, in its order.

    Raises:
        MofError: the text is not in the grammar.
    """
    parser = _Parser(list(_tokens(text)))
    classes = []
    while parser.peek():
        if parser.accept("#namespace"):
            parser.namespace = parser.take()
        else:
            classes.append(parser.declaration())
    return classes


@cache
def all_classes() -> dict[str, CimClass]:
    """Every class of the lab by its name; names are unique over the namespaces used here."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(CLASSES.glob("*.mof")))
    return {found.name: found for text in texts for found in parse(text)}


def load(name: str) -> CimClass:
    """One class by its exact name.

    Raises:
        KeyError: no class file declares it.
    """
    return all_classes()[name]
