# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A twin whose node cannot serve from the central certificate store breaks a failover."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.drift.compare import compare
from ansible_collections.standby.iis.plugins.module_utils.ha.drift.model import Side, Subject
from ansible_collections.standby.iis.plugins.module_utils.windows.certificate_store import CentralStore
from tests.support.twin_pair import NOW, half

HOST = "shop.example.net"
STORE = CentralStore(True, r"\\files\certs", (f"{HOST}.pfx",), "", frozenset({8443}))
OFF = CentralStore()
BINDING = f"certificates/https/127.77.1.50:8443:{HOST}"


def side(number: int, store: CentralStore) -> Side:
    made = half(number)
    whole = replace(made, config=made.config.replace('sslFlags="1"', 'sslFlags="3"')).side()
    return replace(whole, reading=replace(whole.reading, central=store, bound={}))


@pytest.mark.parametrize(
    ("here", "there", "told"),
    [
        (STORE, STORE, []),
        (STORE, OFF, [("central_store", "yes", "no")]),
        (OFF, OFF, [("central_store", "no", "no")]),
        (STORE, replace(STORE, ports=frozenset()), [("central_binding", "yes", "no")]),
        (STORE, replace(STORE, files=None, problem="denied"), []),
        (STORE, replace(STORE, files=()), []),
        (STORE, CentralStore(problem="denied"), []),
        (OFF, STORE, []),
    ],
)
def test_what_a_backup_lacks_of_the_central_store_breaks(here, there, told) -> None:
    drift = compare(side(1, here), side(2, there), Subject("Shop", now=NOW))
    found = [(one.path, one.here, one.there) for one in drift.differences]
    assert found == [(f"{BINDING}/{name}", *values) for name, *values in told]
    assert drift.breaking == drift.differences


def test_what_is_no_matter_of_the_node_is_warned_of() -> None:
    for store in (replace(STORE, files=()), CentralStore(problem="denied")):
        (warning,) = compare(side(1, STORE), side(2, store), Subject("Shop", now=NOW)).warnings
        assert "on server2" in warning
