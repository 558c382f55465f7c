# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a certificate that a node cannot show yet, or does not take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import certificate, certificate_removal
from ansible_collections.standby.iis.plugins.module_utils.control.certificate import CertificateRequest
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.certificate_plan import CertificatePlan
from ansible_collections.standby.iis.plugins.module_utils.ha.certificate_record import Made, Removal
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from ansible_collections.standby.iis.plugins.module_utils.windows.certificate_reading import (
    Bound,
    CertificateReading,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.certificate_store import (
    HeldCertificate,
    Pfx,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import (
    Binding,
    IisConfiguration,
    IisSite,
)

NODES = ("server1", "server2")
SHOP = IisSite("Shop", 1, False, "Started", bindings=(Binding("https", "10.0.0.50:443:"),))
HELD = HeldCertificate(
    "AB" * 20, ("shop.example.net",), datetime(2020, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
)
REQUEST = CertificateRequest("Shop", Pfx(b"one", ""))


class Two:
    """A fleet of two nodes."""

    names = NODES

    @contextmanager
    def lease(self, name: str) -> Iterator[Any]:
        yield SimpleNamespace(name=name)

    def on_all(self, _read: object, names: list[str]) -> dict[str, CertificateReading]:
        return {name: CertificateReading() for name in names}


@pytest.fixture
def having(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The nodes that have the site."""
    names: set[str] = {"server1"}

    def seen(*_more: object) -> dict[str, NodeFacts]:
        sites = {name: (SHOP,) if name in names else () for name in NODES}
        return {name: NodeFacts(name, iis=IisConfiguration(found)) for name, found in sites.items()}

    monkeypatch.setattr(certificate, "read_cluster", lambda _fleet: None)
    monkeypatch.setattr(certificate, "read_all", seen)
    monkeypatch.setattr(certificate, "look", lambda _node, _pfx: HELD)
    return names


def test_a_node_without_the_twin_is_noted_and_a_run_refuses(having: set[str]) -> None:
    predicted = certificate.ensure_certificate(Two(), REQUEST, check=True)  # type: ignore[arg-type]
    (note,) = predicted.data["notes"]
    assert note.startswith("server2 has no twin of the site yet")
    with pytest.raises(StandbyError, match=r'server2, site "Shop": does not exist'):
        certificate.ensure_certificate(Two(), REQUEST, check=False)  # type: ignore[arg-type]
    having.add("server2")
    assert certificate.ensure_certificate(Two(), REQUEST, check=True).data["notes"] == []  # type: ignore[arg-type]


def test_what_a_node_says_of_a_pfx_names_the_site(having: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_node: object, _pfx: Pfx) -> HeldCertificate:
        raise StandbyError("the PFX cannot be opened")

    having.add("server2")
    monkeypatch.setattr(certificate, "look", refuse)
    with pytest.raises(StandbyError, match='server1, certificate of site "Shop": the PFX cannot be opened'):
        certificate.ensure_certificate(Two(), REQUEST, check=True)  # type: ignore[arg-type]


def test_what_a_node_says_of_an_import_and_a_removal_names_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_more: object) -> None:
        raise StandbyError("no")

    one = Bound(HELD.thumbprint, "MY")
    for module in (certificate, certificate_removal):
        monkeypatch.setattr(module, "read_value", lambda *_more: None)
    monkeypatch.setattr(certificate, "remember", lambda *_more: None)
    monkeypatch.setattr(certificate, "import_pfx", refuse)
    monkeypatch.setattr(certificate_removal, "remove_certificate", refuse)
    node = SimpleNamespace(name="server2")
    work = SimpleNamespace(wanted=one, request=REQUEST)
    with pytest.raises(StandbyError, match='server2, certificate of site "Shop": no'):
        certificate._carry_out(node, work, CertificatePlan("server2", True, ()))  # type: ignore[arg-type]
    with pytest.raises(StandbyError, match='server2, certificate of site "Shop": no'):
        certificate_removal._take_away(node, "Shop", Removal((), (one,), Made()))  # type: ignore[arg-type]
