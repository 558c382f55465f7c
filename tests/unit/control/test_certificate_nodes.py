# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module certificate takes away what it made on the nodes that it is told, and on no other."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import certificate_removal
from ansible_collections.standby.iis.plugins.module_utils.control.fleet import Fleet
from ansible_collections.standby.iis.plugins.module_utils.ha.certificate_record import (
    Imported,
    Made,
    made_text,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows.certificate_reading import (
    Bound,
    CertificateReading,
)
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from ansible_collections.standby.iis.plugins.modules import certificate

NODES = ("server1", "server2", "server3")
RECORD = made_text(Made((Imported("Shop", Bound("AB" * 20, "MY")),)))


class Ended(Exception):
    """The module has returned."""


class Module:
    """As Ansible calls it, with some parameters."""

    check_mode = False
    nodes: list[str] | None = None

    def __init__(self, **_spec: Any) -> None:
        self.params = {"site": "Shop", "state": "absent", "nodes": Module.nodes}

    def exit_json(self, **result: Any) -> None:
        raise Ended(result["msg"])


@pytest.mark.parametrize(("nodes", "changed"), [(None, NODES), (["server3", "server2"], NODES[:0:-1])])
def test_other_nodes_than_those_named_are_left_as_they_are(monkeypatch, nodes, changed) -> None:
    remembered: list[str] = []
    seen = {
        "gather": lambda node, _scope: NodeFacts(node.name),
        "read_value": lambda *_which: RECORD,
        "read_certificates": lambda _node: CertificateReading(),
        "remove_certificate": lambda *_which: None,
        "remember": lambda node, _made: remembered.append(node.name),
    }
    monkeypatch.setattr(
        "ansible_collections.standby.iis.plugins.module_utils.control.survey.gather", seen.pop("gather")
    )
    for name, instead in seen.items():
        monkeypatch.setattr(certificate_removal, name, instead)
    fleet = Fleet(
        [Connection(name, "192.0.2.1") for name in NODES], connect=lambda one: Node(one.name, None, None)
    )
    monkeypatch.setattr(Module, "nodes", nodes)
    monkeypatch.setattr(certificate, "AnsibleModule", Module)
    monkeypatch.setattr(certificate, "connections_from", lambda _params: ())
    monkeypatch.setattr(certificate, "Fleet", lambda _connections: fleet)
    with pytest.raises(Ended, match=f"is removed on {', '.join(changed)}"):
        certificate.main()
    assert sorted(remembered) == sorted(changed)
