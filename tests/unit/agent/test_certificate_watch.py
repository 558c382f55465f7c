# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent's looks at certificates: when, what is told of them, and what peers are told."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import certificate_watch
from ansible_collections.standby.iis.plugins.module_utils.agent.certificate_watch import CertificateWatch
from ansible_collections.standby.iis.plugins.module_utils.agent.news import CERTIFICATE, of_certificates
from ansible_collections.standby.iis.plugins.module_utils.agent.severity import Severity
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.certificate_notes import Note, models
from ansible_collections.standby.iis.plugins.module_utils.ha.check_times import CheckSettings
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Hierarchy, Ip, Site
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Node
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import parse_configuration

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
INFORMATION = "10.0.0.50:443:shop.example.net"
BINDING = f"https/{INFORMATION}"
IIS = parse_configuration(
    f'<configuration><system.applicationHost><sites><site name="Shop" id="1"><bindings><binding '
    f'protocol="https" bindingInformation="{INFORMATION}" sslFlags="1" /></bindings><application path="/">'
    '<virtualDirectory path="/" physicalPath="E:\\x" /></application></site></sites>'
    "</system.applicationHost></configuration>".encode(),
    "server2",
)
NODES = ("server1", "server2")


def hierarchy(*sites: str, nodes: tuple[str, ...] = NODES) -> Hierarchy:
    members = tuple(Site(name, nodes) for name in sites)
    return Hierarchy(members[0].name, nodes, sites=members)


def answer_of(peer: Mapping[str, Any] | StandbyError) -> Mapping[str, Any]:
    if isinstance(peer, StandbyError):
        raise peer
    return peer


