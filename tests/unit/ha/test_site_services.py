# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites served by FTP, and by web and FTP at once: one resource, a state for each service."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.checks import derive_checks, refuse_unfit
from ansible_collections.standby.iis.plugins.module_utils.ha.definition import from_values, to_values
from ansible_collections.standby.iis.plugins.module_utils.ha.discovery import discover
from ansible_collections.standby.iis.plugins.module_utils.ha.model import (
    Check,
    Hierarchy,
    Site,
    SiteType,
    Volume,
    VolumeKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.observe import Presence, see
from ansible_collections.standby.iis.plugins.module_utils.ha.plan import Action, plan
from ansible_collections.standby.iis.plugins.module_utils.ha.quick import Failing, blocked, look
from ansible_collections.standby.iis.plugins.module_utils.ha.site_types import (
    running,
    self_starting,
    services_of_site,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.twin import Make, plan_twin
from ansible_collections.standby.iis.plugins.module_utils.ha.twin_documents import site_document
from ansible_collections.standby.iis.plugins.module_utils.windows.environment import Machine
from ansible_collections.standby.iis.plugins.module_utils.windows.ftp_config import FtpSettings
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import (
    Application,
    Binding,
    IisConfiguration,
    IisSite,
    Pool,
    VirtualDirectory,
    parse_configuration,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.service import Service
from tests.support.ha_world import CLUSTER, IP1, NODES, World

WEB, FTP = SiteType.WEB, SiteType.FTP
FILES = Site("Files", NODES, (IP1.address,), services=(FTP,))
BOTH = Site("Both", NODES, (IP1.address,), services=(WEB, FTP))
ALONE = Hierarchy("Files", NODES, (IP1,), (), (FILES,))
MIXED = Hierarchy("Both", NODES, (IP1,), (), (BOTH,))
LAB = Path(__file__).parents[2] / "lab" / "topologies" / "ftp.applicationHost.config"


def iis_site(name="Files", web=None, ftp=None, *, auto=False, problem="", settings=None) -> IisSite:
    """A site with the states of its services; None where it has no binding of that kind."""
    protocols = [("http", 80)] * (web is not None) + [("ftp", 21)] * (ftp is not None)
    return IisSite(
        name,
        1,
        auto,
        web or "Unknown",
        tuple(Binding(protocol, f"{IP1.address}:{port}:") for protocol, port in protocols),
        (Application("/", "P", virtual_directories=(VirtualDirectory("/", "E:\\files"),)),),
        ftp is not None,
        (settings or FtpSettings(auto_start=auto)) if ftp is not None else None,
        ftp or "Unknown",
        problem,
    )


def facts(node="server1", *sites: IisSite, addresses=(), services=("W3SVC", "WAS", "FTPSVC")):
    server = World().servers[node]
    server.addresses = set(addresses)
    return replace(
        server.facts(),
        iis=IisConfiguration(sites),
        services={name: Service(name, "Running", "Auto") for name in services},
    )


def sentences(hierarchy, source, target):
    made = plan(hierarchy, "server1", "server2", {"server1": source, "server2": target})
    return [one.sentence for one in made.steps if one.action in (Action.STOP_SITE, Action.START_SITE)]


@pytest.mark.parametrize(
    ("site", "seen", "presence", "words"),
    [
        (FILES, iis_site(ftp="Started"), Presence.UP, "started"),
        (FILES, iis_site(ftp="Stopped"), Presence.DOWN, "stopped"),
        (FILES, iis_site(ftp="Starting"), Presence.PARTIAL, "starting"),
        (FILES, iis_site(ftp="Unknown", problem="no service"), Presence.DOWN, "unknown (no service)"),
        (FILES, iis_site(ftp="Missing"), Presence.DOWN, "absent"),
        (FILES, iis_site(web="Started"), Presence.DOWN, "without ftp binding"),
        (FILES, None, Presence.DOWN, "absent"),
        (BOTH, iis_site("Both", "Started", "Started"), Presence.UP, "started"),
        (BOTH, iis_site("Both", "Started", "Stopped"), Presence.PARTIAL, "web started, ftp stopped"),
        (BOTH, iis_site("Both", "Stopped", "Started"), Presence.PARTIAL, "web stopped, ftp started"),
        (BOTH, iis_site("Both", "Stopped", "Stopped"), Presence.DOWN, "stopped"),
        (BOTH, None, Presence.DOWN, "absent"),
    ],
)
def test_a_site_is_up_where_each_of_its_services_is(site, seen, presence, words):
    sight = see(site, facts("server1", *([seen] if seen else [])))
    assert (sight.presence, sight.words) == (presence, words)


def test_what_is_moved_of_a_site_is_each_service_and_the_right_one():
    here = facts("server1", iis_site(ftp="Started"), addresses=[IP1.address])
    there = facts("server2", iis_site(ftp="Stopped"))
    assert sentences(ALONE, here, there) == [
        'stop site "Files" on server1',
        'start site "Files" on server2',
    ]
    steps = plan(ALONE, "server1", "server2", {"server1": here, "server2": there}).steps
    assert {one.arguments["type"] for one in steps if "site" in one.action.value} == {FTP}


def test_only_the_service_that_needs_it_is_stopped_and_started():
    here = facts("server1", iis_site("Both", "Stopped", "Started"), addresses=[IP1.address])
    there = facts("server2", iis_site("Both", "Started", "Stopped"))
    assert sentences(MIXED, here, there) == [
        'stop the ftp service of site "Both" on server1',
        'start the ftp service of site "Both" on server2',
    ]
    both = facts("server2", iis_site("Both", "Stopped", "Stopped"))
    assert sentences(MIXED, here, both)[1:] == [
        'start the web service of site "Both" on server2',
        'start the ftp service of site "Both" on server2',
    ]


def test_sites_are_started_after_their_addresses_are_usable_and_stopped_before_they_go():
    here = facts("server1", iis_site(ftp="Started"), addresses=[IP1.address])
    there = facts("server2", iis_site(ftp="Stopped"))
    actions = [
        one.action for one in plan(ALONE, "server1", "server2", {"server1": here, "server2": there}).steps
    ]
    assert actions == [
        Action.STOP_SITE,
        Action.REMOVE_ADDRESS,
        Action.ADD_ADDRESS,
        Action.WAIT_ADDRESS,
        Action.START_SITE,
    ]


def test_what_has_sockets_of_its_own_is_started_anew_when_its_address_comes_to_it():
    there = facts("server1", iis_site("Both", "Started", "Started"))
    steps = plan(MIXED, None, "server1", {"server1": there, "server2": facts("server2")}).steps
    assert [one.sentence for one in steps] == [
        'stop the ftp service of site "Both" on server1',
        "add ip 10.0.0.50/24 to server1",
        "wait until ip 10.0.0.50 is usable on server1",
        'start the ftp service of site "Both" on server1',
    ]


@pytest.mark.parametrize(
    ("hierarchy", "missing", "problem"),
    [
        (ALONE, "FTPSVC", "FTPSVC"),
        (ALONE, "W3SVC", ""),
        (MIXED, "FTPSVC", "FTPSVC"),
        (MIXED, "W3SVC", "W3SVC"),
    ],
)
def test_the_services_of_windows_that_a_site_needs_are_those_of_its_type(hierarchy, missing, problem):
    states = {"Files": iis_site(ftp="Started"), "Both": iis_site("Both", "Started", "Started")}
    there = facts(
        "server1",
        states[hierarchy.name],
        addresses=[IP1.address],
        services=[name for name in ("W3SVC", "WAS", "FTPSVC") if name != missing],
    )
    bad = [(one.failing, one.resource) for one in look(hierarchy, there) if not one.healthy]
    assert bad == ([(Failing.SYSTEM, f"service {problem}")] if problem else [])
    assert (f"the service {problem} does not exist" in blocked(hierarchy, there)) is bool(problem)


def test_an_ftp_site_that_stopped_is_at_fault_itself_so_that_local_recovery_may_help():
    found = look(ALONE, facts("server1", iis_site(ftp="Stopped"), addresses=[IP1.address]))
    bad = [one for one in found if not one.healthy]
    assert [(one.failing, one.sentence) for one in bad] == [
        (Failing.SITE, 'site "Files" is stopped on server1')
    ]
    assert bad[0].failing.local


def test_the_stored_definition_keeps_what_serves_a_site():
    cluster = replace(CLUSTER, sites=(FILES, BOTH))
    again = from_values(to_values(cluster), "server1")
    assert again is not None
    assert again.sites == (FILES, BOTH)
    assert [one.type for one in again.sites] == [FTP, WEB]
    assert again.sites[0].services[0] is FTP


def test_a_definition_of_web_sites_alone_is_what_earlier_versions_read():
    (text,) = to_values(CLUSTER).values()
    for name in ("services", "starttls", "login", "password_file", "listing", "sender", "recipient"):
        assert name not in text
    ftp_check = Check("ftp://10.0.0.50/", starttls=True, login="a", password_file="b", listing=True)
    whole = replace(CLUSTER, sites=(replace(FILES, checks=(ftp_check,)),))
    again = from_values(to_values(whole), "server1")
    assert again is not None
    assert again.sites == whole.sites


def test_a_site_of_an_older_definition_is_a_web_site():
    values = to_values(replace(CLUSTER, sites=(FILES,)))
    older = {name: text.replace('"services":["ftp"],', "") for name, text in values.items()}
    assert older != values
    again = from_values(older, "server1")
    assert again is not None
    assert again.sites[0].type is WEB


# Discovery


def found(*sites: IisSite, ips=(IP1,), volumes=("E:\\",), access=("C:\\", "E:\\")):
    return discover(
        IisConfiguration(sites, (Pool("P", True, "Started", "v4.0", "Integrated", ""),)),
        machine=Machine("SERVER1", "C:", "C:\\Windows", {}),
        access_paths=access,
        addresses=["10.0.0.11"],
        ips=ips,
        volumes=[Volume(path, VolumeKind.LOCAL, NODES) for path in volumes],
    )


def test_an_ftp_site_depends_on_addresses_and_volumes_and_on_no_pool():
    (site,) = found(iis_site(ftp="Started"))
    assert (site.type, site.services, site.ips, site.volumes) == ("ftp", (FTP,), (IP1.address,), ("E:\\",))
    assert (site.pools, site.missing_pools, site.obstacles, site.other_bindings) == ((), (), (), ())
    assert site.ftp.state == "Started"


def test_a_site_with_both_is_a_web_site_with_two_services():
    (site,) = found(iis_site("Both", "Started", "Stopped"))
    assert (site.type, site.services, site.pools) == ("web", (WEB, FTP), ("P",))
    assert (site.state, site.ftp.state) == ("Started", "Stopped")


@pytest.mark.parametrize(
    ("bindings", "reasons"),
    [
        (["ftp *:21:"], ["all_addresses"]),
        (["http 10.0.0.50:80:", "ftp *:21:"], ["all_addresses"]),
        (["ftp 127.0.0.1:21:"], ["loopback_only"]),
        (["http 10.0.0.50:80:", "ftp 127.0.0.1:21:"], ["loopback_only"]),
        (["ftp 10.0.0.11:21:"], ["node_address"]),
        (["ftp 10.0.0.99:21:"], ["undeclared_address"]),
        (["ftp nonsense"], ["unreadable_binding", "no_supported_binding"]),
        (["net.tcp 808:*"], ["no_supported_binding"]),
    ],
)
def test_what_stands_against_an_ftp_site_is_what_stands_against_a_web_site(bindings, reasons):
    pairs = [one.split(" ", 1) for one in bindings]
    site = replace(iis_site(ftp="Started"), bindings=tuple(Binding(*pair) for pair in pairs))
    (one,) = found(site)
    assert [obstacle.reason for obstacle in one.obstacles] == reasons


def test_volumes_mounted_below_an_ftp_root_hold_home_directories():
    access = ("C:\\", "E:\\", "E:\\files\\LocalUser\\", "E:\\filesystem\\")
    (site,) = found(iis_site(ftp="Started"), access=access)
    assert site.volumes == ("E:\\", "E:\\files\\LocalUser\\")
    assert [one.reason for one in site.obstacles] == ["undeclared_volume"]
    assert found(iis_site(web="Started"), access=access)[0].volumes == ("E:\\",)


@pytest.mark.parametrize(
    ("mode", "told"),
    [("None", False), ("IsolateAllDirectories", False), ("ActiveDirectory", True), ("Custom", True)],
)
def test_homes_that_no_configuration_tells_are_noted(mode, told):
    (site,) = found(iis_site(ftp="Started", settings=FtpSettings(isolation=mode)))
    assert site.ftp.isolation == mode
    assert ["home directories are told by" in note for note in site.ftp.notes] == ([True] if told else [])
    assert site.obstacles == ()


def test_a_certificate_of_ftp_is_the_sites_own():
    (site,) = found(iis_site(ftp="Started", settings=FtpSettings(certificate_hash="AB" * 20)))
    (certificate,) = site.certificates
    assert (certificate.binding, certificate.chosen_by) == ("ftp 10.0.0.50:21:", "site")
    assert (certificate.thumbprint, certificate.store) == ("AB" * 20, "MY")


# Checks


@pytest.mark.parametrize(
    ("port", "certificate", "url", "starttls"),
    [
        (21, "", "ftp://10.0.0.50/", False),
        (2121, "", "ftp://10.0.0.50:2121/", False),
        (21, "AB", "ftp://10.0.0.50/", True),
        (990, "AB", "ftps://10.0.0.50/", False),
        (990, "", "ftp://10.0.0.50:990/", False),
    ],
)
def test_a_check_is_derived_for_every_ftp_binding_with_tls_where_the_site_offers_it(
    port, certificate, url, starttls
):
    site = replace(
        iis_site(ftp="Started", settings=FtpSettings(certificate_hash=certificate)),
        bindings=(Binding("ftp", f"10.0.0.50:{port}:"), Binding("ftp", "10.0.0.99:21:")),
    )
    (check,) = derive_checks(site, [IP1.address], missing_pools=("P",))
    assert (check.url, check.starttls, check.verify, check.login) == (url, starttls, False, None)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"url": "ftp://10.0.0.50/", "listing": True}, "listing needs a login"),
        ({"url": "ftp://10.0.0.50/", "password_file": "x"}, "password_file needs a login"),
        ({"url": "ftp://10.0.0.50/", "status": (200,)}, "status is nothing that this protocol has"),
        ({"url": "https://10.0.0.50/", "login": "x"}, "login is nothing that this protocol has"),
        ({"url": "http://10.0.0.50/", "starttls": True}, "starttls is nothing that this protocol has"),
    ],
)
def test_a_check_that_asks_for_what_its_protocol_lacks_is_refused(options, problem):
    with pytest.raises(StandbyError, match=problem):
        refuse_unfit(Check(**options), 'site "Files"')
    refuse_unfit(Check("ftp://10.0.0.50/", starttls=True, login="x", listing=True), 'site "Files"')


