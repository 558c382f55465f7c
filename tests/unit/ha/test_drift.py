# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twins that differ in one thing are found out with the right verdict; those that do not, left in peace."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.drift.areas import BEFORE_MOVE
from ansible_collections.standby.iis.plugins.module_utils.ha.drift.compare import compare
from ansible_collections.standby.iis.plugins.module_utils.ha.drift.model import Subject
from ansible_collections.standby.iis.plugins.module_utils.windows.certificate_reading import (
    Bound,
)
from tests.support.twin_changes import (
    ALSO,
    AUTHENTICATION,
    BREAKS,
    CHANGES,
    ERROR,
    PURPOSE,
    SITE,
    Change,
    edit,
    files,
    rights,
)
from tests.support.twin_pair import KEYS, NOW, SECRETS, Half, certificate, compared, half


def test_enough_changes_are_tried() -> None:
    assert len(CHANGES) >= 25


@pytest.mark.parametrize("name", CHANGES)
def test_a_single_change_is_found_with_its_verdict_and_nothing_beside(name: str) -> None:
    change, path, verdict = CHANGES[name]
    drift = compared(half(1), change(half(2)))
    found = {one.path: one for one in drift.differences}
    assert found[path].verdict == verdict
    assert set(found) - {path} <= ALSO.get(name, set())
    assert found[path].here != found[path].there or "(not shown)" in found[path].here
    assert found[path].remedy
    assert not any(secret in repr(drift) for secret in SECRETS)


# Folders of the two are made apart, and a certificate that both lack breaks a failover all the same.
_APART = ("file", "rights", "content", "certificate")


@pytest.mark.parametrize("name", [name for name in CHANGES if not name.startswith(_APART)])
def test_the_same_change_on_both_is_none(name: str) -> None:
    change = CHANGES[name][0]
    assert compared(change(half(1)), change(half(2))).differences == ()


def test_an_untouched_twin_raises_no_alarm() -> None:
    drift = compared(half(1), half(2))
    assert (drift.differences, drift.warnings, drift.not_compared) == ((), (), ())


ALIKE: dict[str, Change] = {
    "another id": edit(SITE, '<site name="Shop" id="7" serverAutoStart="false">'),
    "pools in another order": lambda twin: twin.edited(
        '<add name="Catalog" managedRuntimeVersion="v4.0" />', ""
    ).edited(
        '<add name="DefaultAppPool" />',
        '<add name="Catalog" managedRuntimeVersion="v4.0" /><add name="DefaultAppPool" />',
    ),
    "bindings in another order": lambda twin: twin.edited(
        '<binding protocol="http" bindingInformation="127.77.1.50:8080:" />', ""
    ).edited(
        'sslFlags="1" />', 'sslFlags="1" /><binding protocol="http" bindingInformation="127.77.1.50:8080:" />'
    ),
    "case of a host name": edit("127.77.1.50:8443:shop.example.net", "127.77.1.50:8443:Shop.Example.NET"),
    "case of a protocol": edit('protocol="https"', 'protocol="HTTPS"'),
    "case of a path": edit('physicalPath="E:\\shop\\catalog"', 'physicalPath="e:\\Shop\\Catalog\\"'),
    "case of a pool's name": edit('applicationPool="Shop"', 'applicationPool="shop"'),
    "case of an account": edit('userName="EXAMPLE\\reader"', 'userName="example\\Reader"'),
    "case of a truth": edit(
        '<windowsAuthentication enabled="true" />', '<windowsAuthentication enabled="True" />'
    ),
    "case of a location": edit('<location path="Shop">', '<location path="SHOP">'),
    "protocols in another order": edit('"http,net.tcp"', '"net.tcp, http"'),
    "case of a type": edit('mimeType="text/css"', 'mimeType="Text/CSS"'),
    "flags in another order": edit('accessPolicy="Read, Script"', 'accessPolicy="Script,Read"'),
    "a default written out": edit(
        'connectionTimeout="00:03:00"', 'connectionTimeout="00:03:00" maxUrlSegments="32"'
    ),
    "a default of a pool written out": edit(
        '<add name="Catalog" managedRuntimeVersion="v4.0" />',
        '<add name="Catalog" managedRuntimeVersion="v4.0" queueLength="1000" startMode="OnDemand">'
        '<recycling logEventOnRecycle="Time,PrivateMemory,Memory"><periodicRestart time="1.05:00:00" />'
        "</recycling></add>",
    ),
    "a default left out": edit(
        '<anonymousAuthentication enabled="true" userName="IUSR" />', "<anonymousAuthentication />"
    ),
    "a section that says nothing": edit('<basicAuthentication enabled="false" />'),
    "a runtime that is inherited": edit(
        '<add name="Catalog" managedRuntimeVersion="v4.0" />', '<add name="Catalog" />'
    ),
    "errors in another order": lambda twin: twin.edited(
        '<error statusCode="500" prefixLanguageFilePath="%SystemDrive%\\inetpub\\custerr" path="500.htm" />',
        "",
    ).edited(
        "<httpErrors>",
        f"<httpErrors>{ERROR}",
    ),
    "types in another order": lambda twin: twin.edited(
        '<mimeMap fileExtension=".css" mimeType="text/css" />', ""
    ).edited("<staticContent>", '<staticContent><mimeMap fileExtension=".css" mimeType="text/css" />'),
    "another site": edit('<directoryBrowse enabled="true" />', '<directoryBrowse enabled="false" />'),
    "a site more": edit(
        "<siteDefaults>", '<site name="Intranet" id="9"><application path="/" /></site><siteDefaults>'
    ),
    "an encrypted secret": edit("c2VydmVyMQ==", "c2VydmVyMg=="),
    "the same file in another spelling": files(index_html=None, INDEX_HTML="a1" * 32),
    "rights in another order": rights("(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)", "(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)"),
    "rights that are inherited": rights("(A;OICI;FA;;;SY)", "(A;OICIID;FA;;;SY)"),
    "store in another spelling": lambda twin: replace(
        twin, bound=Bound("AB" * 20, "WEBHOSTING"), certificates=(replace(certificate(), store="WebHosting"),)
    ),
}


