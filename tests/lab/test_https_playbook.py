# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates by the playbooks that operators run: brought, told of, renewed, and nothing of them shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from playbooks import Played, play
from tests.support.cluster_lab import ClusterLab
from tests.support.https_lab import PASSWORD, PAY, SHOP, Issuer, curl, shown, store_of, thumbprint, topology

pytestmark = pytest.mark.long

NODES = ("server1", "server2")


class Operator:
    """Plays playbooks against two nodes with https sites; nothing is bound at first."""

    def __init__(self, cluster: ClusterLab, issuer: Issuer, folder: Path) -> None:
        self.cluster, self.issuer, self._folder = cluster, issuer, folder
        self.pair = issuer.pair("shop", SHOP, PAY)
        for name in NODES:
            store_of(cluster, name).bind(None)

    def play(self, playbook: str, *arguments: str, brings: bool = True) -> Played:
        pfx = str(self.issuer.pfx(self.pair))
        certificates = [{"site": one, "src": pfx, "password": PASSWORD} for one in ("Shop", "Pay")]
        variables = self._folder / "variables.json"
        structure = {
            "cluster_volumes": [{"path": "E:\\"}],
            "cluster_ips": [{"address": f"{self.cluster.address(50)}/16"}],
            "cluster_sites": [{"name": "Shop"}, {"name": "Pay"}],
            **({"cluster_certificates": certificates} if brings else {}),
        }
        variables.write_text(json.dumps(structure))
        played = play(self.cluster.lab.state.folder, playbook, "-e", f"@{variables}", *arguments)
        assert "hunter2" not in played.text
        return played


@pytest.fixture
def alike() -> bool:
    """Whether the second node begins with the configuration of the first one; tests give another value."""
    return False


@pytest.fixture
def operator(make_lab, tmp_path, alike: bool) -> Iterator[Operator]:
    cluster = ClusterLab(make_lab(topology(tmp_path / "topology", alike=alike)))
    yield Operator(cluster, Issuer(tmp_path / "authority"), tmp_path)


def test_the_role_brings_certificates_before_anything_comes_into_service(operator: Operator) -> None:
    predicted = operator.play("standby.iis.configure", "--check", "--diff")
    assert predicted.code == 0, predicted.text
    assert "changed" in predicted.task("Bring the certificates to the nodes of their sites")
    assert not any(store_of(operator.cluster, name).at(("hostnameport", f"{SHOP}:8443")) for name in NODES)
    first = operator.play("standby.iis.configure", "-vvv", "--diff")
    assert first.code == 0, first.text
    again = operator.play("standby.iis.configure")
    assert (again.code, again.changed) == (0, 0), again.text
    assert "[WARNING]" not in again.text
    address = operator.cluster.address(50)
    assert curl(operator.issuer.ca, SHOP, address, 8443).returncode == 0
    assert shown(address, 8443, PAY) == thumbprint(operator.pair)
    removed = operator.play("standby.iis.remove", "-e", "cluster_delete_twins=true")
    assert removed.code == 0, removed.text
    kept = [
        [one["thumbprint"] for one in store_of(operator.cluster, name).certificates(["MY"])] for name in NODES
    ]
    assert [one.count(thumbprint(operator.pair)) for one in kept] == [1, 0]
    assert curl(operator.issuer.ca, SHOP, address, 8443).returncode == 0


@pytest.mark.parametrize("alike", [True], ids=["alike"])
def test_a_renewal_on_the_primary_alone_is_drift_until_it_is_brought_to_the_backups(
    operator: Operator,
) -> None:
    assert operator.play("standby.iis.configure").code == 0
    renewed = operator.issuer.pair("renewed", SHOP, PAY)
    store = store_of(operator.cluster, "server1")
    for host in (SHOP, PAY):
        store.bind(store.add(renewed.certificate), ("hostnameport", f"{host}:8443"))
    parity = operator.play("standby.iis.parity", "-e", "parity_content=false")
    assert parity.code != 0
    assert f"certificates/https/{operator.cluster.address(50)}:8443:{SHOP}/thumbprint" in parity.text
    configured = operator.play("standby.iis.configure", "--check", brings=False)
    assert f"{thumbprint(renewed)} on server1" in configured.text
    moved = operator.play(
        "standby.iis.switchover", "--check", "-e", "hierarchy=Shop", "-e", "to=server2", brings=False
    )
    assert "/thumbprint" in moved.text
    operator.pair = renewed
    assert operator.play("standby.iis.configure").code == 0
    assert operator.play("standby.iis.parity", "-e", "parity_content=false").code == 0
