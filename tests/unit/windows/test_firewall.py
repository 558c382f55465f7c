# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a rule of the firewall lets in at every moment of its making and of its change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.node import Instance, Node
from ansible_collections.standby.iis.plugins.module_utils.windows import firewall
from ansible_collections.standby.iis.plugins.module_utils.windows.firewall import Rule
from tests.unit.windows.windows_world import NoShell, Windows

RULE = Rule("standby.iis", "agents", "7790", ("10.0.0.1", "10.0.0.2"))


class Firewall(Windows):
    """One rule with its two filters; ``moments`` has whom it lets in after each change."""

    def __init__(self):
        super().__init__()
        self.moments = []
        self.keeps = False
        self.methods = {"Enable": self._enable}

    def enumerate(self, target, *, where=None, associated=None, **_options):
        assert (associated is None) == (target == firewall.RULE)
        return super().enumerate(target, where=where)

    def create(self, target, properties):
        made = self.add(target.name, **properties)
        self.add(firewall.ADDRESS_FILTER.name, RemoteAddress=["Any"])
        self.add(firewall.PORT_FILTER.name, Protocol="Any", LocalPort=["Any"])
        self._look()
        return made.reference

    def delete(self, reference):
        self.instances.clear()
        self._look()
        return True

    def modify(self, reference, properties):
        if not self.keeps:
            super().modify(reference, properties)
        self._look()

    def _enable(self, reference, _arguments):
        self.at(reference).properties["Enabled"] = 1
        self._look()
        return Instance("Answer", {}, None)

    def _look(self):
        rule, addresses, ports = [*self.instances, None, None, None][:3]
        up = rule is not None and rule.properties["Enabled"] == 1
        self.moments.append(
            (tuple(addresses.properties["RemoteAddress"]), ports.properties["LocalPort"][0]) if up else None
        )


@pytest.fixture
def world():
    made = Firewall()
    made.node = Node("server1", made, NoShell())
    return made


def test_a_new_rule_lets_in_nobody_before_it_is_narrow(world):
    firewall.write_rule(world.node, RULE)
    assert world.moments[-1] == (RULE.addresses, "7790")
    assert set(world.moments[:-1]) == {None}


def test_a_rule_in_effect_never_shuts_out_whom_it_still_lets_in_and_never_lets_in_another(world):
    firewall.write_rule(world.node, RULE)
    world.moments.clear()
    wanted = ("10.0.0.2", "10.0.0.3")
    firewall.write_rule(world.node, replace(RULE, addresses=wanted, port="7791"))
    assert world.moments == [(wanted, "7790"), (wanted, "7791")]


@pytest.mark.parametrize(
    ("name", "value"), [("Enabled", 2), ("Action", 4), ("Direction", 2), ("ElementName", "x")]
)
def test_one_that_is_not_in_effect_or_of_somebody_else_is_made_anew(world, name, value):
    firewall.write_rule(world.node, RULE)
    world.instances[0].properties[name] = value
    world.moments.clear()
    firewall.write_rule(world.node, RULE)
    assert set(world.moments[:-1]) == {None}
    assert world.moments[-1] == (RULE.addresses, "7790")


def test_a_change_that_windows_did_not_make_is_told(world):
    firewall.write_rule(world.node, RULE)
    world.keeps = True
    with pytest.raises(StandbyError, match="after it was made as"):
        firewall.write_rule(world.node, replace(RULE, port="7791"))
