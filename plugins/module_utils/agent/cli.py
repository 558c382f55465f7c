# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The command on a node: run the agent, ask it, and look at what it does.

Exit codes: 0 done, 1 refused or failed (the sentence is on standard error), 2 bad usage.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import StandbyError
from ..ha.ownership import journal
from ..ha.ownership.explain import explain
from ..ha.ownership.records import HierarchyRecord, Maintenance, RequestKind
from ..ha.ownership.timing import bound
from ..ha.ownership.what_if import what_if
from .desk import Board, Desk
from .home import Home
from .log import tail
from .program import OpenNode, open_witness, supervise, work
from .settings import Settings, timers_of

_LINES = 200


def main(
    arguments: Sequence[str], open_home: Callable[[str], Home], open_node: OpenNode, worker: Sequence[str]
) -> int:
    """Do what the command line says; the exit code.

    Args:
        arguments: without the program's name.
        open_home: opens an agent's folder.
        open_node: opens this machine; see ``program.work``.
        worker: program and first arguments that run this very program again.
    """
    asked = _parser().parse_args(arguments)
    try:
        home = open_home(asked.home)
        if asked.command == "run":
            return supervise(home, [*worker, "work", "--home", asked.home])
        if asked.command == "work":
            return work(home, open_node)
        return _COMMANDS[asked.command](asked, home)
    except StandbyError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="standby", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, told: str, *, of: bool = False) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=told, description=told)
        made.add_argument("--home", required=True, help="the agent's folder")
        if of:
            made.add_argument("hierarchy", help="name of a hierarchy, which is that of its first site")
        return made

    command("run", "run the agent, and keep it running")
    command("work", "the worker that `run` starts")
    command("leave", "give away what this node has, stop the rest, and end the agent").add_argument(
        "--seconds", type=float, default=60.0, help="to wait for that; 0 does not wait"
    )
    command("status", "who has what, and why").add_argument("--json", action="store_true")
    switchover = command("switchover", "put a hierarchy in service on a node", of=True)
    switchover.add_argument("node")
    for one in (switchover, command("switchback", "put it on the first node that can take it", of=True)):
        one.add_argument("--force", action="store_true", help="accept old data and an unconfirmed fence")
    command("out", "take a hierarchy out of service", of=True)
    command("acknowledge", "its failures have been looked at: end a hold", of=True)
    maintenance = command("maintenance", "set or end maintenance")
    maintenance.add_argument("what", choices=("begin", "end"))
    maintenance.add_argument("--node", help="of a node; of the cluster where neither is given")
    maintenance.add_argument("--hierarchy", help="of a hierarchy")
    command("explain", "why the last decision was made").add_argument("hierarchy", nargs="?")
    command("what-if", "what becomes of everything if a node dies now").add_argument("node")
    return parser


# Looking


def _status(asked: argparse.Namespace, home: Home) -> int:
    settings = home.settings()
    board = _desk(home, settings).board()
    shown = _shown(board, _own(home))
    sys.stdout.write(json.dumps(shown, indent=1) + "\n" if asked.json else _in_words(shown))
    return 0


