# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Dataclasses as what JSON knows, and back: by the types that they declare, and by nothing else.

It knows dataclasses (generic ones too), enums by their values, tuples, frozen sets, mappings from text,
optional values, text, numbers and booleans. JSON has no infinity: where a float is declared, ``"inf"``,
``"-inf"`` and ``"nan"`` stand for those. A choice of several classes is an object with one entry, named for
the class.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

# A type as get_type_hints gives it, or a value of that type: known only at run time.
_Kind = Any

_SPECIAL_FLOATS = ("inf", "-inf", "nan")


class MisfitError(Exception):
    """A part of a document is not what was declared; the text names the place."""


@dataclass(frozen=True)
class Form:
    """A stored form of its own, for a class that has one.

    Attributes:
        pack: a value as what JSON knows.
        unpack: the value again; raises ValueError.
    """

    pack: Callable[[Any], object]
    unpack: Callable[[Any], Any]


class Codec:
    """Packs values into what JSON knows, and unpacks them.

    Args:
        forms: classes that have a stored form of their own.
    """

    def __init__(self, forms: Mapping[type, Form] | None = None) -> None:
        self._forms = dict(forms or {})

    def pack(self, kind: _Kind, value: _Kind) -> _Kind:
        """A value of the type given as what JSON knows."""
        kind, optional = _optional(kind)
        if optional and value is None:
            return None
        choices = _choices(kind)
        if choices:
            chosen = next(one for one in choices if value.__class__ is one)
            return {chosen.__name__: self.pack(chosen, value)}
        if (form := self._forms.get(kind)) is not None:
            return form.pack(value)
        if (members := _members(kind)) is not None:
            return {name: self.pack(inner, getattr(value, name)) for name, inner in members.items()}
        return self._pack_plain(kind, value)

    def _pack_plain(self, kind: _Kind, value: _Kind) -> _Kind:
        origin: _Kind = get_origin(kind)
        inner = get_args(kind)
        if origin is tuple:
            kinds = inner[:1] * len(value) if inner[1:] == (Ellipsis,) else inner
            return [self.pack(one, part) for one, part in zip(kinds, value, strict=True)]
        if origin is frozenset:
            return sorted(self.pack(inner[0], part) for part in value)
        if origin is not None:  # a mapping: its order is kept
            return {name: self.pack(inner[1], part) for name, part in value.items()}
        if kind is float:
            return float(value) if math.isfinite(value) else str(float(value))
        return value.value if isinstance(value, Enum) else value

    def unpack(self, kind: _Kind, value: object, place: str) -> _Kind:
        """What JSON held as a value of the type given.

        Args:
            kind: a type, as it is declared.
            value: what JSON held.
            place: where it stands in the document, for messages.

        Raises:
            MisfitError: it is not of that type.
        """
        kind, optional = _optional(kind)
        if optional and value is None:
            return None
        choices = _choices(kind)
        if choices:
            return self._unpack_choice(choices, value, place)
        if (form := self._forms.get(kind)) is not None:
            try:
                return form.unpack(value)
            except ValueError as error:
                raise MisfitError(f"has at {place} what cannot be read: {error}") from None
        if (members := _members(kind)) is not None:
            return self._unpack_dataclass(kind, members, value, place)
        if (origin := get_origin(kind)) is not None:
            return self._unpack_many(origin, get_args(kind), value, place)
        return _plain(kind, value, place)

    def _unpack_choice(self, choices: tuple[_Kind, ...], value: object, place: str) -> _Kind:
        named = {one.__name__: one for one in choices}
        if not isinstance(value, dict) or len(value) != 1 or not value.keys() <= named.keys():
            told = ", ".join(named)
            raise MisfitError(f"has {value!r} at {place}, where one of {told} was expected")
        ((name, part),) = value.items()
        return self.unpack(named[name], part, f"{place}.{name}")

    def _unpack_dataclass(
        self, kind: _Kind, members: Mapping[str, _Kind], value: object, place: str
    ) -> _Kind:
        if not isinstance(value, dict):
            raise MisfitError(f"has {value!r} at {place}, where an object was expected")
        for name in value:
            if name not in members:
                raise MisfitError(f"has an unknown entry {name!r} at {place}")
        origin: _Kind = get_origin(kind) or kind
        for field in fields(origin):
            needed = field.default is MISSING and field.default_factory is MISSING
            if field.name not in value and needed:
                raise MisfitError(f"lacks {field.name!r} at {place}")
        parts = {name: self.unpack(members[name], part, f"{place}.{name}") for name, part in value.items()}
        return origin(**parts)

    def _unpack_many(self, origin: _Kind, inner: tuple[_Kind, ...], value: object, place: str) -> _Kind:
        if origin in (tuple, frozenset):
            if not isinstance(value, list):
                raise MisfitError(f"has {value!r} at {place}, where a list was expected")
            repeated = origin is frozenset or inner[1:] == (Ellipsis,)
            kinds = inner[:1] * len(value) if repeated else inner
            if len(kinds) != len(value):
                raise MisfitError(f"has {len(value)} elements at {place}, where {len(kinds)} were expected")
            parts = zip(kinds, value, strict=True)
            return origin(self.unpack(one, part, f"{place}[{at}]") for at, (one, part) in enumerate(parts))
        if not isinstance(value, dict):
            raise MisfitError(f"has {value!r} at {place}, where an object was expected")
        return {name: self.unpack(inner[1], part, f"{place}[{name!r}]") for name, part in value.items()}


def _plain(kind: _Kind, value: object, place: str) -> _Kind:
    if issubclass(kind, Enum):
        try:
            return kind(value)
        except ValueError:
            raise MisfitError(f"has {value!r} at {place}, which is no {kind.__name__}") from None
    if kind is float and (_is(int, value) or value in _SPECIAL_FLOATS):
        with suppress(OverflowError):
            return float(value)  # type: ignore[arg-type]
    if not _is(kind, value):
        raise MisfitError(f"has {value!r} at {place}, where {kind.__name__} was expected")
    return value


def _is(kind: type, value: object) -> bool:
    """A boolean is an integer to Python, not here."""
    return isinstance(value, kind) and isinstance(value, bool) is (kind is bool)


@lru_cache(256)
def _optional(kind: _Kind) -> tuple[_Kind, bool]:
    """A type without None, and whether None was among it."""
    if not _choices(kind):
        return kind, False
    inner = [one for one in get_args(kind) if one is not type(None)]
    return (Union[tuple(inner)], True) if len(inner) < len(get_args(kind)) else (kind, False)  # noqa: UP007


def _choices(kind: _Kind) -> tuple[_Kind, ...]:
    """The classes of a choice of several; none where there is no choice."""
    origin: _Kind = get_origin(kind)
    return get_args(kind) if origin in (Union, types.UnionType) else ()


@lru_cache(256)
def _members(kind: _Kind) -> Mapping[str, _Kind] | None:
    """Members of a dataclass with their types; None where it is none."""
    origin: _Kind = get_origin(kind) or kind
    if not is_dataclass(origin):
        return None
    hints = get_type_hints(origin)
    bound = dict(zip(getattr(origin, "__parameters__", ()), get_args(kind), strict=True))
    return {field.name: _bind(hints[field.name], bound) for field in fields(origin)}


def _bind(hint: _Kind, bound: Mapping[object, _Kind]) -> _Kind:
    """A type in which the parameters of a generic class stand for what it was made of."""
    if isinstance(hint, TypeVar):
        return bound[hint]
    parameters = getattr(hint, "__parameters__", ())
    return hint[tuple(bound[one] for one in parameters)] if parameters else hint
