# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP virtual servers as members of a hierarchy: found, compared, seen, planned and refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.checks import derive_checks, refuse_unfit
from ansible_collections.standby.iis.plugins.module_utils.ha.definition import from_values, to_values
from ansible_collections.standby.iis.plugins.module_utils.ha.discovery import discover
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import (
    NodeFacts,
    Scope,
    narrowed,
    services_of,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.model import (
    Check,
    Cluster,
    Hierarchy,
    Ip,
    Site,
    SiteType,
    Volume,
    VolumeKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.observe import Presence, see
from ansible_collections.standby.iis.plugins.module_utils.ha.plan import plan
from ansible_collections.standby.iis.plugins.module_utils.ha.smtp import of_smtp, refuse_without_smtp
from ansible_collections.standby.iis.plugins.module_utils.ha.twin import (
    Make,
    describe,
    describe_twin,
    is_running,
    plan_twin,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.adapter import Adapter
from ansible_collections.standby.iis.plugins.module_utils.windows.environment import Machine
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import (
    Binding,
    IisConfiguration,
    IisSite,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.smtp_settings import SmtpServer
from tests.support.ha_world import address

NAME, NODES = "SMTPvs", ("server1", "server2")
MEMBER = Site(NAME, NODES, ("10.0.0.50",), ("F:\\",), services=(SiteType.SMTP,))


def server(path="SmtpSvc/1", *bindings, state="Started", name=NAME, auto=False, **settings) -> IisSite:
    bindings = bindings or ("10.0.0.50:25:",)
    given = {
        "QueueDirectory": "F:\\mail\\Queue",
        "PickupDirectory": "F:\\mail\\Pickup",
        "BadMailDirectory": "F:\\mail\\Badmail",
        "DropDirectory": "F:\\mail\\Drop",
        "SmartHost": "",
        **settings,
    }
    found = SmtpServer(path, name, state, auto, bindings, given)
    binding = tuple(Binding("smtp", one) for one in bindings)
    return IisSite(name, found.number, auto, state, binding, smtp=found)


def machine(version="10.0.20348") -> Machine:
    return Machine("SERVER1", "C:", "C:\\Windows", {}, version)


def found(site: IisSite, *, shared=None):
    (one,) = discover(
        IisConfiguration((site,), (), shared),
        machine=machine(),
        access_paths=["C:\\", "E:\\", "F:\\"],
        addresses=["10.0.0.1"],
        ips=[Ip("10.0.0.50", 24, NODES)],
        volumes=[Volume("F:\\", VolumeKind.SHARED, NODES, "disk"), Volume("E:\\", VolumeKind.LOCAL, NODES)],
    )
    return one


def test_it_depends_on_the_addresses_of_its_bindings_and_the_volumes_of_its_folders():
    one = found(server(BadMailDirectory="E:\\bad"))
    assert (one.type, one.services) == ("smtp", (SiteType.SMTP,))
    assert (one.ips, one.volumes) == (("10.0.0.50",), ("F:\\", "E:\\"))
    assert (one.pools, one.obstacles, one.other_bindings) == ((), (), ())
    assert (one.smtp.path, one.smtp.queue, one.smtp.notes) == ("SmtpSvc/1", "F:\\mail\\Queue", ())


def test_mail_that_would_stay_behind_is_told():
    one = found(server(QueueDirectory="C:\\inetpub\\mailroot\\Queue"))
    assert one.obstacles == ()
    assert one.smtp.notes == (
        "QueueDirectory is C:\\inetpub\\mailroot\\Queue, on the system volume: mail that waits to be "
        "delivered stays on the node that has taken it",
    )


@pytest.mark.parametrize(
    ("site", "reason"),
    [
        (server("SmtpSvc/1", ":25:"), "all_addresses"),
        (server("SmtpSvc/1", "10.0.0.1:25:"), "node_address"),
        (server("SmtpSvc/1", "10.0.0.99:25:"), "undeclared_address"),
        (server("SmtpSvc/1", "127.0.0.1:25:"), "loopback_only"),
        (server("SmtpSvc/1", "10.0.0.50:port:"), "unreadable_binding"),
        (server(QueueDirectory="H:\\mail"), "undeclared_volume"),
        (server(QueueDirectory="%NOWHERE%\\mail"), "unknown_variable"),
    ],
)
def test_what_stands_against_protecting_it_is_told(site, reason):
    assert reason in [one.reason for one in found(site).obstacles]


def test_what_stands_against_sites_of_iis_alone_does_not_count():
    """Its settings are not in applicationHost.config, and its path has a slash."""
    assert found(server(name="SmtpSvc/1"), shared="\\\\files\\config").obstacles == ()


def test_one_check_is_derived_for_every_floating_address_and_port():
    site = server("SmtpSvc/1", "10.0.0.50:25:", "10.0.0.50:2525:mail.example", "10.0.0.1:25:")
    assert derive_checks(site, ["10.0.0.50"]) == (
        Check("smtp://10.0.0.50/", verify=False),
        Check("smtp://10.0.0.50:2525/", "mail.example", verify=False),
    )


@pytest.mark.parametrize(
    ("check", "problem"),
    [
        (Check("smtp://10.0.0.50", login="anonymous"), "login is nothing"),
        (Check("smtp://10.0.0.50", status=(220,)), "status is nothing"),
        (Check("smtp://10.0.0.50", sender="a@b.c"), "sender needs a recipient"),
        (Check("http://10.0.0.50", recipient="a@b.c"), "recipient is nothing"),
        (Check("ftp://10.0.0.50", recipient="a@b.c"), "recipient is nothing"),
        (Check("smtp://10.0.0.50", starttls=True, recipient="a@b.c", sender="d@e.f"), ""),
    ],
)
def test_what_smtp_does_not_have_is_refused_in_a_check(check, problem):
    if not problem:
        refuse_unfit(check, "site")
        return
    with pytest.raises(StandbyError, match=problem):
        refuse_unfit(check, "site")


def facts(*sites: IisSite, name="server2", problem="") -> NodeFacts:
    return NodeFacts(name, iis=IisConfiguration(sites, smtp_problem=problem))


@pytest.mark.parametrize(
    ("site", "presence", "words"),
    [
        (server(), Presence.UP, "started"),
        (server(state="Starting"), Presence.PARTIAL, "starting"),
        (server(state="Stopped"), Presence.DOWN, "stopped"),
        (server(state="Paused"), Presence.DOWN, "paused"),
        (IisSite(NAME, 1, False, "Started", (Binding("http", "10.0.0.50:80:"),)), Presence.DOWN, "absent"),
    ],
)
def test_its_state_is_what_is_seen(site, presence, words):
    sight = see(MEMBER, facts(site))
    assert (sight.presence, sight.words) == (presence, words)
    web = replace(MEMBER, services=(SiteType.WEB,))
    assert see(web, facts(server())).words == "absent"
    assert services_of([MEMBER]) == ("SMTPSVC",)


def test_who_looks_often_reads_virtual_servers_only_where_one_is_protected():
    assert narrowed(Scope.CHECK, [MEMBER]) is Scope.CHECK
    assert Scope.SMTP not in narrowed(Scope.CHECK, [replace(MEMBER, services=(SiteType.WEB,))])
    assert narrowed(Scope.CHECK, []) | Scope.SMTP == Scope.CHECK


def test_a_state_that_cannot_be_read_says_why():
    sight = see(MEMBER, facts(problem="server2: no class. Install Web-WMI."))
    assert (sight.presence, sight.words) == (Presence.DOWN, "unknown (server2: no class. Install Web-WMI)")


def test_a_twin_has_the_settings_of_its_original_and_rests():
    original = IisConfiguration((server(),))
    twin = server("SmtpSvc/7", "10.0.0.9:25:", state="Started", auto=True, SmartHost="relay")
    made = plan_twin("server2", NAME, original, IisConfiguration((twin,)))
    assert (made.site, made.site_id, made.settings) == (Make.KEEP, 7, ("SmartHost", "ServerBindings"))
    assert (made.stop, made.clear_auto_start) == ((SiteType.SMTP,), (SiteType.SMTP,))
    assert made.sentences == (
        "stop the site on server2",
        "set SmartHost of the site on server2",
        "set ServerBindings of the site on server2",
        "take automatic start from the site on server2",
    )
    resting = server("SmtpSvc/7", state="Stopped")
    assert not plan_twin("server2", NAME, original, IisConfiguration((resting,))).needed
    assert describe(NAME, IisConfiguration((resting,))) == describe_twin(NAME, original)
    assert (is_running(twin), is_running(resting)) == (True, False)


@pytest.mark.parametrize(
    ("configuration", "problem", "remedy"),
    [
        (
            IisConfiguration(),
            "does not exist there as an SMTP virtual server",
            'name it "SMTPvs", letter for',
        ),
        (
            IisConfiguration((IisSite(NAME, 1, False, "Started"),)),
            "does not exist there as an SMTP virtual server, and an IIS site has its name",
            "IIS 6 console",
        ),
        (IisConfiguration(smtp_problem="Install Web-WMI."), "cannot be told: Install Web-WMI", ""),
    ],
)
def test_a_twin_that_is_not_there_is_never_made(configuration, problem, remedy):
    with pytest.raises(StandbyError) as refused:
        plan_twin("server2", NAME, IisConfiguration((server(),)), configuration)
    assert refused.value.problem == problem
    assert remedy in (refused.value.remedy or "")
    (error,) = of_smtp(MEMBER, NodeFacts("server2", iis=configuration), None)
    assert error.problem == problem


def test_a_target_whose_settings_differ_is_refused_before_a_move():
    model = facts(server(), name="server1")
    (error,) = of_smtp(MEMBER, facts(server(QueueDirectory="C:\\other", SmartHost="x")), model)
    assert str(error) == (
        'server2, site "SMTPvs": its settings differ from those on server1: QueueDirectory, SmartHost. '
        "Protect the site again (module site), which brings its twin up to date."
    )
    assert list(of_smtp(MEMBER, facts(server("SmtpSvc/4", state="Stopped")), model)) == []


@pytest.mark.parametrize(
    ("version", "refused"),
    [
        ("10.0.14393", False),
        ("10.0.17763", False),
        ("10.0.20348", False),
        ("10.0.25398", False),
        ("10.0.26100", True),
        ("10.0.30000", True),
        ("", False),
    ],
)
def test_windows_server_2025_and_later_are_refused(version, refused):
    if not refused:
        refuse_without_smtp(machine(version), "server2", NAME)
        return
    with pytest.raises(StandbyError, match="Microsoft has removed SMTP Server from it"):
        refuse_without_smtp(machine(version), "server2", NAME)


def planned(state: str, *addresses: str, site: Site = MEMBER) -> list[list[str]]:
    """What brings a hierarchy of one site and one address in service on server1."""
    hierarchy = Hierarchy(NAME, NODES, (Ip("10.0.0.50", 24, NODES),), (), (replace(site, volumes=()),))
    found = server(state=state) if SiteType.SMTP in site.services else IisSite(NAME, 1, False, state)
    seen = replace(
        facts(found, name="server1"),
        adapters=(Adapter("Ethernet", 12, True),),
        addresses=(
            address("10.0.0.1", persistent=True, skip=False),
            *(address(text) for text in addresses),
        ),
    )
    stages = plan(hierarchy, None, "server1", {"server1": seen}).stages
    return [[step.sentence for step in stage] for stage in stages]


def test_one_that_runs_without_its_address_is_started_again_when_that_comes():
    assert planned("Started") == [
        ['stop site "SMTPvs" on server1'],
        ["add ip 10.0.0.50/24 to server1"],
        ["wait until ip 10.0.0.50 is usable on server1"],
        ['start site "SMTPvs" on server1'],
    ]
    assert planned("Stopped") == planned("Started")[1:]
    assert planned("Started", "10.0.0.50") == []
    web = replace(MEMBER, services=(SiteType.WEB,))
    assert planned("Started", site=web) == planned("Started")[1:3]


def test_the_definition_keeps_what_it_is():
    checked = replace(MEMBER, checks=(Check("smtp://10.0.0.50/", sender="a@b.c", recipient="d@e.f"),))
    cluster = Cluster("c", NODES, sites=(checked,))
    assert from_values(to_values(cluster), "server1") == cluster