class World:
    """A node with one https site, and a peer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.old, self.days, self.bound, self.fails = 30.0, 300.0, "AB" * 20, ""
        self.peer: Mapping[str, Any] | StandbyError = {"age": 1.0, "sites": {"Shop": {BINDING: "AB" * 20}}}
        self.clock, self.asked = 1000.0, 0
        monkeypatch.setattr(certificate_watch, "read_configuration", lambda _node: IIS)
        node = Node("server2", None, SimpleNamespace(run=self._run))  # type: ignore[arg-type]
        self.node = node
        self.protect(hierarchy("Shop"))

    def protect(self, whole: Hierarchy) -> None:
        """The agent begins with another definition."""
        self.watch = CertificateWatch(
            "server2", self.node, [whole], CheckSettings(), self._ask, lambda: self.clock, lambda: NOW
        )

    def _ask(self, peer: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        assert (peer, payload) == ("server1", {"sites": ["Shop"]})
        self.asked += 1
        return answer_of(self.peer)

    def _run(self, _argv: object, stdin: bytes = b"") -> Completed:
        lines = [json.dumps(self._answer(json.loads(line))) for line in stdin.decode().splitlines()]
        return Completed(0, b"\r\n".join(base64.b64encode(line.encode()) for line in lines), b"")

    def _answer(self, call: dict[str, Any]) -> dict[str, Any]:
        if self.fails:
            return {"error": self.fails}
        if call["do"] == "bindings":
            one = {"site": "Shop", "information": INFORMATION, "thumbprint": self.bound, "store": "MY"}
            return {"bindings": [one] if self.bound else []}
        begins, ends = (
            (NOW + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S") for days in (-self.old, self.days)
        )
        names = ["shop.example.net"]
        return {
            "certificates": [
                {
                    "store": "MY",
                    "thumbprint": one * 20,
                    "key": True,
                    "names": names,
                    "begins": begins,
                    "ends": ends,
                }
                for one in ("AB", "CD")
            ]
        }


@pytest.fixture
def world(monkeypatch) -> World:
    return World(monkeypatch)


def test_where_all_is_well_it_is_looked_at_once_a_day(world) -> None:
    told, wait = world.watch.look()
    assert (told.notes, told.problem, wait) == ((), "", 86400.0)
    assert told.document() == {"at": "2026-06-01T12:00:00+00:00", "notes": [], "problem": ""}


def test_a_certificate_that_is_not_valid_yet_is_told(world) -> None:
    world.old = -2.0
    (note,) = world.watch.look()[0].notes
    assert note.about == ("Shop", BINDING, "early")
    assert note.sentence.endswith("is not valid before 2026-06-03")


def test_what_is_found_is_told_and_looked_at_again_within_the_hour(world) -> None:
    world.days = 10.0
    told, wait = world.watch.look()
    (note,) = told.notes
    assert (note.hierarchy, note.about, wait) == ("Shop", ("Shop", BINDING, "expiring"), 3600.0)
    assert note.sentence.endswith("on server2 expires on 2026-06-11, in 10 days")
    world.days = 9.0
    assert world.watch.look()[0].notes == told.notes
    world.days = 0.0
    assert world.watch.look()[0].notes != told.notes


def test_a_renewal_on_the_primary_alone_is_seen_on_the_backup(world) -> None:
    world.peer = {"age": 1.0, "sites": {"Shop": {BINDING: "CD" * 20}}}
    told, _wait = world.watch.look()
    (note,) = told.notes
    assert (
        note.sentence == f"{BINDING} shows the certificate {'AB' * 20} on server2, and {'CD' * 20} on server1"
    )


def test_a_peer_in_another_subnet_is_compared_by_the_address_that_it_has(world) -> None:
    address = INFORMATION.rpartition(":")[0].rpartition(":")[0]
    world.peer = {"age": 1.0, "sites": {"Shop": {BINDING.replace(address, "10.9.0.50"): "CD" * 20}}}
    assert world.watch.look()[0].notes == ()
    ip = Ip("10.9.0.50", 24, NODES, elsewhere=(("server2", address, 24),))
    world.protect(replace(hierarchy("Shop"), ips=(ip,)))
    (note,) = world.watch.look()[0].notes
    assert note.about == ("Shop", BINDING, "different server1")


@pytest.mark.parametrize("age", [None, 601.0])
def test_a_peer_that_has_not_looked_lately_is_asked_again_soon(world, age: float | None) -> None:
    world.peer = {"age": age, "sites": {}}
    assert world.watch.look()[1] == 60.0


@pytest.mark.parametrize(
    ("peer", "again"), [(StandbyError("nobody there"), 3600.0), ({"age": 1.0, "sites": "nonsense"}, 86400.0)]
)
def test_a_peer_that_gives_no_answer_is_asked_again_within_the_hour(world, peer, again: float) -> None:
    world.peer = peer
    told, wait = world.watch.look()
    assert (told.notes, told.problem, wait) == ((), "", again)


def test_a_look_that_fails_is_told_and_made_again(world) -> None:
    world.fails = "Access is denied."
    told, wait = world.watch.look()
    assert "Access is denied" in told.problem
    assert wait == 3600.0


def test_peers_are_told_what_was_seen_and_have_an_old_look_made_anew(world) -> None:
    assert world.watch.answer("server1", {"sites": ["Shop"]}) == {"age": None, "sites": {}}
    world.watch.look()
    world.clock += 600.0
    answer = world.watch.answer("server1", {"sites": ["Shop", "Nowhere"]})
    assert answer == {"age": 600.0, "sites": {"Shop": {BINDING: "AB" * 20}}}
    assert not world.watch._wake.is_set()
    world.clock += 1.0
    world.watch.answer("server1", {"sites": ["Shop"]})
    assert world.watch._wake.is_set()
    with pytest.raises(StandbyError, match="list of names"):
        world.watch.answer("server1", {"sites": "Shop"})


def test_of_two_nodes_the_one_of_lower_priority_compares() -> None:
    three = ("server1", "server2", "server3")
    every = [hierarchy("Shop", "Pay", nodes=three), hierarchy("Blog", nodes=("server3", "server1"))]
    assert models(every, "server1") == {"server3": ("Blog",)}
    assert models(every, "server3") == {"server1": ("Shop", "Pay"), "server2": ("Shop", "Pay")}


def note(flaw: str, sentence: str = "it") -> Note:
    return Note("Shop", ("Shop", BINDING, flaw), sentence)


def test_a_note_is_told_once_and_again_when_it_becomes_another_one() -> None:
    soon, sooner, late = note("expiring", "in 10 days"), note("expiring", "in 9 days"), note("expired")
    (event,) = of_certificates([], [soon], "server2", "now")
    assert (event.what, event.severity, event.hierarchy) == (CERTIFICATE, Severity.WARNING, "Shop")
    assert of_certificates([soon], [sooner], "server2", "now") == []
    assert len(of_certificates([sooner], [late], "server2", "now")) == 1
    (well,) = of_certificates([late], [], "server2", "now")
    assert (well.severity, "in order" in well.sentence) == (Severity.INFO, True)
    assert of_certificates([], [], "server2", "now") == []
