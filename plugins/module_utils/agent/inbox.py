# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Requests that the command on a node hands to the agent there, in files of the agent's home.

What needs the witness is done by the agent, under its account: a session of WinRM has no credentials for
another machine, so that it cannot open a share. A request is ``<id>.ask``; whoever serves it renames it to
``<id>.taken``, so that it is served once, or by nobody where its asker has taken it back; its outcome is
``<id>.answer``. Whoever can write into the home may ask: the folder is for administrators and SYSTEM alone.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import StandbyError, foreseen
from ..node import Clock

# Seconds between two looks into the folder.
GLANCE = 0.1
# Seconds after which a request that nobody has taken is taken back, and what is older is served no more.
PATIENCE = 10.0
# Seconds until the folder is looked into again after it could not be read.
_PAUSE = 1.0
# Seconds after which an outcome, or half a request, is nobody's any more, and between two looks for such; so
# many outcomes are kept meanwhile.
_STALE, _SWEEP, _MOST = 600.0, 60.0, 100
# Requests that are served at once; one may wait for a move, or for a share that hangs.
_WIDTH = 4
_ASK, _TAKEN, _ANSWER, _NEW = ".ask", ".taken", ".answer", ".new"


# Exit code of a move that was accepted, and is not so at the end.
ACCEPTED = 3


class NotServed(StandbyError):
    """No agent takes requests in this home."""


@dataclass(frozen=True)
class Told:
    """What became of a request.

    Attributes:
        code: exit code: 0 done, 1 refused or failed, ACCEPTED.
        out: for standard output.
        err: for standard error: the sentence why not.
    """

    code: int
    out: str = ""
    err: str = ""


def refused(error: StandbyError) -> Told:
    """What is told of a failure."""
    return Told(1, err=f"{error}\n")


# Given the arguments of the command and who asks.
Serve = Callable[[Sequence[str], str], Told]


def hand_in(folder: Path, arguments: Sequence[str], by: str, seconds: float, clock: Clock = time) -> Told:
    """Ask the agent and wait for what it tells.

    Args:
        folder: of the requests.
        arguments: of the command.
        by: who asks, for people.
        seconds: to wait for the outcome, once the request is taken.
        clock: time.

    Raises:
        NotServed: nobody took the request in time, and it was taken back.
        StandbyError: the request cannot be written, or its outcome did not come.
    """
    ask = folder / f"{secrets.token_hex(8)}{_ASK}"
    try:
        folder.mkdir(exist_ok=True)
        _publish(ask, {"arguments": list(arguments), "by": by})
        _until_taken(ask, clock)
        return _answered(ask.with_suffix(_ANSWER), seconds, clock)
    except OSError as error:
        raise StandbyError(
            f"the agent cannot be asked by a file in {folder} ({error})",
            remedy="Run this as an administrator of the node",
        ) from error


def _publish(path: Path, document: Mapping[str, Any]) -> None:
    """Make a file in one step."""
    new = path.with_suffix(f"{path.suffix}{_NEW}")
    try:
        new.write_text(json.dumps(document), encoding="utf-8")
        new.replace(path)
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise


def _until_taken(ask: Path, clock: Clock) -> None:
    end = clock.monotonic() + PATIENCE
    while ask.exists():
        if clock.monotonic() >= end:
            with suppress(FileNotFoundError):
                ask.unlink()
                raise NotServed(
                    f"the agent of this node took no request within {PATIENCE:g} s: it is stopped, or hangs",
                    remedy=r"Look at the scheduled task \standby.iis\agent, or ask on another node",
                )
        clock.sleep(GLANCE)


def _answered(answer: Path, seconds: float, clock: Clock) -> Told:
    end = clock.monotonic() + seconds
    taken = answer.with_suffix(_TAKEN)
    while not answer.exists():
        # The answer is there before the request goes; without both, another agent has tidied up.
        gone = not taken.exists() and not answer.exists()
        if gone or clock.monotonic() >= end:
            problem = "and ended" if gone else f"and told nothing for {seconds:g} s"
            raise StandbyError(
                f"the agent took the request {problem}",
                remedy="Look at the status before asking again: the request may still be done",
            )
        clock.sleep(GLANCE)
    told = Told(**json.loads(answer.read_text(encoding="utf-8")))
    answer.unlink(missing_ok=True)
    return told


