# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Https sites: certificates brought to all nodes, and served by them, as curl and openssl see it."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.certificate_watch import CertificateWatch
from ansible_collections.standby.iis.plugins.module_utils.agent.local import local_node
from ansible_collections.standby.iis.plugins.module_utils.control.certificate import (
    CertificateRequest,
    ensure_certificate,
    read_pfx,
)
from ansible_collections.standby.iis.plugins.module_utils.control.certificate_removal import (
    remove_certificates,
)
from ansible_collections.standby.iis.plugins.module_utils.control.outcome import Outcome
from ansible_collections.standby.iis.plugins.module_utils.control.site import SiteRequest, ensure_site
from ansible_collections.standby.iis.plugins.module_utils.control.store import read_cluster
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.check_times import CheckSettings
from ansible_collections.standby.iis.plugins.module_utils.ha.graph import find, hierarchies
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.windows.deepcheck import run_check
from ansible_collections.standby.iis.plugins.module_utils.windows.registry import write_value
from lab.certificates import Pair
from tests.support.cluster_lab import CONFIG, ClusterLab, node, write_topology
from tests.support.https_lab import (
    PASSWORD,
    PAY,
    PLAIN,
    SHOP,
    Issuer,
    curl,
    https_site,
    shown,
    store_of,
    thumbprint,
    topology,
)

pytestmark = pytest.mark.long

NODES = ("server1", "server2")
WRONG = "not hunter2"
CHANGES = {"certificate.imported", "http.sslcert"}
CENTRAL = "SOFTWARE\\Microsoft\\IIS\\CentralCertProvider"


@pytest.fixture
def https(make_lab, tmp_path) -> Iterator[tuple[ClusterLab, Issuer]]:
    """Three protected https sites in service on the first node; nothing is bound anywhere."""
    lab = make_lab(topology(tmp_path / "topology"))
    with ClusterLab(lab).open() as fleet:
        cluster = ClusterLab(lab, kept=fleet)
        for name in NODES:
            store_of(cluster, name).bind(None)
        cluster.volume("E:\\")
        cluster.ip(50, 16)
        cluster.ip(51, 16)
        for name in ("Shop", "Pay", "Plain"):
            cluster.protect(name)
        yield cluster, Issuer(tmp_path / "authority")


def bring(
    https: tuple[ClusterLab, Issuer], site: str, pair: Pair, *, check: bool = False, **more: Any
) -> Outcome:
    cluster, issuer = https
    pfx = read_pfx(str(issuer.pfx(pair)), PASSWORD, site)
    with cluster.fleet() as fleet:
        return ensure_certificate(fleet, CertificateRequest(site, pfx, **more), check)


def take_away(https: tuple[ClusterLab, Issuer], site: str, *, check: bool = False) -> Outcome:
    with https[0].fleet() as fleet:
        return remove_certificates(fleet, site, check)


def nothing_secret(https: tuple[ClusterLab, Issuer], *told: object) -> None:
    """Neither PFX nor password lie in a file of a node, whose log is one of them, or were told."""
    cluster, issuer = https
    assert issuer.handed
    secrets = {b"hunter2", *(form for pfx in issuer.handed for form in forms_of(pfx))}
    secrets |= {base64.b64encode(one.encode()) for one in (PASSWORD, WRONG)}
    files = [one for name in NODES for one in cluster.lab.state.node(name).rglob("*") if one.is_file()]
    assert [str(one) for one in files if shows_any(secrets, one.read_bytes())] == []
    assert not shows_any(secrets, repr(told).encode())


def forms_of(pfx: bytes) -> tuple[bytes, bytes]:
    """What a PFX is known by, as it is and in base64: a piece of its middle, where no other has the same."""
    begin = len(pfx) // 6 * 3  # base64 of a piece is a piece of the base64 of the whole every three bytes
    piece = pfx[begin : begin + 48]
    return piece, base64.b64encode(piece)


