# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's command line: ``python -m lab up|status|fault|power|hang|pause|alien|audit|inside|down|demo``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from lab.control import ControlError
from lab.demo.story import run as demonstrate
from lab.machine.faults import KINDS, UnknownFault
from lab.runner import Lab, LabError
from lab.state import DEFAULT_STATE, NoLab
from lab.status import lines
from lab.switch import NoSwitch
from lab.topology import DEFAULT_TOPOLOGY, TopologyError

# What an operator can act on; everything else is a fault of the lab and shows its traceback.
_EXPECTED = (ControlError, LabError, NoLab, NoSwitch, TopologyError, UnknownFault)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _up(lab: Lab, arguments: argparse.Namespace) -> int:
    lab.up(arguments.topology, arguments.network)
    users = {node.name: node.users[0] for node in lab.topology.nodes}
    for node in lab.topology.nodes:
        _say(f"{node.name}: WinRM on {node.address}, ports {node.winrm.port} and {node.winrm.https_port}")
    _say(f"user {next(iter(users.values()))}, password in {lab.state.password_file}, CA in {lab.state.ca}")
    return 0


def _status(lab: Lab, arguments: argparse.Namespace) -> int:
    statuses = {node.name: lab.status(node.name) for node in lab.topology.nodes}
    problems = lab.problems()
    if arguments.json:
        witnesses = {witness.name: asdict(witness) for witness in lab.topology.witnesses}
        _say(json.dumps({"nodes": statuses, "witnesses": witnesses, "problems": problems}, indent=1))
    else:
        for name, status in statuses.items():
            for line in lines(name, status):
                _say(line)
        for witness in lab.topology.witnesses:
            share = f"\\\\{witness.address}\\{witness.share}"
            _say(f"witness {witness.name}: {share} is {lab.state.share(witness.name)}")
        _report(problems)
    return 1 if problems else 0


def _report(problems: Sequence[str]) -> None:
    for problem in problems:
        _say(f"PROBLEM: {problem}")


def _fault(lab: Lab, arguments: argparse.Namespace) -> int:
    if arguments.clear:
        lab.clear(arguments.node, arguments.name)
        return 0
    pairs = [text.partition("=") for text in arguments.parameters]
    lab.fault(arguments.node, arguments.name, **{key: _value(text) for key, _rest, text in pairs})
    return 0


def _value(text: str) -> object:
    """A number, true or false as such; everything else is text."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return text
    return value if isinstance(value, (bool, int, float)) else text


def _faults(_lab: Lab, _arguments: argparse.Namespace) -> int:
    for name, kind in sorted(KINDS.items()):
        _say(f"{name}: {kind.meaning}")
        for parameter, meaning in kind.parameters.items():
            _say(f"    {parameter}={meaning}")
    return 0


def _power(lab: Lab, arguments: argparse.Namespace) -> int:
    actions = {"off": lab.power_off, "on": lab.power_on, "reboot": lab.reboot}
    actions[arguments.what](arguments.node)
    return 0


def _hang(lab: Lab, arguments: argparse.Namespace) -> int:
    (lab.resume if arguments.resume else lab.hang)(arguments.node)
    return 0


def _pause(lab: Lab, arguments: argparse.Namespace) -> int:
    lab.pause(arguments.node, arguments.seconds)
    return 0


def _alien(lab: Lab, arguments: argparse.Namespace) -> int:
    lab.alien(arguments.address, there=arguments.what == "on", segment=arguments.segment)
    return 0


def _audit(lab: Lab, _arguments: argparse.Namespace) -> int:
    problems = lab.problems()
    _report(problems)
    if not problems:
        _say("no address was held twice at once, no shared disk was online twice at once")
    return 1 if problems else 0


def _inside(lab: Lab, arguments: argparse.Namespace) -> int:
    """The program takes the place of this process."""
    with lab.switch.inside():
        os.execvp(arguments.program, [arguments.program, *arguments.arguments])  # noqa: S606


def _down(lab: Lab, arguments: argparse.Namespace) -> int:
    problems = lab.down(keep=arguments.keep)
    _report(problems)
    return 1 if problems else 0


def _demo(_lab: Lab, _arguments: argparse.Namespace) -> int:
    return demonstrate(DEFAULT_STATE / "demo")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    state = Path(os.environ.get("STANDBY_LAB_STATE", DEFAULT_STATE / "default"))
    parser.add_argument("--state", type=Path, default=state, help=f"folder of the lab (default: {state})")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[Lab, argparse.Namespace], int], text: str, node: bool = False
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        made.add_argument("--state", type=Path, default=argparse.SUPPRESS, help="folder of the lab")
        if node:
            made.add_argument("node")
        return made

    up = command("up", _up, "start the nodes and return when all answer")
    up.add_argument("--topology", type=Path, default=DEFAULT_TOPOLOGY)
    up.add_argument("--network", help="first two octets in place of 127.77")
    command("status", _status, "show nodes, addresses, disks, sites and faults").add_argument(
        "--json", action="store_true"
    )
    fault = command("fault", _fault, "set or clear a fault", node=True)
    fault.add_argument("name", choices=sorted(KINDS))
    fault.add_argument("parameters", nargs="*", metavar="key=value")
    fault.add_argument("--clear", action="store_true")
    command("faults", _faults, "list the faults there are")
    power = command("power", _power, "power loss, power on, orderly restart", node=True)
    power.add_argument("what", choices=("off", "on", "reboot"))
    hang = command("hang", _hang, "stop a node where it stands", node=True)
    hang.add_argument("--resume", action="store_true", help="let it go on")
    pause = command("pause", _pause, "suspend a virtual machine, its clock too", node=True)
    pause.add_argument("seconds", type=float)
    alien = command("alien", _alien, "a foreign host that holds an address")
    alien.add_argument("address")
    alien.add_argument("what", choices=("on", "off"))
    alien.add_argument("--segment", default="lan")
    command("audit", _audit, "say whether anything was ever in service twice")
    command("down", _down, "end everything").add_argument(
        "--keep", action="store_true", help="keep the state"
    )
    inside = command("inside", _inside, "run a program where the controller is (network: namespaces)")
    inside.add_argument("program")
    inside.add_argument("arguments", nargs=argparse.REMAINDER)
    command("demo", _demo, "run the real playbooks on a lab of its own and report the measured outage")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 1 where the lab has a problem, 2 where it could not be done."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(Lab(arguments.state), arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough (`| head`); what is left must not be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except _EXPECTED as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return code


if __name__ == "__main__":
    sys.exit(main())
