# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node tells about itself over the control channel, and how it is shown."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lab.iis.failure import IisError
from lab.iis.model import Site
from lab.iis.service import Iis
from lab.machine.machine import Machine
from lab.machine.processes import NativeProcess
from lab.machine.tasks import DISABLED, READY, RUNNING
from lab.smtp.service import Smtp

_STATES = {DISABLED: "disabled", READY: "ready", RUNNING: "running"}


def describe(
    machine: Machine,
    iis: Iis | None,
    smtp: Smtp | None,
    processes: Sequence[NativeProcess],
    winrm: bool,
    late: int,
) -> dict[str, Any]:
    """The node as JSON: its power, what it has and what runs on it, faults, late requests."""
    network = machine.network
    return {
        "power": "on",
        "pid": os.getpid(),
        "computer": machine.name,
        "winrm": winrm,
        "addresses": [
            {
                "address": held.address,
                "prefix": held.prefix,
                "interface": network.alias(held.index),
                "state": held.state.name.title(),
                "remaining": network.remaining(held.valid_end),
                "persistent": held.key in network.stored,
            }
            for held in network.active.values()
        ],
        "disks": [
            {
                "id": disk.spec.id,
                "number": disk.number,
                "shared": disk.spec.shared,
                "online": not disk.offline,
                "read_only": disk.read_only,
                "paths": [path for part in disk.parts for path in part.access],
            }
            for disk in machine.storage.disks
        ],
        "sites": _sites(iis),
        "smtp": smtp.states() if smtp is not None else {},
        "services": {service.spec.name: service.state for service in machine.services.all()},
        "tasks": {
            f"{task.path}{task.name}": {"state": _STATES[task.state], "result": task.last_result}
            for task in machine.tasks.all()
        },
        "processes": {native.label: native.pid for native in processes},
        "faults": machine.faults.active(),
        "late": late,
    }


def _sites(iis: Iis | None) -> dict[str, str]:
    if iis is None:
        return {}
    try:
        configuration = iis.configuration()
    except IisError as error:
        return {"(configuration)": str(error)}
    return {site.name: _state(iis, site) for site in configuration.sites}


def _state(iis: Iis, site: Site) -> str:
    """One state, or both where the site has two."""
    web = iis.state.site_state(site)
    if not any(binding.protocol == "ftp" for binding in site.bindings):
        return web
    ftp = iis.ftp.state(site.name)
    return f"{web}, ftp {ftp}" if site.web_bindings else ftp


def lines(name: str, status: Mapping[str, Any]) -> Iterator[str]:
    """The status of a node for people."""
    if status["power"] != "on":
        yield f"{name}: {status['power']}"
        return
    yield f"{name}: on, process {status['pid']}, WinRM {'open' if status['winrm'] else 'closed'}"
    for entry in status["addresses"]:
        rest = entry["remaining"]
        life = "" if rest is None else f", {rest:.1f} s left"
        store = "persistent" if entry["persistent"] else "active only"
        more = f"{entry['interface']}, {store}{life}"
        yield f"  address {entry['address']}/{entry['prefix']} {entry['state']} ({more})"
    for entry in status["disks"]:
        state = "online" if entry["online"] else "offline"
        read_only = ", read-only" if entry["read_only"] else ""
        yield f"  disk {entry['number']} {entry['id']} {state}{read_only} {' '.join(entry['paths'])}"
    for site, state in status["sites"].items():
        yield f"  site {site}: {state}"
    for server, state in status["smtp"].items():
        yield f"  SMTP virtual server {server}: {state}"
    for task, shown in status["tasks"].items():
        process = status["processes"].get(task)
        yield f"  task {task} {shown['state']}" + (f", process {process}" if process else "")
    for fault, parameters in status["faults"].items():
        yield f"  fault {fault} {' '.join(f'{key}={value}' for key, value in parameters.items())}".rstrip()
