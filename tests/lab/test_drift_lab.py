# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twins compared over WinRM: what is changed on a lab node is found, and nothing where nothing is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.drift import DriftRequest, site_drift
from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import put_in_service
from ansible_collections.standby.iis.plugins.module_utils.control.outcome import Outcome
from ansible_collections.standby.iis.plugins.module_utils.control.site import SiteRequest, ensure_site
from lab.certificates import Authority, Pair
from lab.iis.content import as_windows_writes
from lab.machine.acls import Acls
from lab.machine.certstore import CertificateStore
from tests.support.cluster_lab import ClusterLab, node
from tests.support.twin_changes import ALSO, CHANGES
from tests.support.twin_pair import CONFIG, KEYS, SECRETS, Half, half

pytestmark = pytest.mark.long

WEB_CONFIG = "drives/C/Windows/Microsoft.NET/Framework64/v4.0.30319/CONFIG/web.config"
SHOP = "drives/E/shop"
# Those that a configuration file carries.
BY_FILE = [name for name, (change, _path, _verdict) in CHANGES.items() if change(half(2)).config != CONFIG]


@pytest.fixture(scope="module")
def pair(make_shared_lab, tmp_path_factory) -> Iterator[ClusterLab]:
    """Two servers administered alike, the site protected and in service on the first."""
    folder = tmp_path_factory.mktemp("topology")
    (folder / "sites.config").write_text(CONFIG, encoding="utf-8")
    both = {"config": "sites.config", "content": True, "environment": {"Media": "E:\\media"}}
    described = {"name": "twins", "nodes": [node(number, **both) for number in (1, 2)]}
    (folder / "topology.yml").write_text(json.dumps(described))
    lab = make_shared_lab(folder / "topology.yml")
    for name in ("server1", "server2"):
        write(lab.state.node(name) / WEB_CONFIG, KEYS.format(key="5EC2E7" * 8))
    with ClusterLab(lab).open() as fleet:
        cluster = ClusterLab(lab, kept=fleet)
        cluster.volume("E:\\")
        cluster.ip(50, 16)
        cluster.protect("Shop")
        cluster.put("Shop", "server1")
        yield cluster


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def drift(pair: ClusterLab, **options: Any) -> dict[str, Any]:
    with pair.fleet() as fleet:
        outcome = site_drift(fleet, DriftRequest(**options))
    assert not any(secret in repr(outcome) for secret in SECRETS)
    (found,) = outcome.data["drift"]
    assert (found["site"], found["here"], found["there"]) == ("Shop", "server1", "server2")
    return found


def found_in(found: dict[str, Any]) -> dict[str, str]:
    return {one["path"]: one["verdict"] for one in found["differences"]}


@contextmanager
def changed_config(pair: ClusterLab, change: Callable[[Half], Half]) -> Iterator[None]:
    """The configuration of server2 with a change, and as it was afterwards."""
    file, network = pair.config_file("server2"), pair.lab.network
    before = file.read_bytes()
    text = before.decode("utf-8-sig").replace("\r\n", "\n").replace(f"{network}.", "127.77.")
    text = change(replace(half(2), config=text)).config.replace("127.77.", f"{network}.")
    file.write_bytes(as_windows_writes(text.encode()))
    try:
        yield
    finally:
        file.write_bytes(before)


@contextmanager
def kept(path: Path) -> Iterator[Path]:
    """A file or folder that is as it was afterwards."""
    aside = path.with_name(f"{path.name}.aside")
    if path.is_dir():
        shutil.copytree(path, aside)
    elif path.exists():
        shutil.copy(path, aside)
    try:
        yield path
    finally:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        if aside.exists():
            aside.rename(path)


def test_an_untouched_twin_raises_no_alarm(pair: ClusterLab) -> None:
    found = drift(pair)
    assert (found["differences"], found["warnings"], found["not_compared"]) == ([], [], [])
    assert not found["breaks"]


def test_enough_changes_are_tried_through_the_lab() -> None:
    assert len(BY_FILE) >= 25


@pytest.mark.parametrize("name", BY_FILE)
def test_a_change_of_the_configuration_is_found(pair: ClusterLab, name: str) -> None:
    change, path, verdict = CHANGES[name]
    path = path.replace("127.77.", f"{pair.lab.network}.")
    with changed_config(pair, change):
        found = found_in(drift(pair))
    assert found[path] == verdict.value
    also = {one.replace("127.77.", f"{pair.lab.network}.") for one in ALSO.get(name, set())}
    assert set(found) - {path} <= also


