# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process of one node: ``python -m lab.node --state FOLDER --node NAME``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

from lab import control
from lab.agent_site.standby_lab.clock import Page
from lab.cables import Cables
from lab.cim.node import repository_of
from lab.cim.schema import Repository
from lab.iis.content import install, write_content
from lab.iis.service import Iis
from lab.machine.acls import Acls
from lab.machine.belonging import NODE, kill_marked
from lab.machine.certstore import CertificateStore
from lab.machine.clock import NodeClock
from lab.machine.eventlog import EventLog
from lab.machine.faults import BLOWS, Faults, check
from lab.machine.files import write_atomically
from lab.machine.links import LinkFile, mark_off
from lab.machine.machine import Machine
from lab.machine.presented import Expired, Presented
from lab.machine.processes import NativeProcesses, strike
from lab.machine.standins import StandIns
from lab.machine.wire import UnixWire
from lab.parent import die_with
from lab.replica.application import ACCOUNT, Application, NotServed
from lab.replica.engine import Replication, Surroundings
from lab.replica.peers import UnixPeers
from lab.running import Running, refuse
from lab.shares import Shares
from lab.shell import certificates, diskonline, iiscontrol, readtwin, receivefile
from lab.shell.cimbridge import SCRIPT, CimBridge
from lab.shell.icacls import Icacls
from lab.shell.native import NativeProgram
from lab.shell.netsh import Netsh
from lab.shell.programs import FixedOutput
from lab.shell.robocopy import Robocopy
from lab.shell.table import ProgramTable
from lab.smtp.install import installed_smtp
from lab.smtp.service import Smtp
from lab.state import State
from lab.status import describe
from lab.switch import Switch
from lab.topology import Node, Topology, move
from lab.winrm.server import WinRmServer
from lab.winrm.settings import WinRmSettings


