# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The command on a node: run the agent, ask it, and look at what it does.

What needs the witness is handed to the agent of this node (``inbox.py``), and answered by it. Each command
imports what it needs: ``run`` stays for good, and is to be small.

Exit codes: 0 done, 1 refused or failed (the sentence is on standard error), 2 bad usage, 3 a move that was
accepted, and is not in service at the end of the wait.
"""

from __future__ import annotations

import argparse
import getpass
import io
import json
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import StandbyError
from .home import Home, RunsAlready
from .inbox import NotServed, Told, hand_in

if TYPE_CHECKING:
    from .program import OpenNode

# Seconds in which an agent that is relieved has ended.
_RELIEF = 10.0
_GLANCE = 0.1


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
    _write_all_names()
    asked = _parser().parse_args(arguments)
    try:
        home = open_home(asked.home)
        if asked.command == "run":
            from .supervising import supervise
            from .works_by import program_digest

            command = [*worker, "work", "--home", asked.home, "--program", program_digest(worker[-1])]
            return supervise(home, command, lambda *one: _serve(home, *one))
        if asked.command == "work":
            _require_supervisor(home)
            from .program import work

            return work(home, open_node, asked.program)
        if asked.command == "retire":
            from .retiring import retire

            return retire(home, open_node)
        if asked.command == "check":
            from .checking import check, check_fences

            if asked.fences:
                return check_fences(home, as_json=asked.json)
            return check(home, open_node, asked.hierarchy, as_json=asked.json)
        if asked.command in _HERE:
            return _HERE[asked.command](asked, home)
        told = _asked(asked, arguments, home)
    except StandbyError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(told.out)
    sys.stderr.write(told.err)
    return told.code


def _write_all_names() -> None:
    """Have standard output take every name: on Windows a file and a pipe have the code page of the system."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _require_supervisor(home: Home) -> None:
    """Refuse a worker that somebody starts by hand: it holds no lock, and could work beside another one.

    Raises:
        StandbyError: no supervisor holds the home, or the worker was started at a console.
    """
    by_hand = sys.stdin is not None and sys.stdin.isatty()
    if not by_hand:
        try:
            with home.alone():
                by_hand = True
        except RunsAlready:
            by_hand = False
    if by_hand:
        raise StandbyError("a worker is started by its supervisor alone", remedy="Use the command run")


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
    command("work", "the worker that `run` starts").add_argument(
        "--program", default="", help="SHA-256 of what `run` was started from"
    )
    command("leave", "give away what this node has, stop the rest, and end the agent").add_argument(
        "--seconds", type=float, default=60.0, help="to wait for that; 0 does not wait"
    )
    command("relieve", "end the agent, and leave what it has to the next one, which must start at once")
    command("retire", "say that the former agent of this node has left, while none runs on any node")
    command("version", "of the interpreter")
    command("status", "who has what, and why").add_argument("--json", action="store_true")
    check = command("check", "make all checks of this node's hierarchies now; ends with 1 where one fails")
    check.add_argument("hierarchy", nargs="?", help="one alone")
    check.add_argument("--json", action="store_true")
    check.add_argument(
        "--fences", action="store_true", help="only whether the fences of the other nodes would work"
    )
    switchover = command("switchover", "put a hierarchy in service on a node", of=True)
    switchover.add_argument("node")
    switchback = command("switchback", "put it on the first node that can take it", of=True)
    for one in (switchover, switchback):
        one.add_argument("--force", action="store_true", help="accept old data and an unconfirmed fence")
    for one in (switchover, switchback, command("out", "take a hierarchy out of service", of=True)):
        one.add_argument("--because", default="", help="why, in a few words for people")
    command("acknowledge", "its failures have been looked at: end a hold", of=True)
    confirm = command("confirm-off", "a lost node is off, you have made sure: what waits for that is taken")
    confirm.add_argument("node", help="which is off; never say so of one that may still run")
    maintenance = command("maintenance", "set or end maintenance")
    maintenance.add_argument("what", choices=("begin", "end"))
    maintenance.add_argument("--node", help="of a node; of the cluster where neither is given")
    maintenance.add_argument("--hierarchy", help="of a hierarchy")
    why = command("explain", "why the last decision that was logged was made")
    why.add_argument("hierarchy", nargs="?", help="one alone")
    why.add_argument("--back", type=_count(0), default=0, help="the decision so many before the last one")
    foresight = command("what-if", "what becomes of everything if nodes die now, or any one or two of them")
    foresight.add_argument("node", nargs="*", help="that dies; several die at once")
    foresight.add_argument("--any", type=int, choices=(1, 2), help="so many, whichever they are")
    foresight.add_argument("--json", action="store_true")
    command("replay", "where this version would decide otherwise than was logged").add_argument(
        "--last", type=_count(1), default=200, help="so many decisions"
    )
    return parser