def shows_any(secrets: Iterable[bytes], data: bytes) -> bool:
    """One of them is there, though it be in lines or in UTF-16."""
    joined = data.translate(None, b"\0\r\n")
    return any(one in data or one in joined for one in secrets)


def test_what_a_backup_lacks_is_told_when_the_site_is_declared_first(make_lab, tmp_path) -> None:
    cluster = ClusterLab(make_lab(topology(tmp_path / "topology")))
    store = store_of(cluster, "server2")
    store.remove(store.add(cluster.lab.state.sites.certificate))
    cluster.volume("E:\\")
    cluster.ip(51, 16)
    with cluster.open() as fleet:
        predicted, done = (ensure_site(fleet, SiteRequest("Plain", NODES), check) for check in (True, False))
    # Once the twin is there, what it lacks is a difference.
    for told, words in (
        (predicted, "is not in the store MY on server2"),
        (done, "(missing) on server2; Bring"),
    ):
        assert told.changed
        assert any(words in one for one in told.data["certificate_warnings"])
        assert all("server2" in one for one in told.data["certificate_warnings"])


def test_a_site_of_the_central_store_is_told_what_its_nodes_lack(make_lab, tmp_path) -> None:
    folder = tmp_path / "topology"
    write_topology(folder, [https_site("Shop", 1, "127.77.1.50", 8443, SHOP, 3)], [node(1), node(2)])
    cluster = ClusterLab(make_lab(folder / "topology.yml"))
    cluster.volume("E:\\")
    cluster.ip(50, 16)
    told = cluster.protect("Shop").data["certificate_warnings"]
    assert ["server1" in one for one in told if "central certificate store is not enabled" in one] == [True]
    assert len([one for one in told if "/central_store: no on server1, no on server2" in one]) == 1
    with cluster.open() as fleet:
        for name in NODES:
            with fleet.lease(name) as session:
                write_value(session, CENTRAL, "Enabled", "1")
                write_value(session, CENTRAL, "CertStoreLocation", "C:\\certificates")
            store_of(cluster, name).bind("", ("ccs", "8443"))
            (cluster.lab.state.node(name) / "drives/C/certificates").mkdir()
    told = cluster.protect("Shop").data["certificate_warnings"]
    assert len([one for one in told if f"C:\\certificates has no {SHOP}.pfx" in one]) == len(NODES)
    for name in NODES:
        (cluster.lab.state.node(name) / f"drives/C/certificates/{SHOP}.pfx").touch()
    assert cluster.protect("Shop").data["certificate_warnings"] == []


def test_a_site_by_server_name_is_served_by_every_node_with_its_own_certificate(https) -> None:
    cluster, issuer = https
    shop, pay = issuer.pair("shop", SHOP), issuer.pair("pay", "*.example.net")
    predicted = bring(https, "Shop", shop, check=True)
    done = [bring(https, "Shop", shop), bring(https, "Pay", pay)]
    again = [bring(https, "Shop", shop), bring(https, "Pay", pay)]
    assert (predicted.changed, predicted.data["steps"]) == (True, done[0].data["steps"])
    assert len(done[0].data["steps"]) == 4
    assert [one.changed for one in (*done, *again)] == [True, True, False, False]
    assert happened(cluster) >= CHANGES
    nothing_secret(https, predicted, done, again)
    for name in NODES:
        cluster.put("Shop", name)
        assert store_of(cluster, name).at(("hostnameport", f"{SHOP}:8443")) is not None
        address = cluster.address(50)
        for host, pair in ((SHOP, shop), (PAY, pay)):
            answer = curl(issuer.ca, host, address, 8443)
            assert (answer.returncode, host) == (0, host), answer.stderr
            assert shown(address, 8443, host) == thumbprint(pair)
        assert shown(address, 8443, "other.example.org") == shown(address, 8443, None) == ""