def test_rights_of_content_are_compared(pair: ClusterLab) -> None:
    with kept(pair.lab.state.node("server2") / "acls.json") as path:
        Acls(path).set("E:\\shop", protected=True, granted=("S-1-5-18",))
        found = found_in(drift(pair))
    assert found == {"rights/E:\\shop": "breaks failover"}


def test_files_of_content_are_compared_where_asked_for(pair: ClusterLab) -> None:
    with kept(pair.lab.state.node("server2") / SHOP) as path:
        write(path / "index.html", "stale")
        write(path / "new.html", "more")
        found, without = found_in(drift(pair)), found_in(drift(pair, content=False))
    assert found == {
        "content/E:\\shop\\index.html": "breaks failover",
        "content/E:\\shop\\new.html": "cosmetic",
    }
    assert without == {}


def test_content_that_is_not_there_is_found(pair: ClusterLab) -> None:
    with kept(pair.lab.state.node("server2") / SHOP) as path:
        shutil.rmtree(path)
        found = found_in(drift(pair, content=False))
    assert found == {"content/E:\\shop": "breaks failover"}


def test_features_are_compared(pair: ClusterLab) -> None:
    with kept(pair.lab.state.node("server2") / "features.json") as path:
        features = set(pair.lab.topology.node("server2").windows.features)
        path.write_text(json.dumps(sorted(features - {"IIS-ASPNET45"} | {"IIS-FTPServer"})))
        found = found_in(drift(pair))
    assert found == {"features/IIS-ASPNET45": "breaks failover", "features/IIS-FTPServer": "cosmetic"}


def test_machine_keys_are_compared(pair: ClusterLab) -> None:
    with kept(pair.lab.state.node("server2") / WEB_CONFIG) as path:
        write(path, KEYS.format(key="5EC2E8" * 8))
        found = drift(pair)
    assert found_in(found) == {
        f"machineKey[v4.0 Framework64]/{one}": "breaks failover" for one in ("validationKey", "decryptionKey")
    }
    assert {one["here"] for one in found["differences"]} == {"(not shown)"}


def issued(pair: ClusterLab, days: int) -> Path:
    """Another certificate for the site, by the lab's authority."""
    made = Pair.at(pair.lab.state.folder, f"other{days}")
    Authority(pair.lab.state.folder).issue_server(made, "shop.example.net", ["shop.example.net"], days=days)
    return made.certificate


CERTIFICATES: dict[str, tuple[Callable[[CertificateStore, ClusterLab], object], str | None, str]] = {
    "gone": (
        lambda store, pair: store.remove(store.add(pair.lab.state.sites.certificate)),
        "certificate",
        "",
    ),
    "without its key": (
        lambda store, pair: store.add(pair.lab.state.sites.certificate, key=False),
        "private_key",
        "",
    ),
    "not bound": (lambda store, _pair: store.bind(None), "thumbprint", ""),
    "another": (lambda store, pair: store.bind(store.add(issued(pair, 300))), "thumbprint", ""),
    "expired": (lambda store, pair: store.bind(store.add(issued(pair, -1))), "expires", ""),
    "about to expire": (
        lambda store, pair: store.bind(store.add(issued(pair, 7))),
        "thumbprint",
        "expires on",
    ),
}


@pytest.mark.parametrize("name", CERTIFICATES)
def test_certificates_are_compared_and_watched(pair: ClusterLab, name: str) -> None:
    change, path, warning = CERTIFICATES[name]
    with kept(pair.lab.state.certificates("server2")) as file:
        change(CertificateStore(file), pair)
        found = drift(pair)
    binding = f"https/{pair.lab.address('1.50')}:8443:shop.example.net"
    assert found_in(found)[f"certificates/{binding}/{path}"] == "breaks failover"
    told = [one for one in found["warnings"] if "server2" in one]
    assert [warning in one for one in told] == [True] * bool(warning)


def test_a_certificate_about_to_expire_on_both_is_a_warning_alone(pair: ClusterLab) -> None:
    soon = issued(pair, 9)
    with (
        kept(pair.lab.state.certificates("server1")) as one,
        kept(pair.lab.state.certificates("server2")) as two,
    ):
        for file in (one, two):
            CertificateStore(file).bind(CertificateStore(file).add(soon))
        found = drift(pair)
        patient = drift(pair, certificate_days=5.0)
    names = {name for name in ("server1", "server2") for warning in found["warnings"] if name in warning}
    assert names == {"server1", "server2"}
    assert (found["differences"], patient["warnings"]) == ([], [])


