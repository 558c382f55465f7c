# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Start, stop and automatic start of a site, by the service it is served by: which driver does it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from ..ha.model import SiteType
from ..ha.warm import WARM_SERVICE, Warmth
from ..node import Clock, Node
from ..windows import ftp, iis, smtp


class Driver(Protocol):
    """What a driver of sites does."""

    def start_site(self, node: Node, name: str, *, clock: Clock = ...) -> None:
        """Start a site; one that is started already stays so."""

    def stop_site(self, node: Node, name: str, *, clock: Clock = ...) -> None:
        """Stop a site; one that is stopped already, or does not exist, stays so."""

    def set_auto_start(self, node: Node, name: str, enabled: bool, *, clock: Clock = ...) -> None:
        """Say whether Windows starts the site by itself."""


_DRIVERS: Mapping[SiteType, Driver] = MappingProxyType(
    {SiteType.WEB: iis, SiteType.FTP: ftp, SiteType.SMTP: smtp}
)


def start(node: Node, one: SiteType, name: str, clock: Clock = time) -> None:
    """Start a service of a site; one that is started already stays so.

    Raises:
        StandbyError: it does not start.
    """
    _DRIVERS[one].start_site(node, name, clock=clock)


def start_lacking(
    node: Node, wanted: Warmth, clock: Clock = time, still: Callable[[], bool] = lambda: True
) -> None:
    """Start what a warm site lacks on a node that it stands by on: its pools first.

    Args:
        node: which.
        wanted: what is lacking.
        clock: time.
        still: whether it is wanted still, asked before each start.

    Raises:
        StandbyError: it does not start.
    """
    for pool in wanted.pools:
        if still():
            iis.start_pool(node, pool, clock=clock)
    if wanted.start and still():
        start(node, WARM_SERVICE, wanted.site, clock)


def stop(node: Node, one: SiteType, name: str, clock: Clock = time) -> None:
    """Stop a service of a site; one that is stopped already, or does not exist, stays so.

    Raises:
        StandbyError: it does not stop.
    """
    _DRIVERS[one].stop_site(node, name, clock=clock)


def set_auto_start(node: Node, one: SiteType, name: str, enabled: bool) -> None:
    """Say whether Windows starts a service of a site by itself.

    Raises:
        StandbyError: the site does not exist, or it cannot be set.
    """
    _DRIVERS[one].set_auto_start(node, name, enabled)
