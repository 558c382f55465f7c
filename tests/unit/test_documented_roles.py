# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defaults, argument specs and README of a role have the same options, and the examples are taken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.standby.iis.plugins.module_utils.monitor.options import AGENT_SPEC, request_from

ROOT = Path(__file__).parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())


def options(role: str) -> dict[str, dict]:
    specs = yaml.safe_load(
        (ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    )
    return {name: one for entry in specs["argument_specs"].values() for name, one in entry["options"].items()}


def defaults(role: str) -> dict[str, object]:
    return yaml.safe_load((ROOT / "roles" / role / "defaults" / "main.yml").read_text(encoding="utf-8"))


def readme(role: str) -> str:
    return (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("role", ROLES)
def test_every_default_is_an_option_and_has_the_value_that_is_documented(role: str):
    known = options(role)
    for name, value in defaults(role).items():
        assert name in known
        assert known[name].get("default", value) == value, name


@pytest.mark.parametrize("role", ROLES)
def test_every_option_is_in_the_readme_and_nothing_else(role: str):
    rows = re.findall(r"^\| (`.+?) \|", readme(role), re.MULTILINE)
    assert {name for row in rows for name in re.findall(rf"`({role}_\w+)`", row)} == set(options(role))


def test_the_examples_of_the_role_monitor_are_taken(tmp_path: Path):
    (example,) = (
        yaml.safe_load(text)
        for text in re.findall(r"```yaml\n(monitor_.+?)```", readme("monitor"), re.DOTALL)
    )
    authority = tmp_path / "ca.pem"
    authority.write_text("authority")
    example["monitor_etcd"] |= {
        "prefix": None,
        "ca_file": authority,
        "certificate_file": None,
        "key_file": None,
    }
    for webhook in example["monitor_notifications"]["webhooks"]:
        webhook |= {"url": "https://chat.example.com/", "ca_file": None}
    example["monitor_notifications"] |= {"event_log": True, "quiet": 300.0}
    given = {name: spec.get("default") for name, spec in AGENT_SPEC.items()}
    given |= {name.removeprefix("monitor_"): value for name, value in example.items()}
    names = ("server1", "server2", "standby1")
    given["addresses"] = dict.fromkeys(names, "192.0.2.12") | given["addresses"]
    given |= {
        "cluster": "web",
        "interpreter": "C:\\Python313\\python.exe",
        "source": ROOT / "plugins" / "module_utils",
    }
    told = request_from(given, names).settings["server2"]
    assert set(told.hierarchies) == {"", "Shop"}
    assert told.fences["server1"]
