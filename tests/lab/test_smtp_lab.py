# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP virtual servers of lab nodes over WinRM: discovered, protected, moved; queued mail is counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.site import (
    SiteRequest,
    ensure_site,
    remove_site,
)
from ansible_collections.standby.iis.plugins.module_utils.control.structure import (
    Structure,
    check_structure,
)
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check, SiteType
from ansible_collections.standby.iis.plugins.module_utils.windows import smtp
from tests.support.smtp_lab import MAIL, PORT, SECOND, SmtpLab

pytestmark = pytest.mark.long

TOPOLOGY = Path(__file__).parent / "topologies" / "smtp.yml"


@pytest.fixture(scope="module")
def lab(make_shared_lab):
    return make_shared_lab(TOPOLOGY)


@pytest.fixture(scope="module")
def of(lab) -> Iterator[SmtpLab]:
    made = SmtpLab(lab)
    made.declare()
    for name in (MAIL, SECOND):
        made.cluster.put(name, "server1")
    yield made
    said = [(lab.state.node(name) / "output.log").read_text() for name in made.cluster.nodes]
    assert said == ["", ""]


@pytest.fixture
def home(of) -> Iterator[SmtpLab]:
    """Both in service on server1, without faults, and nothing in the queues."""
    for name in (MAIL, SECOND):
        of.cluster.put(name, "server1")
    yield of
    for fault in ("start_failure", "site_hang", "service_start"):
        for node in of.cluster.nodes:
            of.lab.clear(node, fault)
    with of.hop():
        of.until(lambda: not of.shared_queue)


def test_virtual_servers_are_found_with_what_they_depend_on(of):
    (mail,) = [one for one in of.cluster.sites(MAIL) if one["node"] == "server1"]
    assert (mail["type"], mail["services"], mail["id"]) == ("smtp", ["smtp"], 1)
    assert mail["ips"] == [of.address()]
    assert mail["volumes"] == ["F:\\"]
    assert mail["obstacles"] == []
    assert mail["smtp"]["queue"] == "F:\\mail\\Queue"
    assert mail["smtp"]["notes"] == ()


def test_protecting_gives_the_twin_its_settings_and_leaves_the_original_running(of):
    with of.cluster.fleet() as fleet:
        again = ensure_site(fleet, SiteRequest(MAIL, of.cluster.nodes), False)
        with fleet.lease("server2") as node:
            twin = smtp.find_server(smtp.read_servers(node), MAIL)
        with fleet.lease("server1") as node:
            original = smtp.find_server(smtp.read_servers(node), MAIL)
    assert not again.changed
    assert (original.path, twin.path) == ("SmtpSvc/1", "SmtpSvc/5")
    assert (original.state, twin.state) == ("Started", "Stopped")
    assert (original.auto_start, twin.auto_start) == (False, False)
    assert twin.bindings == original.bindings
    assert twin.settings == original.settings


def test_a_structure_with_virtual_servers_is_looked_at_as_a_whole(of):
    sites = tuple(SiteRequest(name, of.cluster.nodes, type=SiteType.SMTP) for name in (MAIL, SECOND))
    with of.cluster.fleet() as fleet:
        assert not check_structure(fleet, Structure(sites=sites)).changed


def test_a_twin_that_drifted_is_told_in_check_mode_and_brought_back(of):
    with of.cluster.fleet() as fleet:
        with fleet.lease("server2") as node:
            server = smtp.find_server(smtp.read_servers(node), MAIL)
            node.cim.modify(server.reference, {"QueueDirectory": "C:\\other", "ServerAutoStart": True})
        with pytest.raises(StandbyError, match="its settings differ from those on server1: QueueDirectory"):
            of.cluster.put(MAIL, "server2")
        checked = ensure_site(fleet, SiteRequest(MAIL, of.cluster.nodes), True)
        assert checked.data["steps"] == [
            "set QueueDirectory of the site on server2",
            "take automatic start from the site on server2",
        ]
        assert checked.before["nodes"]["server2"]["smtp"]["QueueDirectory"] == "C:\\other"
        assert checked.after["nodes"]["server2"]["smtp"]["QueueDirectory"] == "F:\\mail\\Queue"
        assert ensure_site(fleet, SiteRequest(MAIL, of.cluster.nodes), False).changed
        assert not ensure_site(fleet, SiteRequest(MAIL, of.cluster.nodes), False).changed