def _own(home: Home) -> Mapping[str, Any]:
    """What the agent of this node shows; nothing where it has shown nothing yet."""
    try:
        document: Mapping[str, Any] = json.loads(home.status_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document


def _shown(board: Board, own: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "nodes": {
            name: {"state": one.state.value, "incarnation": one.incarnation, "unfit": dict(one.unfit)}
            for name, one in board.nodes.items()
        },
        "hierarchies": {
            name: {"owner": one.owner or None, "reason": one.reason, "wanted": one.wanted, "epoch": one.epoch}
            for name, one in board.hierarchies.items()
        },
        "maintenance": {
            "cluster": board.maintenance.cluster,
            "nodes": list(board.maintenance.nodes),
            "hierarchies": list(board.maintenance.hierarchies),
        },
        "problems": list(board.problems),
        "here": own,
    }


def _in_words(shown: Mapping[str, Any]) -> str:
    lines = [f"{name}: {one['state']}" for name, one in shown["nodes"].items()]
    for name, one in shown["hierarchies"].items():
        lines.append(f"{name}: {one['owner'] or 'nobody has it'} ({one['reason']})")
    for name, one in shown["here"].get("hierarchies", {}).items():
        lines.append(f"  here, {name}: {one['sentence']}")
    lines.extend(shown["problems"])
    return "".join(f"{line}\n" for line in lines)


def _explain(asked: argparse.Namespace, home: Home) -> int:
    snapshot, decision = _last(home)
    sys.stdout.write("".join(f"{line}\n" for line in explain(snapshot, decision, asked.hierarchy)))
    return 0


def _what_if(asked: argparse.Namespace, home: Home) -> int:
    snapshot, _decision = _last(home)
    sys.stdout.write("".join(f"{line}\n" for line in what_if(snapshot, asked.node)))
    return 0


def _last(home: Home) -> tuple[Any, Any]:
    lines = tail(home.decisions_file, 1)
    if not lines:
        raise StandbyError("the agent has decided nothing yet", remedy="Look whether it runs")
    return journal.read(lines[-1])


# Asking


def _desk(home: Home, settings: Settings) -> Desk:
    return Desk(open_witness(home, settings)(), f"{getpass.getuser()} on {settings.node}")


def _move(asked: argparse.Namespace, home: Home) -> int:
    kind = RequestKind(asked.command)
    target = asked.node if kind is RequestKind.SWITCHOVER else ""
    return _ask(home, asked.hierarchy, kind, target, force=asked.force)


def _tell(asked: argparse.Namespace, home: Home) -> int:
    return _ask(home, asked.hierarchy, RequestKind(asked.command))


def _ask(home: Home, hierarchy: str, kind: RequestKind, target: str = "", *, force: bool = False) -> int:
    """Ask, wait for the answer, and for what was asked to be so."""
    settings = home.settings()
    timers = timers_of(settings)
    desk = _desk(home, settings)
    patience = bound(timers, nodes=len(settings.addresses))
    number = desk.ask(hierarchy, kind, target, force=force)
    answer = desk.follow(hierarchy, number, patience)
    out = sys.stdout if answer.accepted else sys.stderr
    out.write(f"{answer.sentence}\n")
    if not answer.accepted:
        return 1
    if kind is RequestKind.ACKNOWLEDGE or desk.wait_for(hierarchy, _done(kind, target), patience):
        return 0
    raise StandbyError(
        f"it was accepted and is not so after {patience:g} s",
        resource=f'hierarchy "{hierarchy}"',
        remedy="Look at the status, which says why",
    )


def _done(kind: RequestKind, target: str) -> Callable[[HierarchyRecord], bool]:
    if kind is RequestKind.OUT:
        return lambda record: not record.owner
    return lambda record: bool(record.owner) and (not target or record.owner == target)


def _maintenance(asked: argparse.Namespace, home: Home) -> int:
    begin = asked.what == "begin"

    def change(known: Maintenance) -> Maintenance:
        if asked.node is not None:
            return replace(known, nodes=_with(known.nodes, asked.node, begin))
        if asked.hierarchy is not None:
            return replace(known, hierarchies=_with(known.hierarchies, asked.hierarchy, begin))
        return replace(known, cluster=begin)

    _desk(home, home.settings()).maintain(change)
    return 0


def _with(known: tuple[str, ...], name: str, there: bool) -> tuple[str, ...]:
    rest = tuple(one for one in known if one != name)
    return (*rest, name) if there else rest


def _leave(asked: argparse.Namespace, home: Home) -> int:
    home.leave_file.touch()
    end = time.monotonic() + asked.seconds
    while asked.seconds and time.monotonic() < end:
        home.leave_file.touch()  # again, for an agent that has just begun and forgotten the first one
        try:
            with home.alone():
                home.leave_file.unlink(missing_ok=True)
                return 0
        except StandbyError:
            time.sleep(0.2)
    if not asked.seconds:
        return 0
    raise StandbyError(
        f"the agent has not left within {asked.seconds:g} s", remedy="Look at the status, which says why"
    )


_COMMANDS: Mapping[str, Callable[[argparse.Namespace, Home], int]] = {
    "status": _status,
    "explain": _explain,
    "what-if": _what_if,
    "switchover": _move,
    "switchback": _move,
    "out": _tell,
    "acknowledge": _tell,
    "maintenance": _maintenance,
    "leave": _leave,
}
