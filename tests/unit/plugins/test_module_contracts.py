# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules document is what they take, and every failure has the same fields."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

MODULES = [
    "agent",
    "certificate",
    "dns",
    "hierarchy",
    "hierarchy_info",
    "ip",
    "maintenance",
    "mirror",
    "site",
    "site_drift",
    "site_info",
    "structure_info",
    "verify_windows",
    "volume",
    "witness_share",
]
OF_ONE_NODE = {"site_info", "verify_windows", "witness_share"}
PLUGINS = "ansible_collections.standby.iis.plugins"


def _module(name: str) -> Any:
    return importlib.import_module(f"{PLUGINS}.modules.{name}")


def _documented(name: str) -> dict[str, Any]:
    fragment = importlib.import_module(f"{PLUGINS}.doc_fragments.connection").ModuleDocFragment
    shared = yaml.safe_load(fragment.DOCUMENTATION)["options"]
    return {**shared, **yaml.safe_load(_module(name).DOCUMENTATION)["options"]}


def _shape(options: dict[str, Any], nested: str) -> dict[str, Any]:
    """Type, requirement, choices and default of each option, whatever else is said of it."""
    return {
        name: (
            option["type"],
            option.get("elements"),
            option.get("required", False),
            option.get("choices"),
            option.get("default"),
            _shape(option.get(nested) or {}, nested),
        )
        for name, option in options.items()
    }


@pytest.mark.parametrize("name", MODULES)
def test_options_are_documented_as_they_are_taken(name: str) -> None:
    assert _shape(_documented(name), "suboptions") == _shape(_module(name).ARGUMENT_SPEC, "options")


@pytest.mark.parametrize("name", MODULES)
def test_every_module_is_in_the_action_group_and_has_its_action(name: str) -> None:
    from pathlib import Path

    root = Path(_module(name).__file__).parents[2]
    groups = yaml.safe_load((root / "meta" / "runtime.yml").read_text())["action_groups"]
    assert name in groups["iis"]
    action = importlib.import_module(f"{PLUGINS}.action.{name}").ActionModule
    assert getattr(action, "BYPASS_HOST_LOOP", False) is (name not in OF_ONE_NODE)


@pytest.mark.parametrize("name", MODULES)
def test_examples_and_return_values_are_yaml_and_name_the_module(name: str) -> None:
    module = _module(name)
    examples = yaml.safe_load(module.EXAMPLES)
    assert any(f"standby.iis.{name}" in task for task in examples)
    assert all(task["name"] for task in examples)
    assert all(value["description"] for value in yaml.safe_load(module.RETURN).values())


def test_the_examples_are_accepted_by_the_modules() -> None:
    for name in MODULES:
        validator = ArgumentSpecValidator(_module(name).ARGUMENT_SPEC)
        for task in yaml.safe_load(_module(name).EXAMPLES):
            options = {
                key: value
                for key, value in (task.get(f"standby.iis.{name}") or {}).items()
                if "{{" not in str(value)
            }
            if f"standby.iis.{name}" in task:
                assert validator.validate(options).error_messages == []


def test_a_failure_names_node_resource_remedy_and_its_kind() -> None:
    result = importlib.import_module(f"{PLUGINS}.module_utils.control.result")
    errors = importlib.import_module(f"{PLUGINS}.module_utils.errors")
    error = errors.AccessDenied(
        "refused", node="server1", resource="ip 10.0.0.50", remedy="Check the password"
    )
    assert result.failure_of(error) == {
        "msg": "server1, ip 10.0.0.50: refused. Check the password.",
        "reason": "access_denied",
        "node": "server1",
        "resource": "ip 10.0.0.50",
        "remedy": "Check the password",
    }
    assert result.failure_of(errors.StandbyError("no")) == {"msg": "no.", "reason": "standby_error"}


def test_a_move_that_failed_returns_its_steps_and_those_of_the_way_back_as_documented() -> None:
    control = f"{PLUGINS}.module_utils.control"
    result = importlib.import_module(f"{control}.result")
    execute = importlib.import_module(f"{PLUGINS}.module_utils.ha.execute")
    plan = importlib.import_module(f"{PLUGINS}.module_utils.ha.plan")
    errors = importlib.import_module(f"{PLUGINS}.module_utils.errors")
    failure = errors.StandbyError("busy", node="server1")
    offline = plan.Step("server1", plan.Action.OFFLINE_DISK, "volume F:", "take it offline")
    start = plan.Step("server1", plan.Action.START_SITE, "site x", "start it")
    report = execute.Report(
        (execute.Done(offline, 0.5, 1.25, failure),), (execute.Done(start, 2.0, 0.5),), failure, True
    )
    error = importlib.import_module(f"{control}.way_back").MoveFailed("not moved", report, failure, "Repair")

    told = result.failure_of(error)

    step = {"sentence": "take it offline", "node": "server1", "action": "offline_disk", "start": 0.5}
    assert told["reason"] == "move_failed"
    assert told["steps"] == [step | {"seconds": 1.25, "error": "server1: busy."}]
    assert [(one["sentence"], one["error"]) for one in told["undone"]] == [("start it", None)]
    documented = yaml.safe_load(_module("hierarchy").RETURN)
    assert (
        set(documented["steps"]["contains"]) == set(documented["undone"]["contains"]) == set(told["steps"][0])
    )


def test_an_outcome_becomes_changed_message_diff_and_its_own_values() -> None:
    result = importlib.import_module(f"{PLUGINS}.module_utils.control.result")
    outcome = importlib.import_module(f"{PLUGINS}.module_utils.control.outcome")
    made = outcome.Outcome(True, "done", {"a": 1}, {"a": 2}, {"plan": []})
    assert result.result_of(made) == {
        "changed": True,
        "msg": "done",
        "diff": {"before": {"a": 1}, "after": {"a": 2}},
        "plan": [],
    }


def test_the_kinds_of_failure_of_a_move_are_documented() -> None:
    move = importlib.import_module(f"{PLUGINS}.module_utils.control.hierarchy")
    result = importlib.import_module(f"{PLUGINS}.module_utils.control.result")
    cause = importlib.import_module(f"{PLUGINS}.module_utils.errors").StandbyError("no")
    documented = str(yaml.safe_load(_module("hierarchy").RETURN)["reason"]["description"])
    nothing_done = importlib.import_module(f"{PLUGINS}.module_utils.ha.execute").Report((), ())
    for error in (cause, move.Overtaken("no"), move.MoveFailed("no", nothing_done, cause, "Run again")):
        assert f"V({result.failure_of(error)['reason']})" in documented
