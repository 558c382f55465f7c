# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The supervisor of an agent as a process.

It is there all the time and does next to nothing, so it imports as little: what a request needs is imported
when one comes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ..errors import StandbyError
from . import supervisor
from .home import Home, RunsAlready, wait_for
from .inbox import Inbox, Serve
from .peers.told import Told
from .settings import timers_of
from .telling import Telling, last_told

# A worker that has said nothing for this part of a lease hangs: the next one has the rest to go on.
_SILENT = 0.5
# Tries to leave the standing to the next agent, and seconds between them.
_TRIES, _PAUSE = 10, 0.3


def supervise(home: Home, command: list[str], serve: Serve) -> int:
    """Keep a worker at work in a home, until it has left or is relieved, and serve requests; the exit code.

    An agent that is relieved leaves what it has in service, and its standing to the next one: that has the
    rest of the lease to begin.

    Args:
        home: of the agent.
        command: program and arguments of the worker.
        serve: does what is asked in the home's inbox; on threads.

    Raises:
        StandbyError: another agent works there, or its settings cannot be.
    """
    telling = Telling(home)
    try:
        return _supervise(home, command, serve, telling)
    except RunsAlready as error:
        raise _troubled(home, error) from error
    except Exception as error:
        telling.failed(error)
        raise
    finally:
        telling.close()


def _supervise(home: Home, command: list[str], serve: Serve, telling: Telling) -> int:
    settings = home.settings()
    telling.node, telling.events = settings.node, settings.notifications.event_log
    say = Told(telling.tell, time.monotonic).tell
    home.log_file.parent.mkdir(exist_ok=True)
    with home.alone():
        home.leave_file.unlink(missing_ok=True)  # meant for an agent that is no more
        inbox = Inbox(home.requests_folder, serve, say)
        inbox.start()
        patience = _SILENT * timers_of(settings).lease
        home.relieve_file.unlink(missing_ok=True)
        keeper = supervisor.Supervisor(
            command, patience, telling.tell, last=home.take_standing(), gone=home.forget_status
        )
        threading.Thread(target=_watch_relief, args=(home, keeper, say), daemon=True).start()
        try:
            code = keeper.run()
        finally:
            inbox.close()
        if keeper.ended:
            _leave(home, keeper.last, say)
            return 0
        return code


def _watch_relief(home: Home, keeper: supervisor.Supervisor, say: Callable[[str], None]) -> None:
    """End the worker when somebody asks for relief."""
    wait_for(home.relieve_file, say)
    keeper.end()


def _leave(home: Home, standing: bytes, say: Callable[[str], None]) -> None:
    """Leave the standing to the next agent, which waits for this one to end; so it is tried for a moment."""
    for tried in range(1, _TRIES + 1):
        try:
            home.standing_file.write_bytes(standing)
        except OSError as error:
            if tried == _TRIES:
                say(f"the next agent is left nothing to go on from, and stops first what is up: {error}")
            time.sleep(_PAUSE)
        else:
            return


def _troubled(home: Home, error: RunsAlready) -> StandbyError:
    """What is told to who begins an agent beside another one: what that has told of its trouble."""
    at, sentence = last_told(home)
    if not sentence:
        return error
    return StandbyError(
        f"{error.problem}, and told at {at}: {sentence.rstrip('.')}",
        remedy="Mend that; to see it by hand, end the task first, and it starts again within a minute",
    )
