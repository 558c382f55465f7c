# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the agent does when somebody asks it by the command: all of it goes through the witness."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..control.agent_view import certificates_told
from ..errors import StandbyError
from ..ha.ownership.records import Answer, HierarchyRecord, Maintenance, RequestKind
from ..ha.ownership.timing import LISTING_AGE, bound
from .desk import Board, Desk
from .home import Home
from .in_service import Course, ask_node
from .inbox import ACCEPTED, NotServed, Told, refused
from .opening import open_witness
from .peers.keys import KeyFile
from .settings import Settings, timers_of

# A request waits for its answer, and for what was asked to be so, as long as ownership may take for each.
_WAITS = 2
# Seconds that reading and writing the witness may take beside that: a share that hangs answers late.
_MARGIN = 60.0


def serve(asked: argparse.Namespace, home: Home, by: str) -> Told:
    """Do what a command asks.

    Args:
        asked: the command line, parsed.
        home: of the agent.
        by: who asks, for people.
    """
    try:
        settings = home.settings()
        because = f" ({asked.because})" if getattr(asked, "because", "") else ""
        desk = Desk(open_witness(home, settings)(), f"{by} on {settings.node}{because}")
        return _COMMANDS[asked.command](asked, home, settings, desk)
    except StandbyError as error:
        return refused(error)


def patience(asked: argparse.Namespace, home: Home) -> float:
    """Seconds that the outcome of a command may take.

    Raises:
        StandbyError: the agent's settings cannot be read.
    """
    settings = home.settings()
    return _MARGIN + (_WAITS * _bound(settings) if asked.command in _REQUESTS else 0.0)


def status_without_agent(asked: argparse.Namespace, home: Home, why: NotServed) -> Told:
    """The status as far as it can be read without the agent.

    Raises:
        StandbyError: the agent's settings cannot be read.
    """
    settings = home.settings()
    board, problems = _board(lambda: Desk(open_witness(home, settings)(), settings.node))
    return _said(asked, _shown(board, settings, {}, running=False) | {"problems": [str(why), *problems]})


def _bound(settings: Settings) -> float:
    lag = LISTING_AGE if settings.directory is not None else 0.0
    return bound(timers_of(settings), nodes=len(settings.addresses), lag=lag)


# Looking


def _status(asked: argparse.Namespace, home: Home, settings: Settings, desk: Desk) -> Told:
    board, problems = _board(lambda: desk)
    return _said(asked, _shown(board, settings, _own(home), running=True) | {"problems": problems})


def _board(desk: Callable[[], Desk]) -> tuple[Board, list[str]]:
    """What stands in the witness, with a sentence for all that cannot be read."""
    try:
        board = desk().board()
    except StandbyError as error:
        return Board({}, {}, Maintenance()), [f"the witness cannot be read: {error}"]
    return board, list(board.problems)


