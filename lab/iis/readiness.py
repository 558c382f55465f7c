# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a started site is ready for: the addresses that it answers on, and its application.

That http.sys serves a started site on an address that comes later is an inference; with the fault ``deaf`` it
does not, until the site is started again. A worker loads its application with the first request, or before
any where its pool is ``AlwaysRunning`` and the application has ``preloadEnabled``; with the fault
``application_start`` that takes time. A site that is stopped leaves the worker of its pool alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from lab.iis import faults
from lab.iis.model import Configuration, Pool, Site, is_true
from lab.iis.routing import Route, routes_of
from lab.iis.runstate import STARTED, RunState
from lab.machine.host import Host


class Readiness:
    """Of the sites of one node.

    Args:
        host: the machine.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        # Addresses that were there when a site was started, and have been since.
        self._known: dict[str, frozenset[str]] = {}
        # When the application of a site is loaded, seconds of the event loop.
        self._loaded: dict[str, float] = {}

    def follow(self, configuration: Configuration, state: RunState) -> None:
        """Take in which sites are started, which pools run and which addresses are there."""
        usable = self._host.usable_addresses()
        started = {site.name.lower(): site for site in state.started(configuration)}
        self._known = {name: self._known.get(name, usable) & usable for name in started}
        self._loaded = {
            name: at
            for name, at in self._loaded.items()
            if (site := configuration.site(name)) is not None and _runs(configuration, state, site)
        }
        for site in started.values():
            if _runs(configuration, state, site) and _preloads(configuration, site):
                self._load(site)

    def forget(self, configuration: Configuration, pool: Pool) -> None:
        """The worker of a pool has ended."""
        for site in configuration.sites:
            if _root_pool(configuration, site) == pool:
                self._loaded.pop(site.name.lower(), None)

    def heard(self, sites: Iterable[Site]) -> list[Route]:
        """The routes by which started sites are reached."""
        return [
            route
            for site in sites
            for route in routes_of(site)
            if route.address == "*"
            or not faults.deaf(self._host, site.name)
            or route.address in self._known.get(site.name.lower(), frozenset())
        ]

    async def loaded(self, site: Site) -> None:
        """Wait until the application is loaded, which the first request begins."""
        await asyncio.sleep(max(0.0, self._load(site) - asyncio.get_running_loop().time()))

    def _load(self, site: Site) -> float:
        now = asyncio.get_running_loop().time()
        return self._loaded.setdefault(
            site.name.lower(), now + faults.application_seconds(self._host, site.name)
        )


def _root_pool(configuration: Configuration, site: Site) -> Pool | None:
    return next((configuration.pool(one.pool) for one in site.applications if one.path == "/"), None)


def _runs(configuration: Configuration, state: RunState, site: Site) -> bool:
    pool = _root_pool(configuration, site)
    return pool is not None and state.pool_state(pool) == STARTED


def _preloads(configuration: Configuration, site: Site) -> bool:
    """Of the root application alone; what defaults say counts too."""
    pool = _root_pool(configuration, site)
    defaults = configuration.root.find("system.applicationHost/applicationPools/applicationPoolDefaults")
    inherited = defaults.attributes if defaults is not None else {}
    mode = {**inherited, **(pool.node.attributes if pool is not None else {})}.get("startMode", "OnDemand")
    roots = [one for one in site.node.all("application") if one.attributes.get("path", "/") == "/"]
    preload = any(is_true(one.attributes.get("preloadEnabled", "false")) for one in roots)
    return preload and mode.lower() == "alwaysrunning"