class Inbox:
    """The agent's side.

    Args:
        folder: of the requests.
        serve: does what a request asks; on threads.
        say: told of what goes wrong.
    """

    def __init__(self, folder: Path, serve: Serve, say: Callable[[str], None]) -> None:
        self._folder, self._serve, self._say = folder, serve, say
        self._closed = threading.Event()
        self._threads = ThreadPoolExecutor(_WIDTH, "request")
        self._room = threading.Semaphore(_WIDTH)

    def start(self) -> None:
        """Begin to serve, on a thread that ends with the process."""
        threading.Thread(target=self._run, name="inbox", daemon=True).start()

    def close(self) -> None:
        """Take no request any more."""
        self._closed.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        self._tidy()
        swept = time.monotonic()
        while not self._closed.wait(GLANCE):
            try:
                self.look()
                if time.monotonic() - swept >= _SWEEP:
                    swept = time.monotonic()
                    self.sweep()
            except Exception as error:  # whatever it is, the next request is to be served
                self._say(f"requests in {self._folder} cannot be read: {error}")
                self._closed.wait(_PAUSE)

    def _tidy(self) -> None:
        """What an earlier agent left is answered to nobody."""
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            for left in (*self._folder.glob(f"*{_TAKEN}"), *self._folder.glob(f"*{_ANSWER}")):
                _remove(left)
            self.sweep()

    def sweep(self) -> None:
        """Remove what nobody fetched: its asker was killed, or its session ended.

        Raises:
            OSError: the folder cannot be read.
        """
        answers = sorted(self._folder.glob(f"*{_ANSWER}"), key=_age)
        halves = self._folder.glob(f"*{_NEW}")
        for left in (*answers[_MOST:], *(one for one in (*answers, *halves) if _age(one) > _STALE)):
            _remove(left)

    def look(self) -> None:
        """Take the requests that are there now; those that find no room wait, and may be taken back.

        Raises:
            OSError: the folder cannot be read.
        """
        for ask in sorted(self._folder.glob(f"*{_ASK}")):
            if not self._room.acquire(blocking=False):
                return
            begun, taken = False, None
            try:
                taken = self._take(ask)
                if taken is not None:
                    self._threads.submit(self._do, taken)
                    begun = True
            except OSError as error:  # Windows refuses to rename what a scanner holds open: at the next look
                self._say(f"a request in {self._folder} cannot be taken: {error.strerror or error}")
            finally:
                if not begun:
                    self._room.release()
                    if taken is not None:  # no thread for it: its asker is told that no outcome comes
                        _remove(taken)

    def _take(self, ask: Path) -> Path | None:
        """The request as this agent's own; None where its asker has gone or taken it back."""
        try:
            if time.time() - ask.stat().st_mtime > PATIENCE:
                ask.unlink()
                return None
            return ask.rename(ask.with_suffix(_TAKEN))
        except FileNotFoundError:
            return None

    def _do(self, taken: Path) -> None:
        try:
            _publish(taken.with_suffix(_ANSWER), asdict(self._told(taken)))
        except Exception as error:
            self._say(f"the outcome of a request cannot be written to {self._folder}: {error}")
        finally:
            self._room.release()
            _remove(taken)  # without an outcome, its asker is told that none comes

    def _told(self, taken: Path) -> Told:
        try:
            asked = json.loads(taken.read_text(encoding="utf-8"))
            arguments, by = [str(one) for one in asked["arguments"]], str(asked["by"])
        except (ValueError, KeyError, TypeError) as error:
            return Told(1, err=f"the request is no request: {error}\n")
        try:
            return self._serve(arguments, by)
        except Exception as error:  # whatever it is, somebody waits for an answer
            return refused(foreseen(error, None))


def _age(file: Path) -> float:
    """Seconds since a file was written; 0 for one that is gone."""
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return 0.0


def _remove(file: Path) -> None:
    """Remove a file; one that cannot be removed now is seen again."""
    with suppress(OSError):
        file.unlink(missing_ok=True)