def test_without_binding_or_private_key_a_site_does_not_serve(https) -> None:
    cluster, issuer = https
    address, store = cluster.address(51), store_of(cluster, "server1")
    with pytest.raises(StandbyError, match="SSL"):
        cluster.put("Plain", "server1")
    assert curl(issuer.ca, PLAIN, address, 9443).returncode == 35  # TLS handshake
    pair = issuer.pair("plain", PLAIN)
    bring(https, "Plain", pair)
    cluster.put("Plain", "server1")
    assert curl(issuer.ca, PLAIN, address, 9443).returncode == 0
    store.add(pair.certificate, key=False)
    assert curl(issuer.ca, PLAIN, address, 9443).returncode == 35
    store.add(pair.certificate)
    assert curl(issuer.ca, PLAIN, address, 9443).returncode == 0
    store.unbind(("ipport", f"{address}:9443"))
    assert curl(issuer.ca, PLAIN, address, 9443).returncode == 35


def test_an_expired_certificate_by_the_fault(https) -> None:
    cluster, _issuer = https
    lab = cluster.lab
    for name in NODES:
        store_of(cluster, name).bind(store_of(cluster, name).add(lab.state.sites.certificate))
    cluster.put("Shop", "server1")
    address = cluster.address(50)
    assert curl(lab.state.ca, SHOP, address, 8443).returncode == 0
    lab.fault("server1", "certificate")
    said = curl(lab.state.ca, SHOP, address, 8443)
    assert (said.returncode, "expired" in said.stderr) == (60, True)
    lab.clear("server1", "certificate")
    assert curl(lab.state.ca, SHOP, address, 8443).returncode == 0


def test_a_deep_check_sees_an_expired_certificate(https, monkeypatch) -> None:
    cluster, lab = https[0], https[0].lab
    for name in NODES:
        store_of(cluster, name).bind(store_of(cluster, name).add(lab.state.sites.certificate))
    cluster.put("Shop", "server1")
    monkeypatch.setenv("SSL_CERT_FILE", str(lab.state.ca))
    check = Check(f"https://{cluster.address(50)}:8443/", host=SHOP)
    assert run_check(check).healthy
    lab.fault("server1", "certificate")
    verdict = run_check(check)
    assert (verdict.healthy, "expired" in verdict.sentence) == (False, True)


