# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of the certificates of a site on one node, and what an operator's certificate takes there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument, StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.certificate_plan import (
    chosen_bindings,
    plan_certificate,
    refuse_shared,
    refuse_unfit,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.certificate_record import (
    Imported,
    Made,
    MadeBinding,
    made_of,
    made_text,
    plan_removal,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.https import (
    Flaw,
    central_ports,
    covers,
    differing,
    judge,
    key_of,
    lacking,
    thumbprints,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Ip
from ansible_collections.standby.iis.plugins.module_utils.ha.on_node import moved_addresses
from ansible_collections.standby.iis.plugins.module_utils.windows.certificate_reading import (
    Bound,
    CertificateReading,
    StoredCertificate,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.certificate_store import (
    CentralStore,
    HeldCertificate,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import (
    Binding,
    IisSite,
    parse_configuration,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.sslcert import Change, SslKey, SslKind

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
GOOD = Bound("AB" * 20, "My")
NODES = ("server1", "server2")
INFORMATION = "10.0.0.50:443:shop.example.net"


def site(name: str = "Shop", *bindings: tuple[str, int]) -> IisSite:
    every = "".join(
        f'<binding protocol="https" bindingInformation="{information}" sslFlags="{flags}" />'
        for information, flags in bindings or ((INFORMATION, 1),)
    )
    text = (
        f'<configuration><system.applicationHost><sites><site name="{name}" id="1"><bindings>{every}'
        '</bindings><application path="/"><virtualDirectory path="/" physicalPath="E:\\x" /></application>'
        "</site></sites></system.applicationHost></configuration>"
    )
    (found,) = parse_configuration(text.encode(), "server1").sites
    return found


def kept(**otherwise: object) -> StoredCertificate:
    names, begins = ("shop.example.net",), NOW - timedelta(days=30)
    whole = StoredCertificate("MY", GOOD.thumbprint, True, names, begins, NOW + timedelta(days=300))
    return replace(whole, **otherwise)  # type: ignore[arg-type]


def reading(*certificates: StoredCertificate, bound: Bound | None = GOOD) -> CertificateReading:
    shown = {("shop", INFORMATION): bound} if bound else {}
    return CertificateReading(certificates=certificates, bound=shown)


SEEN = {
    "well": (reading(kept()), None),
    "nothing bound": (reading(kept(), bound=None), Flaw.UNBOUND),
    "not in a store": (reading(), Flaw.MISSING),
    "in the other store": (reading(kept(store="WebHosting")), Flaw.MISSING),
    "without its key": (reading(kept(private_key=False)), Flaw.NO_KEY),
    "not valid yet": (reading(kept(begins=NOW + timedelta(hours=1))), Flaw.EARLY),
    "valid from now on": (reading(kept(begins=NOW)), None),
    "expired": (reading(kept(ends=NOW)), Flaw.EXPIRED),
    "expires in time": (reading(kept(ends=NOW + timedelta(days=30))), None),
    "expires soon": (reading(kept(ends=NOW + timedelta(days=29, hours=23))), Flaw.EXPIRING),
    "for another host": (reading(kept(names=("pay.example.net",))), Flaw.NAMES),
    "for all hosts": (reading(kept(names=("*.example.net",))), None),
}


@pytest.mark.parametrize("name", SEEN)
def test_the_certificate_of_a_binding_is_judged(name: str) -> None:
    seen, flaw = SEEN[name]
    found = list(judge(site(), "server2", seen, NOW, 30.0))
    assert [one.flaw for one in found] == ([flaw] if flaw else [])
    for one in found:
        assert "https/10.0.0.50:443:shop.example.net on server2" in one.sentence


CENTRAL = CentralStore(True, r"\\files\certs", ("shop.example.net.pfx",), "", frozenset({443}))
CENTRALLY = {
    "well": (CENTRAL, None, ""),
    "by a wildcard": (replace(CENTRAL, files=("_.Example.net.pfx",)), None, ""),
    "nobody could look": (replace(CENTRAL, files=None, problem="denied"), None, ""),
    "no file": (
        replace(CENTRAL, files=("pay.example.net.pfx",)),
        Flaw.CENTRAL,
        "has no shop.example.net.pfx",
    ),
    "no binding of http.sys": (
        replace(CENTRAL, ports=frozenset()),
        Flaw.CENTRAL_UNBOUND,
        "no binding of the central store on port 443",
    ),
    "off": (
        replace(CENTRAL, enabled=False),
        Flaw.CENTRAL_OFF,
        "the central certificate store is not enabled",
    ),
    "nobody could read": (
        CentralStore(problem="denied"),
        Flaw.CENTRAL,
        "store is enabled cannot be read (denied) for",
    ),
    "not read": (None, None, ""),
}


@pytest.mark.parametrize("name", CENTRALLY)
def test_a_binding_of_the_central_store_is_judged_as_far_as_it_is_known(name: str) -> None:
    store, flaw, told = CENTRALLY[name]
    seen = replace(reading(bound=None), central=store)
    found = list(judge(site("Shop", (INFORMATION, 3)), "server1", seen, NOW, 30.0))
    assert [one.flaw for one in found] == ([flaw] if flaw else [])
    assert all(told in one.sentence for one in found)


def test_braces_in_a_name_are_told_as_they_are() -> None:
    information = "10.0.0.50:443:a{b}c.example"
    bound = {("shop", information): Bound(GOOD.thumbprint, "{W}")}
    for certificates, flaw in (((), "store {W}"), ((kept(store="{W}"),), "for a{b}c.example")):
        seen = CertificateReading(certificates=certificates, bound=bound)
        (found,) = judge(site("Shop", (information, 1)), "server1", seen, NOW, 30.0)
        assert found.sentence.endswith(flaw)
        assert "https/10.0.0.50:443:a{b}c.example on server1" in found.sentence


def test_a_binding_that_cannot_be_read_is_no_reason_to_judge_nothing() -> None:
    shop = site("Shop", ("10.0.0.50:x:", 3), (INFORMATION, 3))
    assert central_ports([shop]) == (443,)
    seen = replace(reading(bound=None), central=replace(CENTRAL, ports=frozenset()))
    assert [one.binding for one in judge(shop, "server1", seen, NOW, 30.0)] == [f"https/{INFORMATION}"]
    odd = CertificateReading(certificates=(kept(),), bound={("shop", "10.0.0.50:x:"): GOOD})
    assert list(judge(site("Shop", ("10.0.0.50:x:", 0)), "server1", odd, NOW, 30.0)) == []


@pytest.mark.parametrize(
    ("information", "flags", "key"),
    [
        ("10.0.0.50:443:", 0, "ipport=10.0.0.50:443"),
        ("10.0.0.50:443:shop.example.net", 0, "ipport=10.0.0.50:443"),
        ("10.0.0.50:443:Shop.Example.net", 1, "hostnameport=shop.example.net:443"),
        ("*:8443:", 0, "ipport=0.0.0.0:8443"),
        ("[fe80::1]:443:", 4, "ipport=[fe80::1]:443"),
        ("10.0.0.50:443:shop.example.net", 35, "ccs=443"),
    ],
)
def test_the_binding_of_http_sys_that_belongs_to_one_of_iis(information: str, flags: int, key: str) -> None:
    assert str(key_of(Binding("HTTPS", information, flags))) == key


@pytest.mark.parametrize(
    ("names", "host", "covered"),
    [
        (("shop.example.net",), "SHOP.example.net", True),
        (("*.example.net",), "shop.example.net", True),
        (("*.example.net",), "a.shop.example.net", False),
        (("*.example.net",), "example.net", False),
        (("shop.example.net",), "", True),
        ((), "shop.example.net", False),
        (("xn--bcher-kva.example",), "Bücher.example", True),
        (("bücher.example",), "xn--bcher-kva.example", True),
        (("*.xn--bcher-kva.example",), "shop.bu\u0308cher.example", True),
        (("xn--fa-hia.example",), "faß.example", True),
        (("xn--fa-hia.example",), "fass.example", False),
        (("xn--\u00fc.example", "xn--9999999999.example"), "shop.example.net", False),
    ],
)
def test_a_star_stands_for_one_label(names: tuple[str, ...], host: str, covered: bool) -> None:
    assert covers(names, host) is covered


ABSENT = {
    "has it": (reading(kept()), ""),
    "lacks it": (reading(), "is not in the store My on server2"),
    "has it without its key": (reading(kept(private_key=False)), "has no private key on server2"),
}


@pytest.mark.parametrize("name", ABSENT)
def test_a_node_without_the_site_is_told_of_by_what_the_original_shows(name: str) -> None:
    there, told = ABSENT[name]
    found = list(lacking(site(), "server2", reading(kept()), there))
    assert len(found) == bool(told)
    assert all(told in one for one in found)


def test_what_nodes_show_differently_is_found_by_their_thumbprints_alone() -> None:
    own = thumbprints(reading(kept()), [site()])["Shop"]
    assert own == {"https/10.0.0.50:443:shop.example.net": GOOD.thumbprint}
    other = {**dict.fromkeys(own, "CD" * 20), "https/10.0.0.51:443:": "EF" * 20}
    assert list(differing(own, other, {})) == [("https/10.0.0.50:443:shop.example.net", "AB" * 20, "CD" * 20)]
    assert list(differing(own, dict.fromkeys(own, ""), {})) == []
    assert list(differing(own, {}, {})) == []
    two = {"https/10.0.0.50:443:": "AB" * 20, "https/10.0.0.51:443:": "CD" * 20}
    assert list(differing(two, two, {})) == []
    assert list(differing(two, {"https/10.0.0.50:443:": "AB" * 20}, {})) == []


def test_certificates_of_nodes_in_two_subnets_are_compared_binding_by_binding() -> None:
    ips = (
        Ip("10.1.0.50", 24, NODES, elsewhere=(("server2", "10.2.0.50", 24),)),
        Ip("fd00::1", 64, NODES, elsewhere=(("server2", "fd00:2::1", 64),)),
    )
    moved = moved_addresses(ips, "server1", "server2")
    first = {"https/10.1.0.50:443:": "AB" * 20, "https/[fd00::1]:443:": "CD" * 20, "https/*:443:": "EF" * 20}
    own = {"https/10.2.0.50:443:": "AB" * 20, "https/[fd00:2::1]:443:": "CD" * 20, "https/*:443:": "EF" * 20}
    assert list(differing(own, first, moved)) == []
    old = {**first, "https/[fd00::1]:443:": "AB" * 20}
    assert list(differing(own, old, moved)) == [("https/[fd00:2::1]:443:", "CD" * 20, "AB" * 20)]


# An operator's certificate

HELD = HeldCertificate(
    GOOD.thumbprint, ("shop.example.net",), NOW - timedelta(days=1), NOW + timedelta(days=90)
)
WANTED = Bound(HELD.thumbprint, "MY")
KEY = SslKey(SslKind.NAME, "shop.example.net:443")

PLANS = {
    "has everything": (reading(kept()), False, ()),
    "has nothing": (reading(bound=None), True, ((KEY, Change.MADE),)),
    "has it without its key": (reading(kept(private_key=False)), True, ()),
    "shows another": (reading(kept(), bound=Bound("CD" * 20, "MY")), False, ((KEY, Change.UPDATED),)),
    "shows it from another store": (
        reading(kept(), bound=Bound(GOOD.thumbprint, "Root")),
        False,
        ((KEY, Change.UPDATED),),
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_node_gets_what_it_lacks(name: str) -> None:
    seen, needs_import, bind = PLANS[name]
    plan = plan_certificate("server2", WANTED, "Shop", site().bindings, seen)
    assert (plan.needs_import, plan.bind, plan.needed) == (needs_import, bind, bool(needs_import or bind))
    assert len(plan.sentences(WANTED)) == needs_import + len(bind)


@pytest.mark.parametrize(
    ("version", "change"),
    [
        ("10.0.14393", Change.MADE_ANEW),
        ("10.0.15063", Change.UPDATED),
        ("10.0.20348", Change.UPDATED),
        ("", Change.UPDATED),
    ],
)
def test_where_a_binding_cannot_be_changed_in_place_it_is_made_again(version: str, change: Change) -> None:
    bound = reading(kept(), bound=Bound("CD" * 20, "MY"))
    plan = plan_certificate("server2", WANTED, "Shop", site().bindings, bound, version)
    assert plan.bind == ((KEY, change),)
    assert ["are lost" in step for step in plan.sentences(WANTED)] == [change is Change.MADE_ANEW]
    absent = plan_certificate("server2", WANTED, "Shop", site().bindings, reading(bound=None), version)
    assert absent.bind == ((KEY, Change.MADE),)


def test_bindings_are_chosen_by_the_names_of_the_certificate() -> None:
    shop = site("Shop", (INFORMATION, 1), ("10.0.0.50:443:pay.example.net", 1), ("10.0.0.51:443:", 0))
    found = [one.information for one in chosen_bindings(shop, HELD, (), "server1")]
    assert found == [INFORMATION, "10.0.0.51:443:"]
    (named,) = chosen_bindings(shop, HELD, (INFORMATION.upper(),), "server1")
    assert named.information == INFORMATION
    with pytest.raises(StandbyError, match=r"is for shop\.example\.net"):
        chosen_bindings(shop, HELD, ("10.0.0.50:443:pay.example.net",), "server1")
    with pytest.raises(StandbyError, match=r"no https binding 1\.2\.3\.4:443:"):
        chosen_bindings(shop, HELD, ("1.2.3.4:443:",), "server1")


def test_a_certificate_without_a_name_is_said_to_be_for_none() -> None:
    nameless, shop = replace(HELD, names=()), site("Shop", (INFORMATION, 0))
    with pytest.raises(StandbyError, match="the certificate is for no name"):
        chosen_bindings(shop, nameless, (INFORMATION,), "server1")
    with pytest.raises(StandbyError, match="the certificate is for no name"):
        refuse_shared(shop, [shop], shop.bindings, nameless, "server1")


def test_a_binding_that_another_host_shares_is_not_changed_under_it() -> None:
    shop, pay = site("Shop", (INFORMATION, 0)), site("Pay", ("10.0.0.50:443:pay.example.net", 0))
    with pytest.raises(
        StandbyError, match=r'is that of 10\.0\.0\.50:443:pay\.example\.net of site "Pay" too'
    ) as told:
        refuse_shared(shop, [shop, pay], shop.bindings, HELD, "server1")
    assert "SNI" in (told.value.remedy or "")
    by_name = site("Pay", ("10.0.0.50:443:pay.example.net", 1))
    refuse_shared(shop, [shop, by_name], shop.bindings, HELD, "server1")
    both = replace(HELD, names=("*.example.net",))
    refuse_shared(shop, [shop, pay], shop.bindings, both, "server1")


def test_bindings_of_the_central_store_are_left_alone() -> None:
    with pytest.raises(StandbyError, match="no https binding that the certificate is for"):
        chosen_bindings(site("Shop", (INFORMATION, 3)), HELD, (), "server1")


def test_a_certificate_that_is_not_valid_now_is_refused() -> None:
    refuse_unfit(HELD, "Shop", NOW)
    with pytest.raises(StandbyError, match="expired on 2026-08-30"):
        refuse_unfit(HELD, "Shop", HELD.ends)
    with pytest.raises(StandbyError, match="begins on 2026-05-31") as told:
        refuse_unfit(HELD, "Shop", HELD.begins - timedelta(seconds=1))
    assert told.value.resource == 'certificate of site "Shop"'


# What was made

MADE = Made((Imported("Shop", WANTED),), (MadeBinding("Shop", KEY, WANTED.thumbprint),))


def test_what_was_made_is_remembered() -> None:
    assert made_of(made_text(MADE), "server1") == MADE
    assert made_of(None, "server1") == made_of("", "server1") == Made()
    assert made_text(Made()) == ""
    again = MADE.also([Imported("Shop", WANTED)], [MadeBinding("Shop", KEY, "CD" * 20)])
    assert (len(again.imported), [one.thumbprint for one in again.bound]) == (1, ["CD" * 20])


@pytest.mark.parametrize("text", ["{", "[]", '{"imported": [], "bound": [["Shop", "other", "x", "y"]]}'])
def test_a_damaged_record_is_told_with_what_to_do(text: str) -> None:
    with pytest.raises(BadDocument, match="record of certificates") as told:
        made_of(text, "server1")
    assert "stay as they are" in (told.value.remedy or "")
    assert "HKLM\\SOFTWARE\\standby.iis" in (told.value.remedy or "")


def test_what_was_made_is_taken_away_and_no_more() -> None:
    removal = plan_removal("Shop", MADE, [site()], reading(kept()), {KEY})
    assert (removal.keys, removal.certificates, removal.left) == ((KEY,), (WANTED,), Made())
    twin_gone = plan_removal("Shop", MADE, [], CertificateReading(certificates=(kept(),)), {KEY})
    assert (twin_gone.keys, twin_gone.certificates) == ((KEY,), (WANTED,))


def test_what_somebody_changed_since_stays() -> None:
    removal = plan_removal("Shop", MADE, [site()], reading(kept(), bound=Bound("CD" * 20, "MY")), ())
    assert (removal.keys, removal.certificates) == ((), (WANTED,))
    twin_gone = plan_removal("Shop", MADE, [], CertificateReading(certificates=(kept(),)), ())
    assert (twin_gone.keys, twin_gone.certificates, twin_gone.left) == ((), (WANTED,), Made())


def test_what_another_site_uses_stays() -> None:
    other = site("Pay", ("10.0.0.50:443:pay.example.net", 1))
    seen = replace(reading(kept()), bound={**reading().bound, ("pay", "10.0.0.50:443:pay.example.net"): GOOD})
    removal = plan_removal("Shop", MADE, [site(), other], seen, {KEY})
    assert (removal.keys, removal.certificates) == ((KEY,), ())
    same_name = plan_removal("Shop", MADE, [site(), site("Pay")], reading(kept()), {KEY})
    assert same_name.keys == ()
    remembered = MADE.also([Imported("Pay", WANTED)], [])
    assert plan_removal("Shop", remembered, [site()], reading(kept()), {KEY}).certificates == ()
