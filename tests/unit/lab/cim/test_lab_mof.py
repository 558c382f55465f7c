# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from lab.cim.mof import MofError, all_classes, load, parse
from lab.cim.schema import Member, Method

TYPES = {
    *(f"{sign}int{bits}" for sign in "su" for bits in (8, 16, 32, 64)),
    "boolean",
    "real32",
    "real64",
    "char16",
    "string",
    "datetime",
    "interval",
    "reference",
}


def test_a_class_with_keys_arrays_and_methods():
    (found,) = parse(
        """#namespace root/x
        // a comment
        class A : B { [key] string Name; [write] uint8 Bytes[];
          [static] uint32 Do([in] string What[], [out] A Made); void Stop(); };"""
    )
    assert (found.namespace, found.name, found.superclasses) == ("root/x", "A", ("B",))
    assert found.members == (
        Member("Name", "string", key=True),
        Member("Bytes", "uint8", True, writable=True),
    )
    assert found.methods == (
        Method("Do", (Member("What", "string", True),), (Member("Made", "A"),), static=True),
        Method("Stop", returns=None),
    )


@pytest.mark.parametrize(
    "text", ["class A { string Name }", "klass A {};", "class A { string N; ", "class A { $ };"]
)
def test_what_is_not_in_the_grammar_is_refused(text):
    with pytest.raises(MofError):
        parse(text)


@pytest.mark.parametrize("name", sorted(all_classes()))
def test_every_member_has_a_type_that_exists_and_a_name_of_its_own(name):
    found = load(name)
    names = [member.name for member in found.members]
    assert len(set(names)) == len(names)
    parameters = [m for method in found.methods for m in (*method.inputs, *method.outputs)]
    for member in (*found.members, *parameters):
        assert member.type in TYPES or member.type in all_classes(), (name, member)


def test_addresses_have_the_four_keys():
    assert {m.name for m in load("MSFT_NetIPAddress").keys} == {
        "CreationClassName",
        "Name",
        "SystemCreationClassName",
        "SystemName",
    }
