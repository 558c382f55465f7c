# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be given for a record and its keys stands where it is read: in the modules and in the roles."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.standby.iis.plugins.module_utils.ha.dns import ALGORITHMS, TTL
from ansible_collections.standby.iis.plugins.modules import dns

ROLES = Path(dns.__file__).parents[2] / "roles"


def option(role: str, name: str) -> dict:
    document = yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text())
    return document["argument_specs"]["main"]["options"][name]["options"]


@pytest.mark.parametrize(("role", "name"), [("cluster", "cluster_dns_keys"), ("monitor", "monitor_dns_keys")])
def test_a_role_takes_the_algorithms_that_the_modules_take(role, name):
    told = option(role, name)["algorithm"]
    assert (tuple(told["choices"]), told["default"]) == (ALGORITHMS, ALGORITHMS[0])


def test_the_bounds_of_a_ttl_are_told():
    bounds = f"from V({TTL[0]}) to V({TTL[1]})"
    of_module = yaml.safe_load(dns.DOCUMENTATION)["options"]["ttl"]["description"]
    assert bounds in " ".join(of_module)
    assert bounds in option("cluster", "cluster_dns")["ttl"]["description"]
