# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The supervisor of an agent as a process.

It is there all the time and does next to nothing, so it imports as little: what a request needs is imported
when one comes.
"""

from __future__ import annotations

import sys
import threading
import time

from . import supervisor
from .home import Home
from .inbox import Inbox, Serve
from .settings import timers_of

# A worker that has said nothing for this part of a lease hangs: the next one has the rest to go on.
_SILENT = 0.5
# Seconds between two looks whether the agent is asked for relief.
_GLANCE = 0.2


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
    settings = home.settings()
    home.log_file.parent.mkdir(exist_ok=True)
    with home.alone():
        home.leave_file.unlink(missing_ok=True)  # meant for an agent that is no more
        inbox = Inbox(home.requests_folder, serve, _told)
        inbox.start()
        patience = _SILENT * timers_of(settings).lease
        home.relieve_file.unlink(missing_ok=True)
        keeper = supervisor.Supervisor(
            command, patience, _told, last=home.take_standing(), gone=home.forget_status
        )
        threading.Thread(target=_watch_relief, args=(home, keeper), daemon=True).start()
        try:
            code = keeper.run()
        finally:
            inbox.close()
        if keeper.ended:
            home.standing_file.write_bytes(keeper.last)
            return 0
        return code


def _watch_relief(home: Home, keeper: supervisor.Supervisor) -> None:
    """End the worker when somebody asks for relief."""
    while not home.relieve_file.exists():
        time.sleep(_GLANCE)
    keeper.end()


def _told(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
