# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values that are compared: what is shown of them, and what counts as the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ...windows.iis_config import digest
from ...windows.iis_schema import Attribute

HIDDEN = "(not shown)"
MISSING = "(missing)"
# How IIS writes a secret: with a key of the server's own, so that no two servers write it alike.
_ENCRYPTED = re.compile(r"\[enc:.*:enc\]", re.DOTALL)
_SPAN = re.compile(r"(?:(\d+)\.)?(\d+):(\d{2}):(\d{2})")
_WORDS = frozenset({"true", "false"})


@dataclass(frozen=True)
class Value:
    """One value on one node.

    Attributes:
        text: what is shown of it.
        token: equal where two values are the same to IIS; holds a digest where the value is a secret.
        comparable: False for a secret in a form that cannot be compared with another server's.
    """

    text: str
    token: str = field(repr=False)
    comparable: bool = True


# Path of a setting -> its value.
Settings = Mapping[str, Value]

ABSENT = Value(MISSING, "\0missing")


def plain(text: str, *, case: bool = False) -> Value:
    """A text that is shown; IIS regards the case of few things."""
    return Value(text, text if case else text.casefold())


def secret(text: str) -> Value:
    """A text that is never shown; an encrypted one can only be compared with none at all."""
    if _ENCRYPTED.fullmatch(text):
        return Value(HIDDEN, "\0encrypted", comparable=False)
    return Value(HIDDEN if text else "", digest(text))


def known_by(credential: str) -> Value:
    """A password of which only its digest was kept."""
    return Value(HIDDEN if credential else "", credential)


def of(attribute: Attribute | None, text: str) -> Value:
    """An attribute's value as its type has it."""
    if attribute is None:
        return secret(text) if _ENCRYPTED.fullmatch(text) else plain(text, case=text.casefold() not in _WORDS)
    if attribute.encrypted:
        return secret(text)
    return Value(text, _token(attribute, text))


def joined(values: Iterable[tuple[str, Value]], otherwise: str) -> Value:
    """Several values as one, with a text for where there are none."""
    found = sorted(values)
    return Value(
        " ".join(f"{name}={value.text}" for name, value in found) or otherwise,
        "\0".join(f"{name}={value.token}" for name, value in found),
        all(value.comparable for _name, value in found),
    )


def _token(attribute: Attribute, text: str) -> str:
    if attribute.kind == "bool":
        return str(text.casefold() == "true")
    if attribute.kind == "flags":
        return ",".join(sorted(one.strip().casefold() for one in text.split(",") if one.strip()))
    if attribute.kind == "timeSpan":
        found = _SPAN.fullmatch(text)
        if found is not None:
            days, hours, minutes, seconds = (int(one or 0) for one in found.groups())
            return str(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    return text if attribute.case_sensitive else text.casefold()
