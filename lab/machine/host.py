# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of a lab node (IIS, programs) may ask of the machine they run on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol


class Host(Protocol):
    """The machine as IIS and the programs of the shell see it."""

    @property
    def name(self) -> str:
        """Computer name."""

    def environment(self) -> Mapping[str, str]:
        """The system's environment variables, expanded (SystemDrive, SystemRoot, windir, PATH, ...)."""

    def usable_addresses(self) -> frozenset[str]:
        """Addresses in state Preferred on adapters that are up, and 127.0.0.1."""

    def local_path(self, windows_path: str) -> Path:
        """The folder or file of the lab machine that stands for an absolute Windows path.

        Follows drive letters and folder mount points by the longest access path; parts match without case.

        Raises:
            FileNotFoundError: no online volume carries the path (the file itself need not exist).
        """

    def service_running(self, name: str) -> bool:
        """True where the service exists and is running (``W3SVC``, ``WAS``, ``FTPSVC``)."""

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back (on the event loop) whenever addresses, adapters, disks or services have changed."""

    def now(self) -> float:
        """Seconds on the node's own monotonic clock (a clock-rate fault makes it run fast or slow)."""

    def fault(self, name: str) -> Mapping[str, object] | None:
        """The parameters of an active fault of that name, None where it is not active."""

    def record(self, event: str, **details: object) -> None:
        """Append to the node's event log (JSON lines), which tests and the corruption check read."""