def _own(home: Home) -> Mapping[str, Any]:
    """What the worker of this node shows; nothing where none lives that has shown anything yet."""
    try:
        document: Mapping[str, Any] = json.loads(home.status_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document


def _shown(board: Board, settings: Settings, own: Mapping[str, Any], *, running: bool) -> dict[str, Any]:
    return {
        "node": settings.node,
        "running": running,
        "preset": settings.preset,
        "bound": _bound(settings),
        "nodes": {
            name: {"state": one.state.value, "incarnation": one.incarnation, "unfit": dict(one.unfit)}
            for name, one in board.nodes.items()
        },
        "hierarchies": {name: _recorded(one) for name, one in board.hierarchies.items()},
        "maintenance": {
            "cluster": board.maintenance.cluster,
            "nodes": list(board.maintenance.nodes),
            "hierarchies": list(board.maintenance.hierarchies),
        },
        "here": own,
    }


def _recorded(record: HierarchyRecord) -> dict[str, Any]:
    return {
        "owner": record.owner or None,
        "successor": record.successor or None,
        "reason": record.reason,
        "wanted": record.wanted,
        "epoch": record.epoch,
        "current": None if record.current is None else list(record.current),
        "asked": None if record.request is None else f"{record.request.kind.value} by {record.request.by}",
    }


def _said(asked: argparse.Namespace, shown: Mapping[str, Any]) -> Told:
    return Told(0, json.dumps(shown, indent=1) + "\n" if asked.json else _in_words(shown))


def _in_words(shown: Mapping[str, Any]) -> str:
    lines = [f"{name}: {one['state']}" for name, one in shown["nodes"].items()]
    for name, one in shown["hierarchies"].items():
        lines.append(f"{name}: {one['owner'] or 'nobody has it'} ({one['reason']})")
    for name, one in shown["here"].get("hierarchies", {}).items():
        lines.append(f"  here, {name}: {one['sentence']} ({one['reason']})")
    for name, one in shown["here"].get("fences", {}).items():
        lines.append(f"  here, fence of {name}: {one['provider']}, {_fenced(one['last'])}")
        if (looked := one.get("looked")) is not None and not looked["well"]:
            lines.append(
                f"  here, fence of {name} would not work at {looked['at']}: {looked['told'].rstrip('.')}"
            )
    lines.extend(f"  here, certificates: {one}" for one in certificates_told(shown["here"]))
    if shown["running"] and not shown["here"]:
        lines.append("  here: not known, its worker begins or does not stay up; the agent's log says why")
    lines.extend(shown["problems"])
    return "".join(f"{line}\n" for line in lines)


def _fenced(last: Mapping[str, Any] | None) -> str:
    """How a fence ended last."""
    if last is None:
        return "not tried since the agent's worker began"
    return f"{'off' if last['off'] else 'NOT sure'} at {last['at']}: {last['told'].rstrip('.')}"


# Asking


def _move(asked: argparse.Namespace, home: Home, settings: Settings, desk: Desk) -> Told:
    """Ask, and follow it until the node that takes it says that it is in service."""
    kind, hierarchy, seconds = RequestKind(asked.command), asked.hierarchy, _bound(settings)
    target = asked.node if kind is RequestKind.SWITCHOVER else ""
    answer = _answer(settings, desk, hierarchy, kind, target, force=asked.force)
    if not answer.accepted:
        return Told(1, err=f"{answer.sentence}\n")
    keys, patience = KeyFile(home.key_file), timers_of(settings).store_timeout

    def look(node: str) -> Mapping[str, Any]:
        if node == settings.node:
            found: Mapping[str, Any] = _own(home).get("hierarchies", {}).get(hierarchy, {})
            return found
        return ask_node(settings, keys, patience, node, hierarchy)

    course = Course(target, look)
    desk.wait_for(hierarchy, course.ended, seconds)
    if course.serves:
        return Told(0, f"{answer.sentence}\n")
    late = StandbyError(
        f"it was accepted, and is not in service{f' on {target}' if target else ''}: {course.told}",
        resource=f'hierarchy "{hierarchy}"',
        remedy="Look at the status, which says why",
    )
    return Told(ACCEPTED, f"{answer.sentence}\n", f"{late}\n")


def _tell(asked: argparse.Namespace, _home: Home, settings: Settings, desk: Desk) -> Told:
    """Ask, and wait until it is so."""
    kind, seconds = RequestKind(asked.command), _bound(settings)
    answer = _answer(settings, desk, asked.hierarchy, kind)
    if not answer.accepted:
        return Told(1, err=f"{answer.sentence}\n")
    if kind is RequestKind.ACKNOWLEDGE or desk.wait_for(asked.hierarchy, _nobody_has_it, seconds):
        return Told(0, f"{answer.sentence}\n")
    raise StandbyError(
        f"it was accepted and is not so after {seconds:g} s",
        resource=f'hierarchy "{asked.hierarchy}"',
        remedy="Look at the status, which says why",
    )


def _nobody_has_it(record: HierarchyRecord) -> bool:
    return not record.owner


def _answer(
    settings: Settings,
    desk: Desk,
    hierarchy: str,
    kind: RequestKind,
    target: str = "",
    *,
    force: bool = False,
) -> Answer:
    """Ask, and wait for the answer.

    Raises:
        StandbyError: it was not answered in time.
    """
    number = desk.ask(hierarchy, kind, target, force=force)
    return desk.follow(hierarchy, number, _bound(settings))


def _maintenance(asked: argparse.Namespace, home: Home, settings: Settings, desk: Desk) -> Told:
    begin = asked.what == "begin"
    if begin and asked.node is not None and asked.node not in settings.addresses:
        raise StandbyError(
            f"{asked.node} is no node of this cluster",
            remedy=f"Name one of {', '.join(sorted(settings.addresses))}",
        )
    if begin and asked.hierarchy is not None:
        _require_known(asked.hierarchy, home, desk)

    def change(known: Maintenance) -> Maintenance:
        if asked.node is not None:
            return replace(known, nodes=_with(known.nodes, asked.node, begin))
        if asked.hierarchy is not None:
            return replace(known, hierarchies=_with(known.hierarchies, asked.hierarchy, begin))
        return replace(known, cluster=begin)

    desk.maintain(change)
    return Told(0)


def _confirm_off(asked: argparse.Namespace, _home: Home, settings: Settings, desk: Desk) -> Told:
    """A person has made sure that a node is off: what waits for that is taken."""
    if asked.node not in settings.addresses or asked.node == settings.node:
        others = sorted(name for name in settings.addresses if name != settings.node)
        what = "this very node" if asked.node == settings.node else "no node of this cluster"
        raise StandbyError(f"{asked.node} is {what}", remedy=f"Name one of {', '.join(others)}")
    if desk.confirm_off(asked.node):
        return Told(0, f"{asked.node} counts as off: what waited for that is taken now\n")
    return Told(0, f"{asked.node} counted as off before\n")


def _require_known(hierarchy: str, home: Home, desk: Desk) -> None:
    """Refuse a hierarchy that neither the witness nor this node has heard of.

    Raises:
        StandbyError: there is none of that name.
    """
    known = {*desk.board().hierarchies, *_own(home).get("hierarchies", ())}
    if hierarchy not in known:
        raise StandbyError(
            f'there is no hierarchy "{hierarchy}"',
            remedy=f"Name one of {', '.join(sorted(known)) or 'those that the status shows'}",
        )


def _with(known: tuple[str, ...], name: str, there: bool) -> tuple[str, ...]:
    rest = tuple(one for one in known if one != name)
    return (*rest, name) if there else rest


_REQUESTS = ("switchover", "switchback", "out", "acknowledge")
_COMMANDS: Mapping[str, Callable[[argparse.Namespace, Home, Settings, Desk], Told]] = {
    "status": _status,
    "switchover": _move,
    "switchback": _move,
    "out": _tell,
    "acknowledge": _tell,
    "maintenance": _maintenance,
    "confirm-off": _confirm_off,
}