@pytest.mark.parametrize("name", ALIKE)
def test_what_iis_does_not_care_about_is_no_difference(name: str) -> None:
    drift = compared(half(1), ALIKE[name](half(2)))
    assert [(one.path, one.here, one.there) for one in drift.differences] == []


def test_a_secret_that_each_server_encrypts_for_itself_is_named_as_not_compared() -> None:
    drift = compared(half(1), ALIKE["an encrypted secret"](half(2)))
    assert drift.not_compared == ()  # compared as present on both
    gone = compared(half(1), half(2).edited(' password="[enc:IISWASOnlyAesProvider:c2VydmVyMQ==:enc]"', ""))
    assert [one.path for one in gone.differences] == [
        f"sections[/public]/{AUTHENTICATION}/anonymousAuthentication/password"
    ]


def test_a_site_that_the_backup_lacks_is_one_difference() -> None:
    drift = compared(half(1), half(2).edited(SITE, '<site name="Shoes" id="2" serverAutoStart="false">'))
    assert [(one.path, one.verdict, one.repairable) for one in drift.differences] == [("site", BREAKS, True)]


def test_what_the_operator_lists_differs_on_purpose() -> None:
    change = CHANGES["application in another pool"][0]
    drift = compared(half(1), change(half(2)), ignore=("applications[[]/catalog]/*",))
    assert drift.breaking == drift.differences
    drift = compared(half(1), change(half(2)), ignore=("applications[/catalog]/*",))
    assert [one.verdict for one in drift.differences] == [PURPOSE]
    assert not drift.differences[0].repairable


def test_content_that_moves_with_its_volume_is_not_compared() -> None:
    drift = compared(half(1), files(index_html="C3" * 32)(half(2)), moving=("E:\\",))
    assert drift.differences == ()


@pytest.mark.parametrize(
    ("days", "said"),
    [(31.0, None), (29.0, "expires on"), (-1.0, "expired on")],
)
def test_a_certificate_about_to_expire_is_warned_of_on_either_node(days: float, said: str | None) -> None:
    for number in (1, 2):
        pair = [half(1), half(2)]
        pair[number - 1] = replace(pair[number - 1], certificates=(certificate(days=days),))
        warnings = compared(*pair).warnings
        different = number == 2 and days <= 0
        assert len(warnings) == (said is not None and not different)
        assert all(str(said) in one and f"server{number}" in one for one in warnings)


def test_an_expired_certificate_on_the_backup_breaks_failover() -> None:
    drift = compared(half(1), replace(half(2), certificates=(certificate(days=-1),)))
    assert [(one.path.rpartition("/")[2], one.verdict) for one in drift.differences] == [("expires", BREAKS)]


@pytest.mark.parametrize(
    "change",
    [{"bound": None}, {"certificates": ()}, {"certificates": (certificate(key=False),)}],
    ids=["unbound", "missing", "without its key"],
)
def test_what_is_a_difference_is_no_warning_too(change: dict[str, Any]) -> None:
    first, second = half(1), replace(half(2), **change)
    there = compared(first, second)
    assert (len(there.breaking), there.warnings) == (1, ())
    original = compare(
        replace(second, number=1).side(), replace(first, number=2).side(), Subject("Shop", now=NOW)
    )
    assert ["on server1" in one for one in original.warnings] == [True]
    before = compare(first.side(), second.side(), Subject("Shop", now=NOW), BEFORE_MOVE)
    assert ["on server2" in one for one in before.warnings] == [True]


