# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""XML in and out, safely: no document types, no characters that XML cannot carry, errors with their place."""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ..errors import BadDocument, StandbyError

# Deeper than any answer of Windows (embedded instances nest three or four levels below the envelope's six).
MAX_DEPTH = 200

# XML 1.0 2.2: everything but tab, newline, carriage return and the ranges below.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# As xml.sax.saxutils does, which imports urllib.request and TLS with it: megabytes in an agent's supervisor.
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE = {**_TEXT, **str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class _RefusedError(Exception):
    """A construct that no document of ours has; the text says which."""


class _Builder(ElementTree.TreeBuilder):
    """Builds the tree and refuses what could only be an attack."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def doctype(self, name: str, _public: str | None, _system: str | None) -> None:
        """Refuse a document type before any entity of it is expanded."""
        raise _RefusedError(f"a document type ({name}) is not accepted")

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        """Count the depth on the way in."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _RefusedError(f"elements are nested deeper than {MAX_DEPTH} levels")
        return super().start(tag, attrs)

    def end(self, tag: str) -> Element:
        """Count the depth on the way out."""
        self._depth -= 1
        return super().end(tag)


def parse(document: bytes | str, name: str) -> Element:
    """The root element of a document.

    Args:
        document: the XML; bytes are decoded as their declaration says, UTF-8 by default.
        name: what the document is, for messages.

    Raises:
        BadDocument: not well formed, truncated, empty, or with a document type.
    """
    if not document:
        raise BadDocument(f"{name}: empty, expected an XML document")
    parser = ElementTree.XMLParser(target=_Builder())  # noqa: S314 - _Builder refuses what is dangerous
    try:
        parser.feed(document)
        root: Element = parser.close()
    except ElementTree.ParseError as error:
        line, column = error.position
        what = str(error).partition(":")[0]
        raise BadDocument(f"{name}: line {line}, column {column + 1}: {what}") from None
    except _RefusedError as error:
        raise BadDocument(f"{name}: {error}") from None
    except (LookupError, ValueError) as error:  # an encoding that Python does not have
        raise BadDocument(f"{name}: {error}") from None
    return root


def text(value: str, what: str) -> str:
    """Escape character data.

    Args:
        value: any text.
        what: what the text is, for messages.

    Raises:
        StandbyError: a control character or half of a surrogate pair, which XML 1.0 cannot carry.
    """
    found = _FORBIDDEN.search(value)
    if found:
        raise StandbyError(
            f"{what} holds the character U+{ord(found.group()):04X} at position {found.start() + 1}, "
            "which cannot be sent to Windows",
            remedy="Remove the character",
        )
    return value.translate(_TEXT)  # a bare carriage return would arrive as a newline


def attribute(value: str, what: str) -> str:
    """A quoted attribute value; raises StandbyError as ``text`` does."""
    text(value, what)
    return f'"{value.translate(_ATTRIBUTE)}"'


def name(value: str) -> str:
    """A CIM name as an element name.

    Raises:
        StandbyError: not a CIM identifier.
    """
    if not _NAME.match(value):
        raise StandbyError(f"{value!r} is not the name of a CIM class, property, method or parameter")
    return value