def test_queued_mail_is_delivered_after_a_move_and_none_twice(home):
    for number in range(5):
        home.send(f"mail {number}")
    assert len(home.shared_queue) == 5
    moved = home.cluster.put(MAIL, "server2")
    assert moved.changed
    assert home.states() == ["Stopped", "Started"]
    assert home.serves()
    assert len(home.shared_queue) == 5
    home.send("mail 5")
    with home.hop() as hop:
        home.until(lambda: not home.shared_queue)
        assert sorted(hop.subjects) == [f"mail {number}" for number in range(6)]


def test_one_moves_alone_and_mail_on_a_local_volume_stays_where_it_is(home):
    home.send("stays", SECOND)
    home.cluster.put(SECOND, "server2")
    assert (home.states(MAIL), home.states(SECOND)) == (["Started", "Stopped"], ["Stopped", "Started"])
    assert (len(home.queue("server1")), len(home.queue("server2"))) == (1, 0)
    home.cluster.put(SECOND, "server1")
    with home.hop() as hop:
        home.until(lambda: not home.queue("server1"))
        assert hop.subjects == ["stays"]


def test_windows_starts_neither_after_a_restart(home):
    home.lab.reboot("server1")
    assert home.states() == ["Stopped", "Stopped"]
    assert home.cluster.put(MAIL, "server2").changed
    assert home.states() == ["Stopped", "Started"]


def test_the_deep_check_decides_over_a_move(home):
    home.lab.fault("server2", "site_hang", site=MAIL)
    checks = (Check(f"smtp://{home.address()}:{PORT}", timeout=1.0, verify=False),)
    with home.cluster.fleet() as fleet:
        ensure_site(fleet, SiteRequest(MAIL, home.cluster.nodes, checks), False)
    with pytest.raises(StandbyError, match="did not answer within 1 s"):
        home.cluster.put(MAIL, "server2")
    assert home.states() == ["Started", "Stopped"]
    assert home.serves()


def test_a_start_that_fails_is_undone_and_told(home):
    home.lab.fault("server2", "start_failure", site=MAIL, hresult="80070020")
    with pytest.raises(StandbyError, match="SMTP virtual server did not start: it is stopped"):
        home.cluster.put(MAIL, "server2")
    assert home.states() == ["Started", "Stopped"]
    assert home.serves()


def test_a_node_whose_windows_has_no_smtp_server_is_refused(of):
    nodes = ("server1", "server3")
    cluster = replace(of.cluster, nodes=("server1", "server2", "server3"))
    for wanted in (None, SiteType.SMTP):
        with (
            cluster.fleet() as fleet,
            pytest.raises(StandbyError) as refused,
        ):
            ensure_site(fleet, SiteRequest(SECOND, nodes, type=wanted), False)
        assert str(refused.value).startswith(
            'server3, site "Second": cannot be protected: this node runs Windows Server 2025 or later '
            "(version 10.0.26100), which has no SMTP virtual servers"
        )


def test_a_twin_that_is_not_there_is_asked_for(of):
    with of.cluster.fleet() as fleet, fleet.lease("server2") as node:
        server = smtp.find_server(smtp.read_servers(node), SECOND)
        node.cim.modify(server.reference, {"ServerComment": "Third"})
        with pytest.raises(StandbyError) as refused:
            ensure_site(fleet, SiteRequest(SECOND, of.cluster.nodes), False)
        node.cim.modify(server.reference, {"ServerComment": SECOND})
    assert 'server2, site "Second": does not exist there as an SMTP virtual server' in str(refused.value)
    assert 'name it "Second", letter for letter' in str(refused.value)


def test_a_site_of_another_type_is_refused(of):
    with of.cluster.fleet() as fleet, pytest.raises(StandbyError, match="is of type smtp by its bindings"):
        ensure_site(fleet, SiteRequest(MAIL, of.cluster.nodes, type=SiteType.WEB), False)


def test_ending_the_protection_leaves_it_serving_and_its_twin_where_it_is(home):
    with home.cluster.fleet() as fleet:
        ended = remove_site(fleet, SECOND, True, False)
        assert ended.changed
        assert any(
            "SMTP virtual servers are deleted in the IIS 6 console" in note for note in ended.data["notes"]
        )
        with fleet.lease("server1") as node:
            assert smtp.find_server(smtp.read_servers(node), SECOND).auto_start
        assert ensure_site(fleet, SiteRequest(SECOND, home.cluster.nodes), False).changed
    assert home.states(SECOND) == ["Started", "Stopped"]
