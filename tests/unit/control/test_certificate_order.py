# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate comes to backups first and is taken away where the site does not run; a refusal ends that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import certificate, certificate_removal
from ansible_collections.standby.iis.plugins.module_utils.control.certificate import (
    CertificateRequest,
    ensure_certificate,
)
from ansible_collections.standby.iis.plugins.module_utils.control.certificate_removal import (
    remove_certificates,
)
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from ansible_collections.standby.iis.plugins.module_utils.windows.certificate_reading import (
    Bound,
    CertificateReading,
    StoredCertificate,
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
from ansible_collections.standby.iis.plugins.module_utils.windows.sslcert import Change
from tests.support.control_world import ControlWorld

# The one that serves is first in order: order alone would have it changed before the others.
NODES = ("server1", "server2", "server3")
SHOP = Binding("https", "*:443:shop.example.net", ssl_flags=1)
HELD = HeldCertificate(
    "AB12", ("shop.example.net",), datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)
)
REQUEST = CertificateRequest("Shop", Pfx(b"secret bytes", "hunter2"), nodes=NODES)


class Certificates(ControlWorld):
    """Three nodes with a site that runs on the first; what is done to their stores and bindings is kept."""

    def __init__(self, monkeypatch) -> None:
        super().__init__(monkeypatch)
        self.values = {name: {} for name in NODES}
        self.readings = {name: CertificateReading() for name in NODES}
        self.refuses = ""
        self.did: list[tuple[str, str]] = []
        for name in NODES:
            state = "Started" if name == NODES[0] else "Stopped"
            iis = IisConfiguration((IisSite("Shop", 1, False, state, (SHOP,)),), (), None)
            self.facts_of[name] = NodeFacts(name, iis=iis, machine=SimpleNamespace(version=""))
        for module in (certificate, certificate_removal):
            monkeypatch.setattr(
                module, "read_value", lambda node, _key, name: self.values[node.name].get(name)
            )
            monkeypatch.setattr(module, "read_certificates", lambda node: self.readings[node.name])
        monkeypatch.setattr(certificate, "read_cluster", lambda _fleet: None)
        monkeypatch.setattr(certificate, "look", lambda _node, _pfx: HELD)
        monkeypatch.setattr(certificate, "write_value", self._remember)
        monkeypatch.setattr(certificate, "delete_value", self._forget)
        monkeypatch.setattr(certificate, "import_pfx", self._import)
        monkeypatch.setattr(certificate, "bind", self._bind)
        monkeypatch.setattr(certificate_removal, "shows", lambda node, _key, _thumbprint: True)
        monkeypatch.setattr(certificate_removal, "unbind", self._unbind)
        monkeypatch.setattr(certificate_removal, "remove_certificate", self._remove)

    def bring(self, *, check: bool = False):
        with self.fleet(*NODES) as fleet:
            return ensure_certificate(fleet, REQUEST, check)

    def take_away(self, *, check: bool = False):
        with self.fleet(*NODES) as fleet:
            return remove_certificates(fleet, "Shop", check)

    def changed(self) -> list[str]:
        """Nodes that something was done to, in the order of the first change."""
        return list(dict.fromkeys(name for name, _what in self.did))

    def _do(self, node, what: str, reading: CertificateReading) -> None:
        if node.name == self.refuses:
            raise StandbyError("access is denied", node=node.name)
        self.did.append((node.name, what))
        self.readings[node.name] = reading

    def _remember(self, node, _key, name, text) -> None:
        self.did.append((node.name, "remember"))
        self.values[node.name] = {name: text}

    def _forget(self, node, _key, _name) -> None:
        self.did.append((node.name, "forget"))
        self.values[node.name] = {}

    def _import(self, node, _pfx, store) -> None:
        made = StoredCertificate(store, HELD.thumbprint, True, HELD.names, HELD.begins, HELD.ends)
        self._do(node, "import", replace(self.readings[node.name], certificates=(made,)))

    def _bind(self, node, _key, thumbprint, store, change) -> None:
        assert change is Change.MADE
        shown = {("shop", SHOP.information.casefold()): Bound(thumbprint, store)}
        self._do(node, "bind", replace(self.readings[node.name], bound=shown))

    def _unbind(self, node, _key) -> None:
        self._do(node, "unbind", replace(self.readings[node.name], bound={}))

    def _remove(self, node, _thumbprint, _store) -> None:
        self._do(node, "remove", replace(self.readings[node.name], certificates=()))


@pytest.fixture
def world(monkeypatch) -> Certificates:
    return Certificates(monkeypatch)


def test_backups_come_first_and_a_second_run_changes_nothing(world) -> None:
    predicted = world.bring(check=True)
    assert (predicted.changed, world.did) == (True, [])
    done = world.bring()
    assert done.data["steps"] == predicted.data["steps"]
    assert [what for name, what in world.did if name == "server2"] == ["remember", "import", "bind"]
    assert world.changed() == ["server2", "server3", "server1"]
    world.did.clear()
    assert (world.bring().changed, world.did) == (False, [])


@pytest.mark.parametrize("refuses", ["server2", "server3"])
def test_a_backup_that_refuses_leaves_the_node_that_serves_as_it_is(world, refuses: str) -> None:
    world.refuses = refuses
    with pytest.raises(StandbyError, match="access is denied"):
        world.bring()
    assert "server1" not in world.changed()
    assert world.values["server1"] == {}
    assert world.values[refuses]  # what a run began is known to be ours


def test_windows_that_says_yes_and_does_nothing_leaves_the_node_that_serves_too(world, monkeypatch) -> None:
    monkeypatch.setattr(certificate, "bind", lambda *_arguments: None)
    with pytest.raises(StandbyError, match="Windows reported success, and it is not so") as told:
        world.bring()
    assert told.value.node == "server2"
    assert "server1" not in world.changed()


def test_what_was_made_is_taken_away_where_the_site_does_not_run(world) -> None:
    world.bring()
    world.did.clear()
    done = world.take_away()
    assert world.changed() == ["server2", "server3"]
    assert [what for name, what in world.did if name == "server2"] == ["unbind", "remove", "forget"]
    assert done.data["notes"] == ["server1 is left as it is: the site runs there"]
    world.did.clear()
    assert (world.take_away().changed, world.did) == (False, [])


def test_a_node_that_refuses_to_take_away_remembers_what_was_made(world) -> None:
    world.bring()
    world.refuses = "server2"
    world.did.clear()
    with pytest.raises(StandbyError, match="access is denied"):
        world.take_away()
    assert world.values["server2"]
    assert world.changed() == ["server3"]
    world.refuses = ""
    assert world.take_away().changed
    assert world.values["server2"] == {}