def _count(least: int) -> Callable[[str], int]:
    """Reads a whole number that is no less."""

    def count(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is less than {least}")
        return number

    return count


# Through the agent


def _asked(asked: argparse.Namespace, arguments: Sequence[str], home: Home) -> Told:
    """Have the agent of this node do it. Without one, the status is what can be read from here."""
    from . import requests

    try:
        return hand_in(home.requests_folder, arguments, getpass.getuser(), requests.patience(asked, home))
    except NotServed as error:
        if asked.command != "status":
            raise
        return requests.status_without_agent(asked, home, error)


def _serve(home: Home, arguments: Sequence[str], by: str) -> Told:
    """What the agent does with a request that was handed in."""
    from . import requests

    try:
        asked = _parser().parse_args(arguments)
    except SystemExit:
        return Told(2, err="the agent does not know this command; its program may be an older one\n")
    return requests.serve(asked, home, by)


# Without it


def _explain(asked: argparse.Namespace, home: Home) -> int:
    from . import looking_back

    return _say(looking_back.why(home, datetime.now(UTC), asked.hierarchy, back=asked.back))


def _what_if(asked: argparse.Namespace, home: Home) -> int:
    from . import looking_back

    if asked.json:
        document = looking_back.rehearsed(home, asked.node, asked.any)
        return _say([json.dumps(document)])
    if not asked.node:
        return _say(looking_back.capacity_told(home, datetime.now(UTC), asked.any or 1))
    return _say(looking_back.foresight(home, datetime.now(UTC), *asked.node))


def _replay(asked: argparse.Namespace, home: Home) -> int:
    from . import looking_back

    return _say(looking_back.differences(home, asked.last))


def _say(lines: list[str]) -> int:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _leave(asked: argparse.Namespace, home: Home) -> int:
    if _ended(home, home.leave_file, asked.seconds) or not asked.seconds:
        return 0
    raise StandbyError(
        f"the agent has not left within {asked.seconds:g} s", remedy="Look at the status, which says why"
    )


def _relieve(_asked: argparse.Namespace, home: Home) -> int:
    if _ended(home, home.relieve_file, _RELIEF):
        return 0
    home.relieve_file.unlink(missing_ok=True)
    raise StandbyError(
        f"the agent has not ended within {_RELIEF:g} s", remedy="End the task and its processes on the node"
    )


def _ended(home: Home, sign: Path, seconds: float) -> bool:
    """Ask by a file, and wait until no agent holds the home; False where one does after that time."""
    sign.touch()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sign.touch()  # again, for an agent that has just begun and forgotten the first one
        try:
            with home.alone():
                sign.unlink(missing_ok=True)
                return True
        except StandbyError:
            time.sleep(_GLANCE)
    return False


def _version(_asked: argparse.Namespace, _home: Home) -> int:
    shown = {"python": platform.python_version(), "bits": 64 if sys.maxsize > 2**32 else 32}
    sys.stdout.write(f"{json.dumps(shown)}\n")
    return 0


_HERE: Mapping[str, Callable[[argparse.Namespace, Home], int]] = {
    "explain": _explain,
    "what-if": _what_if,
    "replay": _replay,
    "leave": _leave,
    "relieve": _relieve,
    "version": _version,
}
