# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task as the executor of ansible-core would run it, with everything real but the module itself.

The collection is imported when a test runs: not before its loader is set up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible.plugins.loader as loaders
import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.playbook.play_context import PlayContext
from ansible.template import Templar
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager


@dataclass
class Ran:
    """What the action plugin would have run.

    Attributes:
        arguments: of the module.
        variables: of the task.
        connection: the connection plugin it would have run over.
    """

    result: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    connection: Any = None

    @property
    def elements(self) -> dict[str, dict[str, Any]]:
        """The connections by name, without their names."""
        return {
            one["name"]: {key: value for key, value in one.items() if key != "name"}
            for one in self.arguments["connections"]
        }


RunTask = Callable[..., Ran]


@pytest.fixture
def run_task(tmp_path: Path) -> RunTask:
    """Run an action for the first host of a play: ``run_task(hosts, task=..., play=..., password=...)``."""

    def run(
        hosts: Mapping[str, Mapping[str, Any]],
        *,
        task: Mapping[str, Any] | None = None,
        play: Mapping[str, Any] | None = None,
        action: Any = None,
        password: str = "",
        answer: Mapping[str, Any] | None = None,
    ) -> Ran:
        from ansible_collections.standby.iis.plugins.plugin_utils.node_action import NodeAction

        ran = Ran()

        class Capturing(action or NodeAction):
            def _execute_module(self, module_args: Any = None, task_vars: Any = None, **_rest: Any) -> Any:
                ran.arguments, ran.variables, ran.connection = module_args, task_vars, self._connection
                return dict(answer or {})

        plugin, variables = _prepare(Capturing, tmp_path, hosts, task or {}, play or {}, password)
        ran.result = plugin.run(task_vars=variables)
        return ran

    return run


def _prepare(
    action: Any,
    folder: Path,
    hosts: Mapping[str, Mapping[str, Any]],
    task: Mapping[str, Any],
    play: Mapping[str, Any],
    password: str,
) -> tuple[Any, dict[str, Any]]:
    inventory_file = folder / "inventory.yml"
    inventory_file.write_text(
        yaml.safe_dump({"all": {"hosts": {name: dict(own) for name, own in hosts.items()}}})
    )
    loader = DataLoader()
    inventory = InventoryManager(loader, sources=[str(inventory_file)])
    manager = VariableManager(loader, inventory)
    HostVars(inventory, manager, loader)
    entry = {"name": "Test", "ansible.builtin.ping": {}, **task}
    loaded = Play().load(
        {"name": "Test", "hosts": "all", "gather_facts": False, "tasks": [entry], **play}, manager, loader
    )
    step = loaded.compile()[1].block[0]
    names = [host.name for host in inventory.get_hosts()]
    variables = manager.get_vars(
        play=loaded, host=inventory.get_host(names[0]), task=step, _hosts=names, _hosts_all=names
    )
    templar = Templar(loader, variables)
    engine = getattr(templar, "_engine", templar)  # ansible-core 2.19 and later keep the engine apart
    step.post_validate(engine)
    context = PlayContext(loaded, {"conn_pass": password}).set_task_and_variable_override(
        task=step, variables=variables, templar=engine
    )
    kind = "local" if step.delegate_to == "localhost" else variables.get("ansible_connection", "ssh")
    connection = loaders.connection_loader.get(kind, context)
    connection.set_options()
    return action(step, connection, context, loader, templar, loaders), variables
