# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role ``witness`` without root: what it configures is run by a real etcd, and agents' store uses it."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import Store, StoreOutage
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_etcd
from tests.lab.playbooks import Played, play
from tests.support.etcd_members import EtcdMembers
from tests.support.server_process import ServerProcess, need

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
    """Machines that are folders, on addresses of this machine."""

    def __init__(self, folder: Path, network: str, size: int) -> None:
        self.folder, self._processes = folder, []
        self._authority = folder / "authority"
        self.addresses = {f"m{number}": f"{network}.0.2{number}" for number in range(1, size + 1)}
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

    def end(self) -> None:
        for process in self._processes:
            process.signal(signal.SIGKILL)

    def open(self, cluster: str = "web", password: str = PASSWORD) -> Store:
        """The store as an agent opens it, with what the role tells it."""
        return open_etcd(
            [f"https://{address}:2379" for address in self.addresses.values()],
            cluster,
            credentials=("standby", password),
            ca_file=str(self._authority / "ca.pem"),
            seconds=6.0,
        )


@pytest.fixture
def make_members(lab_networks, tmp_path) -> Iterator[Callable[[int], Members]]:
    """Members on a network of their own."""
    need(EtcdMembers.missing())
    need(None if shutil.which("openssl") else "openssl is not installed (.ci/servers)")
    network, made = lab_networks.take(), []

    def make(size: int) -> Members:
        made.append(Members(tmp_path, network, size))
        return made[0]

    yield make
    for one in made:
        one.end()
    lab_networks.give_back(network)


def test_what_the_role_configures_serves_the_store_of_agents(make_members):
    members = make_members(1)
    made = members.play("member")
    assert made.code == 0, made.text
    members.start()
    given = members.play("access")
    assert given.code == 0, given.text
    assert "S3cret" not in made.text + given.text

    store = members.open()
    version = store.put("nodes/server1", 0, "here")
    assert store.get("nodes/server1").value == "here"
    assert store.put("nodes/server1", version, "there") > version
    with pytest.raises(StoreOutage, match="permission denied"):
        members.open("another").get("nodes/server1")


@pytest.mark.faults
def test_three_members_are_made_kept_and_given_another_password(make_members):
    members = make_members(3)
    rehearsed = members.play("main", "--check")
    assert rehearsed.code == 0, rehearsed.text
    assert not (members.folder / "m1.env").exists()
    assert members.play("member").code == 0
    members.start()
    given = members.play("access")
    assert given.code == 0, given.text
    assert members.open().put("nodes/server1", 0, "here")

    again = members.play("main")
    assert (again.code, again.changed) == (0, 0), again.text
    members.describe(witness_password="S3cret-that-is-new")
    assert members.play("access").changed == 1
    assert members.open(password="S3cret-that-is-new").get("nodes/server1").value == "here"
    with pytest.raises(StoreOutage, match="refuses user or password"):
        members.open().get("nodes/server1")


@pytest.mark.faults
def test_bad_input_is_refused_by_name(make_members):
    members = make_members(1)
    assert members.play("member").code == 0
    members.start()
    assert members.play("access").code == 0
    members.describe(witness_root_password="S3cret-that-is-wrong")
    refused = members.play("access")
    assert refused.code != 0
    assert "refuses witness_root_password for root" in refused.text
    members.describe(witness_members={"m1": "127.0.0.1", "m2": "127.0.0.2"})
    assert "one, three or five" in members.play("member").text