def test_a_certificate_on_the_backup_that_is_not_valid_yet_breaks_failover() -> None:
    early = replace(certificate(), begins=NOW + timedelta(days=1))
    drift = compared(half(1), replace(half(2), certificates=(early,)))
    (found,) = drift.differences
    assert (found.path.rpartition("/")[2], found.verdict, found.there) == ("begins", BREAKS, "2026-06-02")


def test_keys_that_both_generate_are_no_difference_and_a_warning() -> None:
    generated = KEYS.format(key="AutoGenerate,IsolateApps")
    drift = compared(replace(half(1), keys=generated), replace(half(2), keys="<configuration />"))
    assert [one.path for one in drift.differences] == ["machineKey[v4.0 Framework64]/validation"]
    both = compared(replace(half(1), keys="<configuration />"), replace(half(2), keys="<configuration />"))
    assert both.differences == ()
    assert "generate machine keys" in both.warnings[0]


def test_many_files_are_named_up_to_a_bound_and_counted_beyond() -> None:
    many = {f"f{n}.html": "E5" * 32 for n in range(50)}
    drift = compared(half(1), files(**{name.replace(".", "_"): one for name, one in many.items()})(half(2)))
    assert len(drift.differences) == 21
    assert "30 more files" in drift.differences[-1].here


def test_case_counts_where_the_schema_says_so() -> None:
    drift = compared(half(1), edit('verb="GET,POST"', 'verb="get,post"')(half(2)))
    assert [one.path for one in drift.differences] == ["sections/system.webServer/handlers/php"]


def test_what_is_inherited_below_a_site_is_told_once() -> None:
    change = edit(
        '<anonymousAuthentication enabled="false" />',
        '<anonymousAuthentication enabled="false" logonMethod="Network" />',
    )
    drift = compared(half(1), change(half(2)))
    assert [one.path for one in drift.differences] == [
        f"sections/{AUTHENTICATION}/anonymousAuthentication/logonMethod"
    ]


@pytest.mark.parametrize(
    ("name", "repairable"),
    [
        ("handler gone", True),
        ("client certificates wanted", False),
        ("pool gone", True),
        ("feature gone", False),
    ],
)
def test_what_repair_can_reach_is_marked(name: str, repairable: bool) -> None:
    change, path, _verdict = CHANGES[name]
    found = {one.path: one for one in compared(half(1), change(half(2))).differences}
    assert found[path].repairable == repairable


FTP = (
    '<binding protocol="ftp" bindingInformation="127.77.1.50:2121:" /></bindings>'
    '<ftpServer serverAutoStart="false"><security><ssl controlChannelPolicy="SslRequire" /></security>'
    "</ftpServer>"
)
FTP_RULES = "system.ftpServer/security/authorization"
RULES = (
    '<location path="Shop"><system.ftpServer><security><authorization><add accessType="Allow" users="*" '
    'permissions="Read" /><add accessType="Allow" users="*" permissions="Write" /></authorization></security>'
    "</system.ftpServer></location></configuration>"
)


def with_ftp(number: int) -> Half:
    shop = 'sslFlags="1" />\n                </bindings>'
    return half(number).edited(shop, shop.replace("</bindings>", FTP)).edited("</configuration>", RULES)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("SslRequire", "SslAllow", "ftp/control_policy"),
        ('<ftpServer serverAutoStart="false">', "<ftpServer>", "ftp/serverAutoStart"),
        (
            'permissions="Write"',
            'permissions="Read, Write"',
            "sections/system.ftpServer/security/authorization/",
        ),
        ("127.77.1.50:2121:", "127.77.1.50:2122:", "bindings/ftp/127.77.1.50:2121:"),
    ],
)
def test_ftp_beside_the_web_is_compared_too(old: str, new: str, path: str) -> None:
    assert compared(with_ftp(1), with_ftp(2)).differences == ()
    found = compared(with_ftp(1), with_ftp(2).edited(old, new)).differences
    assert found[0].path.startswith(path)
    assert {one.verdict for one in found} == {BREAKS}


def test_ftp_rules_of_a_server_concern_sites_with_ftp_alone() -> None:
    rules = RULES.replace('path="Shop"', 'path=""')
    assert compared(half(1), half(2).edited("</configuration>", rules)).differences == ()