class NodeProcess:
    """One node from the start of its process to the end."""

    def __init__(self, state: State, topology: Topology, node: Node) -> None:
        self._state = state
        self._topology = topology
        self._node = node
        self._log = EventLog(state.events(node.name), node.name)
        self._requests: asyncio.Queue[str] = asyncio.Queue()
        self._faults = Faults(self._fault_changed)
        self._fault_file = state.node(node.name) / "faults.json"
        self._machine: Machine | None = None
        self._processes: NativeProcesses | None = None
        self._iis: Iis | None = None
        self._smtp: Smtp | None = None
        self._store = CertificateStore(state.certificates(node.name))
        self._replication: Replication | None = None
        self._table: ProgramTable | None = None
        self._running: Running | None = None
        self._winrm: WinRmServer | None = None
        self._winrm_open = False
        self._winrm_lock = asyncio.Lock()
        self._cables = Cables(topology, node, Switch(state).pid) if topology.namespaces else None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Boot, and serve until the power goes off."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._requests.put_nowait, "end")
        server = await control.serve(
            self._state.control(self._node.name), self._commands(), {"run": self._run}
        )
        self._load_faults()
        async with server:
            wanted = "reboot"
            while wanted == "reboot":
                await self._boot()
                wanted = await self._requests.get()
                await self._shut_down(orderly=wanted != "end")
                if wanted == "reboot":
                    await asyncio.sleep(self._node.windows.boot_seconds)

    # Power

    async def _boot(self) -> None:
        clock = NodeClock(asyncio.get_running_loop(), Page(str(self._state.clock(self._node.name))))
        wire = UnixWire(self._state.runtime, self._node.name)
        folders = self._state.folders(self._node.name)
        machine = Machine(self._topology, self._node, folders, clock, wire, self._log.record, self._faults)
        if self._cables:
            machine.on_change(partial(self._cables.follow, machine))  # first: who listens needs the address
        machine.start()
        self._machine = machine
        if self._node.windows.storage_replica:
            self._replication = self._replicating(machine)
            await self._replication.start()
        self._table = table = ProgramTable(machine)
        if self._node.windows.iis:
            self._iis = self._installed_iis(machine)
            for path, program in self._iis.programs().items():
                table.register(path, program)
            await self._iis.start()
        if self._node.smtp:
            self._smtp = installed_smtp(machine, self._state.sites)
            self._smtp.start()
        self._running = Running(machine, table)
        repository = repository_of(machine, self._after_answer, self._smtp, self._replication)
        self._teach(table, machine, repository)
        self._winrm = WinRmServer(repository, table, machine, self._winrm_settings())
        machine.on_change(self._reachability)
        await self._follow_reachability()
        self._start_tasks(machine, table)
        self._log.record("ready")

    def _replicating(self, machine: Machine) -> Replication:
        """Storage Replica; it reaches the others while a network adapter of this node is up."""
        names = {node.netbios.casefold(): node.name for node in self._topology.nodes}
        around = Surroundings(
            machine.name, machine.clock, self._faults, machine.wall, self._log.record, machine.changed
        )
        peers = UnixPeers(self._state.runtime, self._node.name, names, partial(self._cut, machine))
        return Replication(machine.storage, machine.folder / "replica.json", peers, around)

    def _cut(self, machine: Machine, peer: str) -> bool:
        return machine.is_cut_off_from(peer) or self._node.address not in machine.usable_addresses()

    def _teach(self, table: ProgramTable, machine: Machine, repository: Repository) -> None:
        """The collection's own scripts, and what sets rights on folders."""
        acls = Acls(self._state.node(self._node.name) / "acls.json")
        files = receivefile.ReceiveFile(machine, acls)
        ftp = self._iis.ftp.control if self._iis is not None else None
        table.register_script(SCRIPT.read_text(encoding="utf-8"), CimBridge(repository, machine, ftp))
        table.register_script(receivefile.SCRIPT.read_text(encoding="utf-8"), files)
        iis = self._iis
        sites = None if iis is None else lambda: iis.configuration().sites
        twins = readtwin.ReadTwin(machine, acls, self._store, sites)
        for script in readtwin.SCRIPTS:
            table.register_script(script.read_text(encoding="utf-8"), twins)
        kinds = {"ftp": self._iis.ftp.control} if self._iis is not None else {}
        if self._smtp is not None:
            kinds["smtp"] = self._smtp.control
        control_script = iiscontrol.SCRIPT.read_text(encoding="utf-8")
        table.register_script(control_script, iiscontrol.IisControl(machine, kinds))
        imports = certificates.Certificates(machine, self._store, machine.registry)
        table.register_script(certificates.SCRIPT.read_text(encoding="utf-8"), imports)
        table.register_script(diskonline.SCRIPT.read_text(encoding="utf-8"), diskonline.DiskOnline(machine))
        table.register("%SystemRoot%\\System32\\icacls.exe", Icacls(machine, acls))
        shares = Shares(self._state, self._node, self._topology.nodes, partial(self._cut, machine))
        table.register("%SystemRoot%\\System32\\robocopy.exe", Robocopy(machine, shares.folder))
        table.register(
            "%SystemRoot%\\System32\\netsh.exe", Netsh(machine, self._store, int(self._node.windows.build))
        )

    async def _shut_down(self, *, orderly: bool) -> None:
        machine = self._machine
        assert machine is not None  # noqa: S101 - only called after a boot
        if orderly:
            await self._run_shutdown_tasks(machine)
        self._machine = None
        self._end_processes(machine)
        await self._close_winrm()
        self._winrm = None
        if self._running:
            await self._running.stop()
        if self._replication:
            await self._replication.stop()
            self._replication = None
        if self._iis:
            await self._iis.stop()
        if self._smtp:
            await self._smtp.stop()
        machine.stop()
        if not self._cables:
            mark_off(self._state.links(self._node.name))
        cast(NodeClock, machine.clock).close()

    # Real processes

    def _start_tasks(self, machine: Machine, table: ProgramTable) -> None:
        name, state = self._node.name, self._state
        shares = {witness.name: state.share(witness.name) for witness in self._topology.witnesses}
        names = {
            f"{server}/{witness.share}": shares[witness.name]
            for witness in self._topology.witnesses
            for server in (witness.name, witness.address)
        }
        stand_ins = StandIns(state.root(name), machine.storage, names)
        stand_ins.refresh()
        stand_ins.install(table.installed(), state.control(name).resolve())
        links = LinkFile(state.links(name), self._topology, machine, shares)
        links.write()
        machine.on_change(stand_ins.refresh)
        machine.on_change(links.write)
        self._processes = NativeProcesses(
            machine, self._node.programs, state.node(name) / "processes", self._variables()
        )
        machine.launch = self._processes.start
        table.look_elsewhere(self._native)
        machine.tasks.boot()

    def _native(self, path: str) -> NativeProgram | None:
        """The interpreter in a session, where a path is one."""
        processes = self._processes
        return NativeProgram(processes.in_session) if processes and processes.has(path) else None

    def _variables(self) -> dict[str, str]:
        name, state = self._node.name, self._state
        return {
            "STANDBY_ROOT": str(state.root(name)),
            "STANDBY_LAB_NAME": name,
            "STANDBY_LAB_CLOCK": str(state.clock(name)),
            "STANDBY_LAB_LINKS": str(state.links(name).parent),
            "SSL_CERT_FILE": str(state.ca),  # nodes trust the authority of the lab
            NODE: state.mark(name),
        }

    async def _run_shutdown_tasks(self, machine: Machine) -> None:
        """User32 logs event 1074 when a shutdown begins; what that starts is waited for, for a while."""
        self._log.record("windows_event", channel="System", provider="User32", number=1074)
        started = machine.tasks.event("System", "User32", 1074)
        loop = asyncio.get_running_loop()
        until = loop.time() + self._node.windows.shutdown_seconds
        while loop.time() < until and not all(instance.ended for instance in started):
            await asyncio.sleep(0.01)

    def _end_processes(self, machine: Machine) -> None:
        machine.tasks.end()
        if self._processes is not None:
            self._processes.end_all()
            self._processes = None
        kill_marked(NODE, self._state.mark(self._node.name))

    def _after_answer(self, what: str) -> None:
        """Windows answers the request before it goes down."""
        asyncio.get_running_loop().call_later(0.2, self._requests.put_nowait, what)

    # Parts

    def _installed_iis(self, machine: Machine) -> Iis:
        first = not (self._state.node(self._node.name) / "installed").exists()
        if first and self._node.content:
            install(machine, self._config(self._node.content))
            write_content(machine)
        config = self._config(self._node.config) if self._node.config else None
        file = install(machine, config)
        if first and self._node.content:
            file.unlink()
            file = install(machine, config)
        (self._state.node(self._node.name) / "installed").touch()
        sites = self._state.sites
        chain = {"": (str(sites.certificate), str(sites.key))}
        users = dict.fromkeys(self._node.users, self._state.password)
        localized = self._node.windows.localized
        if not self._store.exists:  # at first the certificate of the lab's sites, for every https binding
            self._store.bind(self._store.add(sites.certificate))
        presented = Presented(self._store, Expired(self._state.folder, sites), machine).files
        return Iis(machine, file, localized=localized, certificates=chain, users=users, present=presented)

    def _config(self, relative: str) -> bytes:
        content = (self._topology.base / relative).read_bytes()
        return move(content.decode("utf-8"), self._state.network).encode()

    def _winrm_settings(self) -> WinRmSettings:
        node, winrm, pair = self._node, self._node.winrm, self._state.server(self._node.name)
        return WinRmSettings(
            address=node.address,
            http_port=winrm.port,
            https_port=winrm.https_port,
            certificate=pair.certificate,
            key=pair.key,
            client_ca=self._state.ca,
            certificate_users={f"{node.users[0]}@localhost": node.users[0]},
            users=dict.fromkeys(node.users, self._state.password),
            computer_name=node.netbios,
            first_items=cast(Literal["one", "all"], winrm.first_items),
            max_envelope_kb=winrm.max_envelope_kb,
            max_shells_per_user=winrm.max_shells,
            allow_basic=winrm.basic,
            allow_unencrypted=winrm.allow_unencrypted,
        )

    # Reachability of WinRM

    def _reachability(self) -> None:
        task = asyncio.get_running_loop().create_task(self._follow_reachability())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow_reachability(self) -> None:
        machine = self._machine
        if machine is None:
            return
        bindable = self._cables is None or self._node.address in machine.usable_addresses()
        if not (bindable and machine.is_reachable() and machine.service_running("WinRM")):
            await self._close_winrm()
            return
        async with self._winrm_lock:
            if self._winrm is None:
                return
            if self._winrm_open:
                await self._winrm.follow()
            else:
                await self._winrm.start()
                self._winrm_open = True

    async def _close_winrm(self) -> None:
        async with self._winrm_lock:
            if self._winrm is not None and self._winrm_open:
                self._winrm_open = False
                await self._winrm.stop()

    # Control

    def _commands(self) -> dict[str, control.Command]:
        return {
            "status": self._status,
            "fault": self._fault,
            "clear": self._clear,
            "reboot": self._reboot,
            "off": self._off,
            "script": self._script,
            "write": self._write,
        }

    async def _status(self, _arguments: Mapping[str, Any]) -> object:
        if self._machine is None:
            return {"power": "restarting"}
        late = self._winrm.late if self._winrm is not None else 0
        running = self._processes.running if self._processes is not None else []
        return describe(self._machine, self._iis, self._smtp, running, self._winrm_open, late)

    async def _fault(self, arguments: Mapping[str, Any]) -> object:
        name, parameters = arguments["name"], arguments["parameters"]
        if name in BLOWS:
            return self._strike(name, parameters)
        self._faults.set(name, parameters)
        await self._follow_reachability()
        return self._faults.active()

    def _strike(self, name: str, parameters: Mapping[str, Any]) -> object:
        check(name, parameters)
        running = self._processes.running if self._processes is not None else []
        if not strike(running, name, parameters):
            raise control.ControlError(f"there is no process for the fault {name}")
        self._log.record("fault", name=name, parameters=parameters)
        return self._faults.active()

    async def _clear(self, arguments: Mapping[str, Any]) -> object:
        self._faults.clear(arguments["name"])
        await self._follow_reachability()
        return self._faults.active()

    async def _reboot(self, _arguments: Mapping[str, Any]) -> object:
        self._requests.put_nowait("reboot")
        return None

    async def _off(self, _arguments: Mapping[str, Any]) -> object:
        self._requests.put_nowait("off")
        return None

    async def _script(self, arguments: Mapping[str, Any]) -> object:
        """Teach powershell.exe a script by its exact text, until the next restart."""
        if self._table is None:
            raise control.ControlError("the node is restarting")
        self._table.register_script(arguments["text"], FixedOutput(arguments["output"]))
        return None

    async def _write(self, arguments: Mapping[str, Any]) -> object:
        """An application behind a site in service appends to a file."""
        if self._machine is None or self._iis is None:
            raise control.ControlError("the node is restarting, or has no IIS")
        account = self._state.folder / "shared" / ACCOUNT
        application = Application(self._machine, self._iis, self._replication, account)
        try:
            return await application.write(arguments["file"], arguments["data"].encode())
        except (NotServed, OSError) as error:
            raise control.ControlError(str(error)) from error

    async def _run(
        self, arguments: Mapping[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Run a program for a relay."""
        if self._machine is None or self._running is None:
            refuse(writer, "the node is restarting")
            return
        await self._running.serve(arguments, reader, writer)

    # Faults outlive the process: a cable that is out stays out over a power loss

    def _fault_changed(self, name: str) -> None:
        self._log.record("fault", name=name, parameters=self._faults.get(name))
        write_atomically(self._fault_file, json.dumps(self._faults.active()))
        if self._machine is not None:
            self._machine.apply_fault(name)

    def _load_faults(self) -> None:
        if self._fault_file.exists():
            for name, parameters in json.loads(self._fault_file.read_text(encoding="utf-8")).items():
                self._faults.set(name, parameters)


def main() -> None:
    """Run a node."""
    parser = argparse.ArgumentParser(prog="python -m lab.node", description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--node", required=True)
    parser.add_argument("--parent", type=int, help="process to end with")
    arguments = parser.parse_args()
    if arguments.parent:
        die_with(arguments.parent)
    state = State(arguments.state)
    topology = state.topology()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(NodeProcess(state, topology, topology.node(arguments.node)).run())


if __name__ == "__main__":
    main()
