# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An XML configuration file as bytes and as a tree that knows where in the bytes each element lies.

Edits replace only the bytes of the element they concern: comments, order, line ends, indentation and the byte
order mark of everything else stay as they were written, as IIS's own writer leaves them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

_TAG = re.compile(rb"""<(?:"[^"]*"|'[^']*'|[^>"'])*>""")


class NotWellFormedError(ValueError):
    """The document is not XML that IIS reads: malformed, truncated, or with a document type.

    Attributes:
        line: the line of the fault, from 1.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


@dataclass
class Node:
    """One element.

    Attributes:
        tag: its name.
        attributes: its attributes in the order of the document.
        children: its child elements.
        start: offset of its first byte (``<``).
        body: offset of the first byte after its start tag; equal to ``end`` for an empty-element tag.
        end: offset of the first byte after it.
    """

    tag: str
    attributes: dict[str, str]
    children: list[Node] = field(default_factory=list)
    start: int = 0
    body: int = 0
    end: int = 0

    def child(self, tag: str) -> Node | None:
        """The first child of that name."""
        return next((one for one in self.children if one.tag == tag), None)

    def all(self, tag: str) -> list[Node]:
        """Every child of that name."""
        return [one for one in self.children if one.tag == tag]

    def find(self, path: str) -> Node | None:
        """The first element at a path of child names, ``system.applicationHost/sites``."""
        here: Node | None = self
        for part in path.split("/"):
            here = here.child(part) if here else None
        return here

    def walk(self) -> Iterator[Node]:
        """The element and everything below it, in document order."""
        yield self
        for one in self.children:
            yield from one.walk()


class _Builder:
    """Expat handlers that build the tree."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._open: list[Node] = []
        self.root: Node | None = None
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype

    def parse(self) -> Node:
        try:
            self._parser.Parse(self._data, True)
        except expat.ExpatError as error:
            raise NotWellFormedError(error.lineno, expat.errors.messages[error.code]) from error
        if self.root is None:
            raise NotWellFormedError(1, "no element found")
        return self.root

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        at = self._parser.CurrentByteIndex
        match = _TAG.match(self._data, at)
        if match is None:
            raise NotWellFormedError(self._parser.CurrentLineNumber, "the encoding is not UTF-8")
        node = Node(tag, dict(attributes), start=at, body=match.end())
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def _end(self, _tag: str) -> None:
        node = self._open.pop()
        if self._data[node.body - 2 : node.body] == b"/>":
            node.end = node.body
        else:
            node.end = self._data.index(b">", self._parser.CurrentByteIndex) + 1

    def _doctype(self, *_details: object) -> None:
        raise NotWellFormedError(self._parser.CurrentLineNumber, "document types are not allowed")


def parse(data: bytes) -> Node:
    """The tree of a document.

    Raises:
        NotWellFormedError: it is not well-formed, has a document type, or is not UTF-8.
    """
    return _Builder(data).parse()


def render(node: Node, indent: str = "    ", level: int = 0, newline: str = "\r\n") -> str:
    """An element as text, one child a line.

    Args:
        node: what to render.
        indent: one level of indentation.
        level: the level the element lies at; its first line is not indented, the lines below are.
        newline: the line end.
    """
    start = node.tag + "".join(f" {name}={quote(value)}" for name, value in node.attributes.items())
    if not node.children:
        return f"<{start} />"
    below = "".join(
        f"{newline}{indent * (level + 1)}{render(one, indent, level + 1, newline)}" for one in node.children
    )
    return f"<{start}>{below}{newline}{indent * level}</{node.tag}>"


def quote(value: str) -> str:
    """An attribute's value in double quotes."""
    text = quoteattr(value, {'"': "&quot;"})
    return f'"{text[1:-1]}"'


def set_attributes(data: bytes, node: Node, changes: dict[str, str]) -> bytes:
    """The document with attributes of one element set; the rest of its start tag stays as it is written."""
    tag = data[node.start : node.body].decode()
    for name, value in changes.items():
        tag = _with_attribute(tag, name, quote(value))
    return data[: node.start] + tag.encode() + data[node.body :]


def _with_attribute(tag: str, name: str, quoted: str) -> str:
    """A start tag with one attribute replaced where it is written, else added as the last."""
    written = re.search(rf"""\s{re.escape(name)}\s*=\s*("[^"]*"|'[^']*')""", tag)
    if written:
        return tag[: written.start(1)] + quoted + tag[written.end(1) :]
    close = "/>" if tag.endswith("/>") else ">"
    trunk = tag.removesuffix(close).rstrip()
    return f"{trunk} {name}={quoted}{' />' if close == '/>' else '>'}"


def remove(data: bytes, node: Node) -> bytes:
    """The document without an element and without the white space in front of it."""
    start = len(data[: node.start].rstrip(b" \t\r\n"))
    return data[:start] + data[node.end :]


def append(data: bytes, parent: Node, new: Node, *, after: Node | None = None) -> bytes:
    """The document with a new child of ``parent``: after the given child, else as its last.

    The new element is indented as its neighbours are and takes the document's line end.
    """
    newline = "\r\n" if b"\r\n" in data else "\n"
    outer = _indent_of(data, parent.start)
    if parent.body == parent.end:
        return _append_to_empty(data, parent, new, outer, newline)
    inner = _indent_of(data, parent.children[0].start) if parent.children else outer + "    "
    text = newline + inner + render(new, newline=newline).replace(newline, newline + inner)
    if after is None and parent.children:
        after = parent.children[-1]
    at = after.end if after else parent.body
    return data[:at] + text.encode() + data[at:]


def _append_to_empty(data: bytes, parent: Node, new: Node, outer: str, newline: str) -> bytes:
    """``<bindings />`` becomes ``<bindings>...</bindings>``."""
    inner = outer + "    "
    opened = re.sub(rb"\s*/>$", b">", data[parent.start : parent.body])
    text = newline + inner + render(new, newline=newline).replace(newline, newline + inner)
    closed = f"{text}{newline}{outer}</{parent.tag}>".encode()
    return data[: parent.start] + opened + closed + data[parent.end :]


def _indent_of(data: bytes, at: int) -> str:
    """The white space between the start of the line and an element."""
    line = data[:at].rpartition(b"\n")[2]
    return line.decode() if not line.strip() else " " * (len(line) - len(line.lstrip()))
