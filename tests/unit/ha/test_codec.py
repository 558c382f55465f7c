# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dataclasses as what JSON knows: by what they declare, and nothing else is taken for it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.codec import Codec, Form, MisfitError

T = TypeVar("T")


class Colour(str, Enum):
    RED = "red"


@dataclass(frozen=True)
class Leaf:
    size: float


@dataclass(frozen=True)
class Twig:
    flag: bool


@dataclass(frozen=True, slots=True)
class Box(Generic[T]):
    what: T | None
    many: tuple[T, ...] = ()


@dataclass(frozen=True)
class Tree:
    number: int
    leaf: Box[Leaf]
    either: Leaf | Twig
    maybe: Leaf | Twig | None = None
    colour: Colour = Colour.RED
    pair: tuple[int, str] = (1, "")
    names: frozenset[str] = frozenset()
    sizes: Mapping[str, float] = field(default_factory=dict)


FULL = Tree(
    1,
    Box(Leaf(0.5), (Leaf(1.0), Leaf(float("-inf")))),
    Twig(True),
    Leaf(2.0),
    pair=(3, "%s"),
    names=frozenset({"b", "a"}),
    sizes={"z": 1.5, "a": float("inf")},
)


def test_what_is_packed_is_what_is_unpacked() -> None:
    packed = Codec().pack(Tree, FULL)
    text = json.dumps(packed, allow_nan=False)
    assert Codec().unpack(Tree, json.loads(text), "tree") == FULL
    assert (packed["names"], list(packed["sizes"])) == (["a", "b"], ["z", "a"])
    assert packed["either"] == {"Twig": {"flag": True}}


def test_whole_numbers_for_fractions_are_one_text() -> None:
    assert json.dumps(Codec().pack(Leaf, Leaf(2))) == json.dumps(Codec().pack(Leaf, Leaf(2.0)))


def test_what_is_no_number_stays_so() -> None:
    packed = Codec().pack(Leaf, Leaf(math.nan))
    assert packed == {"size": "nan"}
    assert math.isnan(Codec().unpack(Leaf, packed, "leaf").size)


def test_a_form_of_its_own() -> None:
    codec = Codec({Leaf: Form(lambda leaf: f"{leaf.size} cm", lambda text: Leaf(float(text.split()[0])))})
    assert codec.pack(Box[Leaf], Box(Leaf(2.0))) == {"what": "2.0 cm", "many": []}
    assert codec.unpack(Box[Leaf], {"what": "2.0 cm"}, "box") == Box(Leaf(2.0))
    with pytest.raises(MisfitError, match=r"at box\.what what cannot be read"):
        codec.unpack(Box[Leaf], {"what": "wide"}, "box")


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        (Leaf, [], "has [] at it, where an object was expected"),
        (Leaf, {}, "lacks 'size' at it"),
        (Leaf, {"size": 1.0, "age": 1}, "has an unknown entry 'age' at it"),
        (Leaf, {"size": True}, "has True at it.size, where float was expected"),
        (Leaf, {"size": "Infinity"}, "has 'Infinity' at it.size, where float was expected"),
        (Twig, {"flag": 1}, "has 1 at it.flag, where bool was expected"),
        (Colour, "blue", "has 'blue' at it, which is no Colour"),
        (tuple[int, str], [1], "has 1 elements at it, where 2 were expected"),
        (tuple[int, ...], [1, "x"], "has 'x' at it[1], where int was expected"),
        (frozenset[str], "abc", "has 'abc' at it, where a list was expected"),
        (Mapping[str, int], {"a b": None}, "has None at it['a b'], where int was expected"),
        (Leaf | Twig, {"Leaf": {"size": 1.0}, "Twig": {}}, "where one of Leaf, Twig was expected"),
        (Leaf | Twig, {"Root": {}}, "where one of Leaf, Twig was expected"),
        (Leaf | Twig | None, {"Twig": None}, "has None at it.Twig, where an object was expected"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(kind: object, value: object, told: str) -> None:
    with pytest.raises(MisfitError) as caught:
        Codec().unpack(kind, value, "it")
    assert told in str(caught.value)
