# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of an etcd cluster that the role ``witness`` configures: folders and processes of this machine."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

import yaml

from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import Store
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_etcd
from tests.lab.playbooks import Played, play
from tests.support.etcd_members import EtcdMembers
from tests.support.server_process import ServerProcess

PASSWORD = "S3cret-of-web"
PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Run a half of the role
      ansible.builtin.include_role:
        name: standby.iis.witness
        tasks_from: "{{ half }}"
"""


class Members:
    """Machines that are folders, on addresses of this machine.

    Attributes:
        addresses: by name.
        endpoints: what agents are told.
        ca_file: the authority that the role made.
    """

    def __init__(self, folder: Path, addresses: Mapping[str, str]) -> None:
        self.folder, self.addresses = folder, dict(addresses)
        self._processes: list[ServerProcess] = []
        self._authority = folder / "authority"
        self.endpoints = [f"https://{address}:2379" for address in self.addresses.values()]
        self.ca_file = str(self._authority / "ca.pem")
        (folder / "play.yml").write_text(PLAYBOOK)
        self._inventory = folder / "hosts.yml"
        self.describe()

    def describe(self, **settings: object) -> None:
        """What the inventory says, and what of it is set otherwise."""
        usual = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "witness_members": self.addresses,
            "witness_more_addresses": ["127.0.0.1"],  # connections on this machine come from there
            "witness_cluster": "web",
            "witness_password": PASSWORD,
            "witness_root_password": "S3cret-of-root",
            "witness_authority": str(self._authority),
            "witness_folder": f"{self.folder}/{{{{ inventory_hostname }}}}",
            "witness_data": f"{self.folder}/{{{{ inventory_hostname }}}}.data",
            "witness_environment_file": f"{self.folder}/{{{{ inventory_hostname }}}}.env",
            "witness_owner": str(os.getuid()),
            "witness_group": str(os.getgid()),
            "ansible_pipelining": True,
            "witness_packages": [],
            "witness_service": "",
        }
        hosts = dict.fromkeys(self.addresses)
        self._inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": usual | settings}}))

    def play(self, half: str, *arguments: str) -> Played:
        file = str(self.folder / "play.yml")
        return play(self.folder, file, "-e", f"half={half}", *arguments, inventory=self._inventory)

    def start(self) -> None:
        """Run etcd as its service would: with the environment that was written, and nothing else."""
        for name in self.addresses:
            lines = (self.folder / f"{name}.env").read_text().splitlines()
            variables = [part for line in lines for part in shlex.split(line, comments=True)]
            etcd = shutil.which("etcd")
            command = ["env", "-i", *variables, str(etcd)]
            self._processes.append(ServerProcess(command, self.folder / f"{name}.out"))

    @staticmethod
    def missing() -> str | None:
        """Why there can be none here."""
        tool = None if shutil.which("openssl") else "openssl is not installed (.ci/servers)"
        return EtcdMembers.missing() or tool

    def end(self) -> None:
        for process in self._processes:
            process.signal(signal.SIGKILL)
        self._processes.clear()

    def open(self, cluster: str = "web", password: str = PASSWORD) -> Store:
        """The store as an agent opens it, with what the role tells it."""
        return open_etcd(
            self.endpoints,
            cluster,
            credentials=("standby", password),
            ca_file=self.ca_file,
            seconds=6.0,
        )
