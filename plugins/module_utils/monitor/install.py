# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Steps carried out on one node, and its agent's program run there."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from ..agent import tasks
from ..control.agents import PROGRAM
from ..errors import StandbyError
from ..node import Clock, Completed, Node
from ..windows import acl, firewall, smb_client, task
from ..windows.files import Files
from ..windows.task import TaskState
from .health import wait_until
from .seen import Seen
from .steps import Act, Step
from .wanted import CACHES_BEFORE, PYTHONS, RETIRED, RULE, Wanted, digest

OLDEST = (3, 11)
_ARCHIVE = "python.zip"
# Seconds after which the task of an agent that has ended shows that.
_ENDS = 10.0


class Installer:
    """One node that is given an agent.

    Args:
        node: the node.
        files: of the node.
        wanted: what it is to have.
        seen: what it had.
    """

    def __init__(self, node: Node, files: Files, wanted: Wanted, seen: Seen) -> None:
        self._node, self._files, self._wanted, self._seen = node, files, wanted, seen
        self._staged = seen.files.get(PROGRAM) != digest(wanted.files[PROGRAM])
        self._carry: Mapping[Act, Callable[[Step], None]] = {
            Act.PROTECT: self._protect,
            Act.PYTHON: self._python,
            Act.CACHES: self._caches,
            Act.RULE: self._rule,
            Act.FILES: self._stage,
            Act.TASKS: self._register,
            Act.TIDY: self._tidy,
        }

    def take(self, step: Step) -> None:
        """Take a step, up to the program's start.

        Raises:
            StandbyError: it failed; what was done before stays.
        """
        self._carry[step.act](step)

    def try_program(self) -> None:
        """Run the program that is to come, beside the one that works: it must load in its interpreter.

        Raises:
            StandbyError: it does not run, or the interpreter is too old.
        """
        told = self.run("version")
        try:
            found = str(json.loads(told.stdout)["python"])
        except (ValueError, KeyError, TypeError):
            raise _useless(self._wanted.python, f"it answered {told.stdout[:80]!r}") from None
        if tuple(int(part) for part in found.split(".")[:2]) < OLDEST:
            raise _useless(self._wanted.python, f"it is Python {found}")

    def settle(self, step: Step) -> None:
        """Put the files that were staged in their places."""
        self._files.move([(f"{path}.new", path) for path in map(self._wanted.path, step.names)])

    def start(self) -> None:
        """Start the agent."""
        task.start_task(self._node, tasks.PATH, tasks.AGENT)

    def start_again(self, clock: Clock) -> None:
        """Start the agent once the one before it has ended as a task too: until then a start is ignored."""

        def problem() -> str:
            found = task.read_task(self._node, tasks.PATH, tasks.AGENT)
            return "it runs" if found is not None and found.state is TaskState.RUNNING else ""

        wait_until(problem, _ENDS, clock, pause=0.1)
        self.start()

    def register(self, names: Sequence[str]) -> None:
        """Register some of its tasks."""
        for name in names:
            task.register_task(self._node, tasks.PATH, name, self._wanted.tasks[name])

    def relieve(self) -> None:
        """End the agent that runs, so that the next one goes on from it; files must not be settled yet."""
        self.run("relieve")

    def retire(self, seconds: float, clock: Clock) -> None:
        """Say in the witness that the agent before has left; files must be settled, and no agent run.

        By a task: it is SYSTEM that may open a witness on a share.

        Raises:
            StandbyError: it could not be said within so many seconds.
        """
        path = self._wanted.path(RETIRED)
        self._files.remove([path])
        definition = tasks.retire(self._wanted.python, self._wanted.home)
        task.register_task(self._node, tasks.PATH, tasks.RETIRE, definition)
        try:
            task.start_task(self._node, tasks.PATH, tasks.RETIRE)
            why = wait_until(
                lambda: "" if self._files.look([path])[path].exists else "it has not ended", seconds, clock
            )
            why = why or str(json.loads(self._files.read(path))["problem"])
        finally:
            task.delete_task(self._node, tasks.PATH, tasks.RETIRE)
            self._files.remove([path])
        if why:
            raise StandbyError(
                f"the witness could not be told that the former agent has left: {why}",
                node=self._node.name,
                resource="agent",
                remedy="docs/witness.md has what its messages mean; no agent was started. Run again",
            )

    def run(self, command: str) -> Completed:
        """Run a command of the program that is to come, where it is staged or where it was already.

        Raises:
            StandbyError: it cannot be run, or refused; its own sentence is in the message.
        """
        path = self._wanted.path(f"{PROGRAM}.new" if self._staged else PROGRAM)
        return _run(self._node, [self._wanted.python, "-Xutf8", path, command, "--home", self._wanted.home])

    def _protect(self, _step: Step) -> None:
        """Made under a name that nobody can know, and given its place once nobody else can write to it.

        Who has made a folder before us can change its rights for as long as it stays open.
        """
        home = self._wanted.home
        new = f"{home}.{secrets.token_hex(16)}"
        self._files.make_folder(new)
        try:
            acl.make_private(self._node, new)
            self._check_empty(new)
            self._files.move([(new, home)])
        except StandbyError:
            with suppress(StandbyError):
                self._files.remove([new])
            raise
        self._check_empty(home)

    def _check_empty(self, folder: str) -> None:
        """Refuse a folder that is not ours, or has something in it that we did not put there."""
        found = self._files.look([folder])[folder]
        if why := acl.why_not_own(found) or ("is not empty" if found.names else ""):
            raise StandbyError(
                f"{folder} was just made, and {why}",
                node=self._node.name,
                resource=f"folder {folder}",
                remedy="Somebody is changing it at this moment: find out who, delete it, and run again",
            )

    def _python(self, step: Step) -> None:
        """Unpacked under another name first: a folder with the right name is complete."""
        (folder,) = step.names
        archive, new = self._wanted.path(_ARCHIVE), f"{folder}.new"
        self._files.put({archive: self._wanted.archive or b""})
        self._files.remove([new])
        self._files.make_folder(self._wanted.path(PYTHONS))
        self._files.expand(archive, new)
        self._files.move([(new, folder)])
        self._files.remove([archive])

    def _caches(self, _step: Step) -> None:
        before = json.dumps(dict(self._seen.caches or {})).encode("ascii")
        self._files.put({self._wanted.path(CACHES_BEFORE): before})
        smb_client.write_cache_lifetimes(self._node, dict.fromkeys(smb_client.LIFETIMES, 0))

    def _rule(self, _step: Step) -> None:
        if self._wanted.rule is None:
            firewall.delete_rule(self._node, RULE)
        else:
            firewall.write_rule(self._node, self._wanted.rule)

    def _stage(self, step: Step) -> None:
        self._files.put({f"{self._wanted.path(name)}.new": self._wanted.files[name] for name in step.names})

    def _register(self, step: Step) -> None:
        self.register(step.names)

    def _tidy(self, step: Step) -> None:
        self._files.remove([self._wanted.path(name) for name in step.names])


def unregister(node: Node) -> None:
    """Delete the tasks of a node's agent."""
    for name in (tasks.AGENT, tasks.SHUTDOWN, tasks.RETIRE):
        task.delete_task(node, tasks.PATH, name)


def _run(node: Node, argv: Sequence[str]) -> Completed:
    """Run a program on a node, in the session of the account that is connected."""
    ended = node.shell.run(argv)
    if ended.code:
        said = (ended.stderr or ended.stdout).decode("utf-8", "replace").strip()
        raise StandbyError(
            f"{' '.join(argv)} ended with exit code {ended.code}{f': {_last_line(said)}' if said else ''}",
            node=node.name,
            resource="agent",
            remedy="Run that command on the node",
        )
    return ended


def _last_line(said: str) -> str:
    return said.splitlines()[-1].rstrip(".")[:400]


def _useless(python: str, why: str) -> StandbyError:
    return StandbyError(
        f"{python} is no interpreter for the agent: {why}",
        resource="agent",
        remedy=f"Give one of Python {OLDEST[0]}.{OLDEST[1]} or newer, or the official embeddable archive",
    )
