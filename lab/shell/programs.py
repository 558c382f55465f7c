# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small programs of a node: hostname, whoami, and programs that stand for others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.machine.host import Host
from lab.shell.builtins import say
from lab.shell.program import Streams


@dataclass(frozen=True)
class HostName:
    """hostname.exe."""

    host: Host

    async def __call__(  # the names are those of Program
        self,
        argv: Sequence[str],
        streams: Streams,
        environment: Mapping[str, str],  # noqa: ARG002
    ) -> int:
        """Write the computer's name."""
        if len(argv) > 1:
            say(streams.err, "sethostname: Use the Network Control Panel Applet to set hostname.")
            say(streams.err, "hostname -s is not supported.")
            return 1
        say(streams.out, self.host.name)
        return 0


@dataclass(frozen=True)
class WhoAmI:
    r"""whoami.exe: ``computer\user`` in lower case, from the session's USERNAME."""

    host: Host

    async def __call__(self, argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
        """Write who runs the session."""
        if len(argv) > 1:
            self.host.record("unknown-request", kind="program", program="whoami", arguments=list(argv[1:]))
            say(streams.err, "The lab emulates whoami without arguments only.")
            return 1
        say(streams.out, f"{self.host.name}\\{environment.get('USERNAME', '')}".lower())
        return 0


@dataclass(frozen=True)
class FixedOutput:
    """A program that writes a text and ends with 0: what a script would have printed, for measurements."""

    text: str

    async def __call__(self, argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
        """Write it."""
        del argv, environment
        streams.out(self.text.encode())
        return 0
