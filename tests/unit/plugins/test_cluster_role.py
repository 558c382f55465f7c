# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions of the role cluster, as Ansible evaluates them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from ansible_collections.standby.iis.plugins.filter.query import query

ROLE = Path(__file__).parents[3] / "roles" / "cluster"


def task(file: str, name: str) -> dict[str, Any]:
    tasks = yaml.safe_load((ROLE / "tasks" / file).read_text(encoding="utf-8"))
    (found,) = [one for one in tasks if one["name"] == name]
    return found


def evaluated(text: str, **known: Any) -> Any:
    environment = NativeEnvironment()
    environment.filters |= {"standby.iis.query": query, "unique": lambda every: list(dict.fromkeys(every))}
    return environment.from_string(text).render(known)


def test_the_removal_says_what_became_of_certificates() -> None:
    nothing = {"results": []}
    known = dict.fromkeys(
        ("__cluster_sites", "__cluster_records", "__cluster_ips", "__cluster_volumes"), nothing
    )
    note = "server2 is left as it is: the site runs there"
    results = [
        {"changed": True, "msg": "removed", "notes": [note]},
        {"changed": False, "msg": "-", "notes": [note]},
    ]
    found = {"notes": ["server3 cannot be read"]}
    known |= {"__cluster_certificates": {"results": results}, "__cluster_found": found}
    said = task("remove.yml", "Say what was removed and what stays")
    for name, text in said["vars"].items():
        known[name] = evaluated(text, **known)
    told = evaluated(said["ansible.builtin.debug"]["msg"], **known)
    assert told == ["removed", note, "server3 cannot be read"]
    known["__cluster_certificates"] = {"results": [{"changed": False, "skipped": True}]}
    assert evaluated(said["vars"]["__cluster_left"], **known) == []


@pytest.mark.parametrize(
    ("given", "ignored"),
    [
        ({}, []),
        ({"parity_ignore": ["site/logFile/*"]}, ["site/logFile/*"]),
        ({"parity_ignore": ["a"], "cluster_repair_ignore": ["b"]}, ["b"]),
    ],
)
def test_repair_leaves_what_differs_on_purpose(given: dict[str, Any], ignored: list[str]) -> None:
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    known = {"cluster_repair_ignore": evaluated(defaults["cluster_repair_ignore"], **given), **given}
    arguments = task("main.yml", "Protect the sites")["standby.iis.site"]
    assert evaluated(arguments["ignore"], **known) == ignored
