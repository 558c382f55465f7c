# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sets a section of a twin as that of its original, and what cannot be set."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.drift.mending import SectionMend, section_mends
from ansible_collections.standby.iis.plugins.module_utils.ha.drift.model import Subject
from tests.support.twin_changes import CHANGES
from tests.support.twin_pair import Half, half

SHOP = "system.webServer"
AUTHENTICATION = f"{SHOP}/security/authentication"


def mends(original: Half, twin: Half, *ignore: str) -> tuple[SectionMend, ...]:
    return section_mends(original.side(), twin.side(), Subject("Shop", ignore=ignore))


def test_a_twin_that_is_as_the_original_needs_nothing() -> None:
    assert mends(half(1), half(2)) == ()


def test_a_section_is_cleared_and_set_in_the_order_of_the_document() -> None:
    change = CHANGES["handler gone"][0]
    (mend,) = mends(half(1), change(half(2)))
    assert (mend.place, mend.section, mend.cleared) == ("Shop", f"{SHOP}/handlers", True)
    assert [name.partition(",")[0] for name, _value in mend.settings] == [
        "-[name='StaticFile']",
        "+[name='PHP'",
        "+[name='StaticFile'",
    ]


def test_what_only_the_twin_sets_is_cleared_alone() -> None:
    change = CHANGES["Windows authentication off"][0]
    (mend,) = mends(change(half(1)), half(2))
    assert mend == SectionMend("Shop", f"{AUTHENTICATION}/windowsAuthentication", True, ())


def test_attributes_and_entries_of_elements_within_are_named_by_their_way() -> None:
    inside = '<providers><add value="Kerberos" /></providers>'
    new = f'<windowsAuthentication enabled="true">{inside}</windowsAuthentication>'
    (mend,) = mends(half(1).edited('<windowsAuthentication enabled="true" />', new), half(2))
    assert mend.settings == (("enabled", "true"), ("+providers.[value='Kerberos']", None))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            '<anonymousAuthentication enabled="false" />',
            '<anonymousAuthentication enabled="false" password="[enc:a:b:enc]" />',
        ),
        ('<remove statusCode="404" />', "<clear />"),
        ('path="/errors/404.html"', 'path="/it\'s.html"'),
    ],
)
def test_what_no_parameter_says_is_left(old: str, new: str) -> None:
    assert mends(half(1).edited(old, new), half(2)) == ()


def test_what_the_server_says_is_left_to_whoever_runs_the_server() -> None:
    assert mends(half(1), CHANGES["client certificates wanted"][0](half(2))) == ()


def test_what_differs_on_purpose_is_left() -> None:
    change = CHANGES["handler gone"][0]
    assert mends(half(1), change(half(2)), "sections/*/handlers/*") == ()
