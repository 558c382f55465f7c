# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab as its user sees it: start it, look at it, break it, end it."""

from __future__ import annotations

import secrets
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab import audit, control
from lab.agent_site.standby_lab.clock import Page
from lab.alien import alien_name
from lab.certificates import Authority, names_in_bindings
from lab.machine.belonging import NODE, kill_marked, send, stop_marked
from lab.machine.eventlog import EventLog
from lab.machine.faults import check
from lab.machine.files import write_atomically
from lab.machine.links import mark_off
from lab.process import Process
from lab.replica.application import ACCOUNT, missing
from lab.state import State
from lab.switch import NoSwitch, Switch
from lab.topology import DEFAULT_TOPOLOGY, NAMESPACES_NETWORK, Node, Topology, load, move


class LabError(RuntimeError):
    """A lab cannot do what was asked; the message says why and what to do."""


class Lab:
    """A lab in a folder.

    Args:
        folder: its state.
        bound: processes started from here end with this process.
    """

    def __init__(self, folder: Path, *, bound: bool = False) -> None:
        self.state = State(folder.resolve())  # programs on nodes run in folders of their own
        self.switch = Switch(self.state)
        self._bound = bound

    @property
    def topology(self) -> Topology:
        """What the lab consists of."""
        return self.state.topology()

    @property
    def password(self) -> str:
        """The password of every user."""
        return self.state.password

    # Up and down

    def up(
        self, topology: Path = DEFAULT_TOPOLOGY, network: str | None = None, *, timeout: float = 30.0
    ) -> None:
        """Make the lab where it does not exist yet, start every node, return when all answer.

        Raises:
            LabError: the state cannot be written, a node runs already or does not answer in time.
            TopologyError: the topology file does not describe a lab.
        """
        try:
            if not self.state.settings.exists():
                self._make(topology, network)
            self._make_runtime()
        except OSError as error:
            raise LabError(
                f"cannot keep a lab in {self.state.folder}: {error}; choose another --state"
            ) from error
        try:
            self.switch.start(bound=self._bound)
        except NoSwitch as error:
            raise LabError(str(error)) from error
        for node in self.topology.nodes:
            self._start(node.name)
        for node in self.topology.nodes:
            self.wait_ready(node.name, timeout)

    def down(self, *, keep: bool = False) -> list[str]:
        """End everything that was started; remove the state too unless it is kept. Gives what went wrong."""
        problems = self.problems()
        nodes = self.topology.nodes
        for node in nodes:
            self._process(node.name).signal(signal.SIGCONT)
            self._process(node.name).signal(signal.SIGTERM)
        for node in nodes:
            if not self._process(node.name).wait(5.0):
                self._process(node.name).kill()
            kill_marked(NODE, self.state.mark(node.name))
        for path in self.state.runtime.glob("alien-*.pid"):
            Process(path).kill()
        self.switch.stop()
        shutil.rmtree(self.state.runtime, ignore_errors=True)
        if not keep:
            shutil.rmtree(self.state.folder)
        return problems

    def wait_ready(self, name: str, timeout: float = 30.0) -> None:
        """Return when a node is on and WinRM is open, or closed by a fault.

        Raises:
            LabError: not in time, or its process ended; the message holds the end of its output.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self._process(name).pid is not None:
            status = self.status(name)
            if status["power"] == "on" and (status["winrm"] or status["faults"]):
                return
            time.sleep(0.05)
        output = self.state.node(name) / "output.log"
        text = output.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise LabError(f"node {name} is not ready after {timeout:.0f} s; its output ends with:\n{text}")

    # Looking

    def status(self, name: str) -> dict[str, Any]:
        """What a node says of itself; ``power`` is ``off``, ``hung`` or ``restarting`` where it cannot."""
        if self._process(name).pid is None:
            return {"power": "off"}
        try:
            answer: dict[str, Any] = control.request(self.state.control(name), "status", timeout=2.0)
        except control.ControlError:
            return {"power": "hung" if self.state.control(name).exists() else "restarting"}
        return answer

    def problems(self) -> list[str]:
        """Corruption, and addresses that two nodes held at once."""
        found = audit.overlaps(audit.read_logs(self.state), time.monotonic())
        return [*audit.corruption(self.state), *(str(overlap) for overlap in found)]

    # Breaking

    def fault(self, name: str, fault: str, **parameters: object) -> None:
        """Set a fault on a node."""
        check(fault, parameters)
        if fault == "pause":
            self.pause(name, float(str(parameters["seconds"])))
            return
        if self.topology.namespaces and "management" in parameters:
            raise LabError(
                "nodes with network namespaces have no second network for WinRM; leave `management`"
            )
        control.request(self._control(name), "fault", name=fault, parameters=parameters)

    def clear(self, name: str, fault: str) -> None:
        """Clear a fault of a node."""
        control.request(self._control(name), "clear", name=fault)

    def power_off(self, name: str) -> None:
        """Power loss: the process is killed."""
        self._need(name)
        self.switch.plug(name, there=False)
        self._process(name).kill()
        kill_marked(NODE, self.state.mark(name))
        if not self.topology.namespaces:
            mark_off(self.state.links(name))
        self.state.stopped(name).unlink(missing_ok=True)
        self._log(name).record("power_off")

    def power_on(self, name: str, timeout: float = 30.0) -> None:
        """Switch a node on, and wait until it is ready."""
        self._need(name)
        self._start(name)
        self.wait_ready(name, timeout)

    def reboot(self, name: str, *, wait: bool = True) -> None:
        """Restart a node in order, and wait until it is ready again."""
        booted = self._boots(name)
        control.request(self._control(name), "reboot")
        deadline = time.monotonic() + 30.0
        while wait and self._boots(name) == booted and time.monotonic() < deadline:
            time.sleep(0.02)
        if wait:
            self.wait_ready(name)

    def hang(self, name: str) -> None:
        """Stop a node where it stands."""
        self._control(name)
        self._log(name).record("hang")
        self._stand_still(name)

    def resume(self, name: str) -> None:
        """Let a node that hangs go on."""
        self._control(name)
        self._go_on(name)
        self._log(name).record("resume")

    def pause(self, name: str, seconds: float) -> None:
        """Suspend the virtual machine: it stands still, and its monotonic clock with it."""
        self._control(name)
        self._log(name).record("hang", pause=seconds)
        page = Page(str(self.state.clock(name)))
        self._stand_still(name)
        began = time.monotonic()
        time.sleep(seconds)
        reading = page.read()
        shown = reading.monotonic(began)
        page.write(replace(reading, since=time.monotonic(), shown=shown))
        self._go_on(name)
        self._log(name).record("resume")

    def _stand_still(self, name: str) -> None:
        self._process(name).stop()
        self.switch.plug(name, there=False)  # nothing answers, not even its kernel
        stopped = stop_marked(NODE, self.state.mark(name))
        write_atomically(self.state.stopped(name), " ".join(str(pid) for pid in stopped))

    def _go_on(self, name: str) -> None:
        self.switch.plug(name, there=True)
        self._process(name).signal(signal.SIGCONT)
        if self.state.stopped(name).exists():
            for pid in self.state.stopped(name).read_text(encoding="utf-8").split():
                send(int(pid), signal.SIGCONT)
            self.state.stopped(name).unlink()

    def alien(self, address: str, *, there: bool = True, segment: str = "lan") -> None:
        """Put a host that holds an address on the wire, or take it off."""
        name = alien_name(address)
        process = Process(self.state.pid_file(name))
        if not there:
            process.kill()
            (self.state.runtime / f"{name}.wire").unlink(missing_ok=True)
            return
        arguments = [
            "lab.alien",
            "--state",
            str(self.state.folder),
            "--address",
            address,
            "--segment",
            segment,
        ]
        process.start(arguments, self.state.folder / "alien.log", bound=self._bound)
        deadline = time.monotonic() + 10.0
        while not (self.state.runtime / f"{name}.wire").exists():
            if process.pid is None or time.monotonic() > deadline:
                raise LabError(f"no host for {address}: see {self.state.folder / 'alien.log'}")
            time.sleep(0.01)

    def write(self, name: str, path: str, data: str, timeout: float = 5.0) -> int:
        """Have the application behind a site of a node append to a file; the offset once it is acknowledged.

        Raises:
            ControlError: it was not acknowledged. What became of it is not known.
        """
        node = self._control(name)
        offset: int = control.request(node, "write", timeout=timeout, file=path, data=data)
        return offset

    def lost(self, name: str, letter: str) -> list[dict[str, Any]]:
        """The acknowledged writes that the volume of a node does not hold, whoever may use it now."""
        volume = self.state.node(name) / "drives" / letter
        return missing(self.state.folder / "shared" / ACCOUNT, volume)

    def script(self, name: str, text: str, output: str) -> None:
        """Teach a node's powershell.exe a script by its exact text, and its output, until it restarts."""
        control.request(self._control(name), "script", text=text, output=output)

    # Parts

    def _make(self, topology: Path, network: str | None) -> None:
        described = load(topology, network)
        if described.namespaces and network is None:
            network = NAMESPACES_NETWORK
            described = load(topology, network)
        state = self.state
        for node in described.nodes:
            state.node(node.name).mkdir(parents=True, exist_ok=True)
            state.root(node.name).mkdir(exist_ok=True)
        (state.folder / "shared").mkdir(exist_ok=True)
        (state.folder / "links").mkdir(exist_ok=True)
        for witness in described.witnesses:
            state.share(witness.name).mkdir(parents=True, exist_ok=True)
        if not state.password_file.exists():
            write_atomically(state.password_file, f"Lab-{secrets.token_urlsafe(18)}\n", 0o600)
        authority = Authority(state.folder)
        for node in described.nodes:
            names = (node.address, node.name, node.netbios)
            authority.issue_server(state.server(node.name), node.netbios, names)
        authority.issue_client(state.client, described.nodes[0].users[0])
        names_of_sites = [name for node in described.nodes for name in _site_names(described, node, network)]
        authority.issue_server(state.sites, "Lab sites", names_of_sites or ["localhost"])
        state.write_settings(topology, network)

    def _make_runtime(self) -> None:
        runtime = self.state.runtime
        runtime.mkdir(mode=0o700, exist_ok=True)
        if runtime.is_symlink() or runtime.stat().st_uid != self.state.folder.stat().st_uid:
            raise LabError(f"{runtime} belongs to somebody else: remove it, or set XDG_RUNTIME_DIR")

    def _start(self, name: str) -> None:
        process = self._process(name)
        if process.pid is not None:
            raise LabError(f"node {name} runs already (process {process.pid}): `python -m lab down` first")
        arguments = ["lab.node", "--state", str(self.state.folder), "--node", name]
        process.start(arguments, self.state.node(name) / "output.log", bound=self._bound)

    def _process(self, name: str) -> Process:
        return Process(self.state.pid_file(name))

    def _need(self, name: str) -> Node:
        return self.topology.node(name)

    def _control(self, name: str) -> Path:
        self._need(name)
        if self._process(name).pid is None:
            raise LabError(f"node {name} is off: `python -m lab power {name} on` first")
        return self.state.control(name)

    def _log(self, name: str) -> EventLog:
        return EventLog(self.state.events(name), name)

    def _boots(self, name: str) -> int:
        return sum(event["event"] == "ready" for event in audit.read_logs(self.state)[name])


def _site_names(topology: Topology, node: Node, network: str | None) -> list[str]:
    """What the bindings of a node's configuration name."""
    files = [file for file in (node.config, node.content) if file]
    texts = ((topology.base / file).read_text(encoding="utf-8-sig") for file in files)
    web = [name for text in texts for name in names_in_bindings(move(text, network))]
    return list(dict.fromkeys([*web, *(name for server in node.smtp for name in server.names)]))
