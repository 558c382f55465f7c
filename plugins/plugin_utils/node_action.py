# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action plugin that all modules share.

Modules are Python and run on the controller. This class takes the connection variables of the play's Windows
hosts, as the ``winrm`` and ``psrp`` connection plugins would resolve them, and hands them to the module
through its standard input: no password reaches a file or a process argument.
"""

from __future__ import annotations

import sys
from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.plugins.connection import ConnectionBase
from ansible.template import Templar

from .connection_options import Element, from_psrp, from_winrm, unused_extras

try:
    from winrm import FEATURE_SUPPORTED_AUTHTYPES
except ImportError:  # the module itself says that pywinrm is missing, and how to install it
    FEATURE_SUPPORTED_AUTHTYPES = []

_READERS = {"winrm": from_winrm, "psrp": from_psrp}


class NodeAction(ActionBase):  # type: ignore[misc]
    """Run the task's module on the controller, with ``connections`` taken from the play's hosts.

    Attributes:
        WHOLE_PLAY: the module concerns all hosts of the play; otherwise only the host it runs for.
    """

    WHOLE_PLAY = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The module's result.

        Raises:
            AnsibleActionFail: the task cannot be run as it is written; the message says why.
        """
        super().run(tmp, task_vars)
        variables = dict(task_vars or {})
        arguments = dict(self._task.args)
        found: tuple[list[Element], dict[str, str]] | None = None
        if self._task.delegate_to:
            self._refuse_windows_delegate()
        else:
            variables["ansible_python_interpreter"] = sys.executable
            if not arguments.get("connections"):
                found = self._connections(variables)
                arguments["connections"] = found[0]
            self._connection = self._local_connection()
        self._pipeline()
        result: dict[str, Any] = self._execute_module(module_args=arguments, task_vars=variables)
        return result if found is None else _explain(result, *found)

    def _refuse_windows_delegate(self) -> None:
        if self._connection.transport in _READERS:
            raise AnsibleActionFail(
                f"{self._task.action} runs on the controller and cannot be delegated to the Windows host "
                f"{self._task.delegate_to}. Leave delegate_to out, or name localhost and give connections."
            )

    def _connections(self, variables: dict[str, Any]) -> tuple[list[Element], dict[str, str]]:
        """Connections of the hosts concerned, and the hosts that have none with their connection plugin."""
        elements: list[Element] = []
        left_out: dict[str, str] = {}
        for host in self._hosts(variables):
            try:
                host_variables = self._variables_of(host, variables)
                kind = self._connection_of(host_variables)
                if kind.rpartition(".")[2] in _READERS:
                    elements.append({"name": host, **self._element(kind, host_variables, variables)})
                else:
                    left_out[host] = kind
            except AnsibleError as error:
                raise AnsibleActionFail(
                    f"{host}: its connection variables cannot be read: {error}"
                ) from error
        if not elements:
            raise AnsibleActionFail(
                f"{self._task.action}: {', '.join(left_out)}: no Windows host reached by winrm or psrp. "
                f"Set ansible_connection to winrm or psrp, or give connections."
            )
        return elements, left_out

    def _hosts(self, variables: dict[str, Any]) -> list[str]:
        if self.WHOLE_PLAY:
            return list(variables["ansible_play_hosts_all"])
        return [variables["inventory_hostname"]]

    def _variables_of(self, host: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Another host's variables as this task would see them there.

        The public ``hostvars`` leave out the variables of the play and the task; the variable manager behind
        them is what ansible-core itself asks for the host of a ``delegate_to``.
        """
        if host == variables["inventory_hostname"]:
            return variables
        hostvars = variables["hostvars"]
        manager, inventory = hostvars._variable_manager, hostvars._inventory
        found: dict[str, Any] = manager.get_vars(
            play=self._task.get_play(), host=inventory.get_host(host), task=self._task
        )
        return found

    def _connection_of(self, host_variables: dict[str, Any]) -> str:
        own = host_variables.get("ansible_connection")
        kind = self._task.connection if own is None else self._templar_for(host_variables).template(own)
        return str(kind)

    def _element(self, kind: str, host_variables: dict[str, Any], variables: dict[str, Any]) -> Element:
        plugin = self._shared_loader_obj.connection_loader.get(kind, self._play_context.copy())
        templated = plugin._resolve_option_variables(host_variables, self._templar_for(host_variables))
        plugin.set_options(task_keys=self._keywords(variables), var_options=templated)
        for name in unused_extras(templated["_extras"]) if plugin.transport == "winrm" else ():
            self._display.warning(f"{name} is not used by {self._task.action}")
        return _READERS[plugin.transport](plugin.get_option, FEATURE_SUPPORTED_AUTHTYPES)

    def _keywords(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Keywords and command line options as a connection takes them (remote_user, port, --ask-pass)."""
        keywords = dict(self._task.dump_attrs())
        keywords["timeout"] = self._play_context.timeout
        # Where variables of this task's host set a password, the play context has that one: not for others.
        own_password = any(name in variables for name in constants.MAGIC_VARIABLE_MAPPING["password"])
        if self._play_context.password and not own_password:
            keywords["password"] = self._play_context.password
        return keywords

    def _templar_for(self, host_variables: dict[str, Any]) -> Templar:
        return Templar(loader=self._loader, variables=host_variables)

    def _local_connection(self) -> ConnectionBase:
        # A copy, with the controller's own shell: the play context's describes the Windows host.
        context = self._play_context.copy()
        context.shell = None
        context.executable = constants.DEFAULT_EXECUTABLE
        connection = self._shared_loader_obj.connection_loader.get("ansible.builtin.local", context)
        connection.set_options()
        return connection

    def _pipeline(self) -> None:
        """On the controller, the module with its secrets goes through standard input, never a file."""
        if self._connection.transport != "local":
            return
        self._connection.set_option("pipelining", True)
        if not self._is_pipelining_enabled("new"):
            raise AnsibleActionFail(
                f"{self._task.action} does not write its module to a file, since it holds passwords. "
                f"Unset ANSIBLE_KEEP_REMOTE_FILES, and become where the task is delegated."
            )


def _explain(result: dict[str, Any], given: list[Element], left_out: dict[str, str]) -> dict[str, Any]:
    """Say of a node that the module has no connection to, why the play gives it none."""
    node = result.get("node")
    if not result.get("failed") or node is None or node in [element["name"] for element in given]:
        return result
    which = f"{node} is a node of {result.get('resource', 'the cluster')}"
    if node in left_out:
        remedy = "Set ansible_connection to winrm or psrp"
        return {
            **result,
            "msg": f"{which}, but its connection is {left_out[node]}. {remedy}.",
            "remedy": remedy,
        }
    remedy = "Run without --limit or add it"
    return {**result, "msg": f"{which} but not a host of this play. {remedy}.", "remedy": remedy}