def test_agents_see_a_renewal_on_the_primary_alone(https, monkeypatch) -> None:
    """What two agents do with each other, each on its own machine, without their processes."""
    cluster, issuer = https
    old, new = issuer.pair("old", SHOP), issuer.pair("new", SHOP)
    bring(https, "Shop", old)
    with cluster.fleet() as fleet:
        hierarchy = find(hierarchies(read_cluster(fleet)), "Shop")
        watches: dict[str, CertificateWatch] = {}

        def ask(peer: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
            return json.loads(json.dumps(watches[peer].answer("", payload)))

        def look(name: str) -> list[str]:
            monkeypatch.setenv("STANDBY_ROOT", str(cluster.lab.state.root(name)))
            (cluster.lab.state.node(name) / "drives/C/agent").mkdir(exist_ok=True)
            machine = local_node(name, "C:\\agent")
            watches[name] = CertificateWatch(name, machine, [hierarchy], CheckSettings(), ask, time.monotonic)
            told, _wait = watches[name].look()
            machine.close()
            assert not told.problem
            return [one.sentence for one in told.notes if SHOP in one.sentence]

        assert [look(name) for name in NODES] == [[], []]
        store_of(cluster, "server1").bind(
            store_of(cluster, "server1").add(new.certificate), ("hostnameport", f"{SHOP}:8443")
        )
        (first, (second,)) = [look(name) for name in NODES]
    assert first == []
    assert f"{thumbprint(old)} on server2, and {thumbprint(new)} on server1" in second


def test_a_renewed_certificate_replaces_the_old_one_on_all_nodes(https) -> None:
    cluster, issuer = https
    old, new = issuer.pair("old", PLAIN, days=20), issuer.pair("new", PLAIN)
    bring(https, "Plain", old, store="WebHosting")
    cluster.put("Plain", "server1")
    renewed = bring(https, "Plain", new, store="WebHosting")
    assert any(step.startswith("replace the binding ipport=") for step in renewed.data["steps"])
    address = cluster.address(51)
    assert shown(address, 9443, PLAIN) == thumbprint(new)
    cluster.put("Plain", "server2")
    assert shown(address, 9443, PLAIN) == thumbprint(new)


def test_a_backup_that_refuses_leaves_the_node_that_serves_as_it_is(https) -> None:
    cluster, issuer = https
    old, new, other = issuer.pair("old", PLAIN, days=20), issuer.pair("new", PLAIN), issuer.pair("other", PAY)
    bring(https, "Plain", old)
    cluster.put("Plain", "server1")
    backup, key = store_of(cluster, "server2"), ("ipport", f"{cluster.lab.address('1.51')}:9443")
    backup.unbind(key)
    backup.bind(
        backup.add(other.certificate)
    )  # IIS tells of a binding, and there is none that netsh could update
    with pytest.raises(StandbyError, match=r"http\.sys does not take the certificate") as told:
        bring(https, "Plain", new)
    assert told.value.node == "server2"
    assert store_of(cluster, "server1").at(key)["thumbprint"] == thumbprint(old)
    assert shown(cluster.address(51), 9443, PLAIN) == thumbprint(old)


def test_a_certificate_is_renewed_on_windows_server_2016_too(make_lab, tmp_path) -> None:
    nodes = [node(one, content=True, config="sites.config", windows={"server": 2016}) for one in (1, 2)]
    folder = tmp_path / "topology"
    cluster = ClusterLab(
        make_lab(write_topology(folder, [https_site("Plain", 3, "127.77.1.51", 9443, "")], nodes))
    )
    made = (cluster, Issuer(tmp_path / "authority"))
    old, new = made[1].pair("old", PLAIN, days=20), made[1].pair("new", PLAIN)
    bring(made, "Plain", old)
    renewed, again = bring(made, "Plain", new), bring(made, "Plain", new)
    assert (renewed.changed, again.changed) == (True, False)
    assert [step.startswith("delete and make again") for step in renewed.data["steps"]] == [False, True] * 2
    key = ("ipport", f"{cluster.lab.address('1.51')}:9443")
    assert [store_of(cluster, name).at(key)["thumbprint"] for name in NODES] == [thumbprint(new)] * 2


def test_a_node_that_has_the_certificate_without_its_key_gets_it(https) -> None:
    cluster, issuer = https
    pair = issuer.pair("plain", PLAIN)
    store_of(cluster, "server2").add(pair.certificate, key=False)
    done = bring(https, "Plain", pair)
    assert f"import the certificate {thumbprint(pair)} into the store MY on server2" in done.data["steps"]
    cluster.put("Plain", "server2")
    assert shown(cluster.address(51), 9443, PLAIN) == thumbprint(pair)


def test_what_was_made_is_taken_away_where_the_site_does_not_run(https) -> None:
    cluster, issuer = https
    pair = issuer.pair("plain", PLAIN)
    bring(https, "Plain", pair)
    cluster.put("Plain", "server1")
    predicted, done, again = (
        take_away(https, "Plain", check=True),
        take_away(https, "Plain"),
        take_away(https, "Plain"),
    )
    assert (predicted.data["steps"], len(done.data["steps"])) == (done.data["steps"], 2)
    assert [one.changed for one in (predicted, done, again)] == [True, True, False]
    assert done.data["notes"] == ["server1 is left as it is: the site runs there"]
    key = ("ipport", f"{cluster.lab.address('1.51')}:9443")
    has = {name: store_of(cluster, name).at(key) is not None for name in NODES}
    assert has == {"server1": True, "server2": False}
    kept = {name: store_of(cluster, name).certificates(["MY"]) for name in NODES}
    assert [[one["thumbprint"] for one in kept[name]].count(thumbprint(pair)) for name in NODES] == [1, 0]
    assert curl(issuer.ca, PLAIN, cluster.address(51), 9443).returncode == 0


def test_a_binding_that_somebody_else_has_made_since_stays(https) -> None:
    cluster, issuer = https
    bring(https, "Plain", issuer.pair("plain", PLAIN))
    store, other = store_of(cluster, "server2"), issuer.pair("other", "other.example.net")
    key = ("ipport", f"{cluster.lab.address('1.51')}:9443")
    store.bind(store.add(other.certificate), key)
    document = cluster.lab.state.node("server2") / CONFIG
    without = re.sub(
        '<site name="Plain".*?</site>', "", document.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    document.write_text(without, encoding="utf-8")
    assert '"Plain"' not in without
    done = take_away(https, "Plain")
    assert not [step for step in done.data["steps"] if "binding" in step and "server2" in step]
    assert store.at(key)["thumbprint"] == thumbprint(other)


def test_what_was_there_before_stays(https) -> None:
    cluster, issuer = https
    pair = issuer.pair("plain", PLAIN)
    store_of(cluster, "server2").add(pair.certificate)
    bring(https, "Plain", pair)
    done = take_away(https, "Plain")
    assert [step for step in done.data["steps"] if "server2" in step] == [
        f"delete the binding ipport={cluster.lab.address('1.51')}:9443 of http.sys on server2"
    ]


REFUSED = {
    "another host": (
        "Shop",
        {},
        "no https binding that the certificate is for, which names plain.example.net",
    ),
    "a binding that there is not": (
        "Plain",
        {"bindings": ("1.2.3.4:1:",)},
        "has no https binding 1.2.3.4:1:",
    ),
    "a site that there is not": ("Nowhere", {}, "does not exist"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_is_refused_before_anything_is_changed(https, why: str) -> None:
    site, more, message = REFUSED[why]
    with pytest.raises(StandbyError, match=message) as told:
        bring(https, site, https[1].pair("plain", PLAIN), **more)
    assert told.value.remedy
    assert not CHANGES & happened(https[0])


def test_a_site_without_its_twin_is_predicted_and_refused(make_lab, tmp_path) -> None:
    cluster, issuer = ClusterLab(make_lab(topology(tmp_path / "topology"))), Issuer(tmp_path / "authority")
    made = (cluster, issuer)
    predicted = bring(made, "Plain", issuer.pair("plain", PLAIN), check=True)
    assert predicted.changed
    assert ["server2 has no twin" in one for one in predicted.data["notes"]] == [True]
    with pytest.raises(StandbyError, match="does not exist") as told:
        bring(made, "Plain", issuer.pair("plain", PLAIN))
    assert (told.value.node, "Protect the site first" in str(told.value)) == ("server2", True)


def test_an_expired_certificate_and_a_wrong_password_are_refused(https) -> None:
    cluster, issuer = https
    with pytest.raises(StandbyError, match="of the PFX expired on"):
        bring(https, "Plain", issuer.pair("plain", PLAIN, days=-1))
    pfx = read_pfx(str(issuer.pfx(issuer.pair("plain", PLAIN))), WRONG, "Plain")
    with pytest.raises(StandbyError, match="password is not correct") as told, cluster.fleet() as fleet:
        ensure_certificate(fleet, CertificateRequest("Plain", pfx), False)
    nothing_secret(https, str(told.value))


def happened(cluster: ClusterLab) -> set[str]:
    """What kinds of events the nodes have in their logs."""
    logs = [cluster.lab.state.events(name).read_text(encoding="utf-8") for name in NODES]
    return {json.loads(line)["event"] for log in logs for line in log.splitlines()}