# Twins


@pytest.mark.parametrize(
    ("site", "runs", "starts"),
    [
        (iis_site(ftp="Started", auto=True), (FTP,), (FTP,)),
        (iis_site("Both", "Started", "Stopped", auto=True), (WEB,), (WEB, FTP)),
        (iis_site("Both", "Stopped", "Starting"), (FTP,), ()),
        (iis_site(web="Started"), (WEB,), ()),
        (None, (), ()),
    ],
)
def test_what_runs_of_a_site_and_what_windows_would_start(site, runs, starts):
    assert running(site) == runs
    assert self_starting(site) == starts
    assert site is None or set(runs) <= set(services_of_site(site))


def test_a_twin_is_quieted_service_by_service_and_needs_no_pool_for_ftp():
    source = IisConfiguration(
        (iis_site(ftp="Started"),), (Pool("P", True, "Started", "v4.0", "Integrated", ""),)
    )
    twin = plan_twin("server2", "Files", source, IisConfiguration((iis_site(ftp="Started", auto=True),)))
    assert (twin.site, twin.stop, twin.clear_auto_start, twin.pools) == (Make.KEEP, (FTP,), (FTP,), ())


@pytest.mark.parametrize("setting", ["data_policy", "control_policy", "certificate_hash", "isolation"])
def test_ftp_settings_are_part_of_what_a_site_is(setting):
    source = IisConfiguration((iis_site(ftp="Started"),))
    other = iis_site(ftp="Stopped", settings=replace(FtpSettings(auto_start=False), **{setting: "other"}))
    assert plan_twin("server2", "Files", source, IisConfiguration((other,))).differences == ("ftp",)


def test_a_twin_made_from_its_document_has_the_settings_and_starts_by_itself_in_no_way():
    original = parse_configuration(LAB.read_bytes(), "lab").sites[1]
    body = LAB.read_text().split('<site name="FTP &amp; Co"')[1].split("</site>")[0]
    export = f'<appcmd><SITE SITE.NAME="FTP &amp; Co"><site name="FTP &amp; Co"{body}</site></SITE></appcmd>'
    made = parse_configuration(site_document(export.encode(), original, 9), "twin").sites[0]
    assert original.ftp is not None
    assert made.ftp == replace(original.ftp, auto_start=False)
    assert self_starting(made) == ()
    assert (original.ftp.control_policy, original.ftp.anonymous, original.ftp.isolation) == (
        "SslAllow",
        True,
        "None",
    )