def repair(pair: ClusterLab, *, check: bool = False, **options: Any) -> Outcome:
    with pair.fleet() as fleet:
        return ensure_site(fleet, SiteRequest("Shop", pair.nodes, repair=True, **options), check)


# What a repair of the twin cannot reach: it is the server's, not the site's, or it is a secret.
SERVERS = {
    "provider of authentication gone from the server",
    "client certificates wanted",
    "extension refused",
    "compression",
    "managed module gone",
    "section locked",
    "native module gone",
    "native module more",
    "authentication below the site",
}
ON_PURPOSE = {"folder of the log"}


@pytest.mark.parametrize("name", BY_FILE)
def test_repair_brings_the_twin_back_or_names_what_is_left(pair: ClusterLab, name: str) -> None:
    change, path, _verdict = CHANGES[name]
    path = path.replace("127.77.", f"{pair.lab.network}.")
    with changed_config(pair, change):
        predicted, done = repair(pair, check=True), repair(pair)
        again, found = repair(pair), drift(pair)
    assert (predicted.changed, predicted.data["steps"]) == (done.changed, done.data["steps"])
    assert not again.changed
    assert not any(secret in repr((predicted, done)) for secret in SECRETS)
    left = [one["path"] for one in done.data["left"]]
    if name in ON_PURPOSE:
        assert (done.changed, left, list(found_in(found))) == (False, [], [path])
    elif name in SERVERS:
        assert path in left
        assert all(one["remedy"] and one["node"] == "server2" for one in done.data["left"])
    else:
        assert done.changed
        assert (left, found["differences"]) == ([], [])


def test_repair_leaves_what_differs_on_purpose(pair: ClusterLab) -> None:
    change, path, _verdict = CHANGES["timeout of connections"]
    with changed_config(pair, change):
        assert not repair(pair, ignore=("site/limits/*",)).changed
        assert path in found_in(drift(pair))


def test_a_twin_made_with_repair_has_the_sections_of_the_original(pair: ClusterLab) -> None:
    def bare(twin: Half) -> Half:
        text = twin.config
        start, end = text.index('<location path="Shop">'), text.index('<location path="Shop/public">')
        return replace(twin, config=text[:start] + text[end:])

    with changed_config(pair, bare):
        done = repair(pair)
        found = drift(pair)
    assert [step for step in done.data["steps"] if "system.webServer/handlers of Shop on server2" in step]
    assert (done.data["left"], found["differences"]) == ([], [])


def test_a_planned_move_is_warned_of_before_anything_is_touched(pair: ClusterLab) -> None:
    change = CHANGES["identity of a pool"][0]
    with changed_config(pair, change), pair.fleet() as fleet:
        drifted = put_in_service(fleet, "Shop", "server2", True)
    with pair.fleet() as fleet:
        as_it_is = put_in_service(fleet, "Shop", "server2", True)
        nothing_to_do = put_in_service(fleet, "Shop", "server1", True)
    (told,) = drifted.data["drift"]
    assert "pools[Shop]/processModel/identity" in told
    assert "server2" in told
    assert drifted.data["plan"] == as_it_is.data["plan"]
    assert (as_it_is.data["drift"], nothing_to_do.data["drift"]) == ([], [])


def test_a_planned_move_is_warned_of_a_certificate_that_ends(pair: ClusterLab) -> None:
    with kept(pair.lab.state.certificates("server2")) as file:
        CertificateStore(file).bind(CertificateStore(file).add(issued(pair, 7)))
        with pair.fleet() as fleet:
            told = put_in_service(fleet, "Shop", "server2", True).data["drift"]
    assert any("thumbprint" in one for one in told)
    assert any("expires on" in one and "server2" in one for one in told)


@pytest.mark.parametrize("name", CERTIFICATES)
def test_certificates_are_told_of_where_a_site_is_declared(pair: ClusterLab, name: str) -> None:
    change, path, warning = CERTIFICATES[name]
    with kept(pair.lab.state.certificates("server2")) as file:
        change(CertificateStore(file), pair)
        done = pair.protect("Shop")
    told = done.data["certificate_warnings"]
    assert not done.changed
    assert any(f"/{path}: " in one for one in told)
    assert [one for one in told if warning in one and "server2" in one]


def test_nothing_is_told_of_certificates_that_are_well(pair: ClusterLab) -> None:
    assert pair.protect("Shop").data["certificate_warnings"] == []
