# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs: the states of sites and pools, which no file keeps and no reboot preserves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain

from lab.iis.failure import ALREADY_EXISTS, ALREADY_RUNNING, INVALID_OBJECT, NOT_ACTIVE, IisError
from lab.iis.model import Configuration, Pool, Site
from lab.iis.routing import Route, routes_of

STARTING, STARTED, STOPPED, UNKNOWN = "Starting", "Started", "Stopped", "Unknown"

Record = Callable[..., None]


@dataclass
class RunState:
    """States by lower-case name, as WAS keeps them.

    Attributes:
        record: the node's event log.
        sites: state of each site that WAS has read.
        pools: state of each pool that WAS has read.
        unread: names of sites that WAS has not read yet, and when it will have (seconds of the node's clock).
        was: the service WAS runs.
        w3svc: the service W3SVC runs.
    """

    record: Record
    sites: dict[str, str] = field(default_factory=dict)
    pools: dict[str, str] = field(default_factory=dict)
    unread: dict[str, float] = field(default_factory=dict)
    was: bool = False
    w3svc: bool = False

    def services(self, configuration: Configuration, *, was: bool, w3svc: bool) -> None:
        """Follow the services: a start starts what starts automatically, a stop stops everything below."""
        w3svc = w3svc and was
        if was and not self.was:
            self.pools = {
                one.name.lower(): STARTED if one.auto_start else STOPPED for one in configuration.pools
            }
        elif not was:
            self.pools = dict.fromkeys(self.pools, STOPPED)
        started = w3svc and not self.w3svc
        self.was, self.w3svc = was, w3svc
        if not w3svc:
            self.sites = dict.fromkeys(self.sites, STOPPED)
        elif started:
            self.unread.clear()
            self.sites = {}
            self._read(configuration, configuration.sites)

    def follow(self, configuration: Configuration, now: float, delay: float) -> None:
        """Follow a changed file: forget what is gone, note what WAS will read ``delay`` seconds from now."""
        names = {one.name.lower() for one in configuration.sites}
        self.sites = {name: state for name, state in self.sites.items() if name in names}
        self.unread = {name: due for name, due in self.unread.items() if name in names}
        for name in names - self.sites.keys() - self.unread.keys():
            if self.w3svc:
                self.unread[name] = now + delay
            else:
                self.sites[name] = STOPPED
        pools = {one.name.lower(): one for one in configuration.pools}
        self.pools = {
            name: self.pools.get(name, STARTED if self.was and pool.auto_start else STOPPED)
            for name, pool in pools.items()
        }
        self.settle(configuration, now)

    def settle(self, configuration: Configuration, now: float) -> None:
        """WAS reads what is due by now."""
        due = {name for name, at in self.unread.items() if at <= now}
        if due and self.w3svc:
            for name in due:
                del self.unread[name]
            self._read(configuration, [one for one in configuration.sites if one.name.lower() in due])

    def _read(self, configuration: Configuration, sites: Iterable[Site]) -> None:
        for site in sites:
            name = site.name.lower()
            self.sites[name] = STOPPED
            if not (site.auto_start and site.web_bindings):
                continue
            taken = self._taken(configuration, site)
            if taken is None:
                self.sites[name] = STARTED
            else:
                self.record(
                    "iis.binding_conflict", site=site.name, held_by=taken.site.name, binding=list(taken.key)
                )

    def _taken(self, configuration: Configuration, site: Site) -> Route | None:
        """The route of another started site that one of this site's is identical to."""
        mine = {route.key for route in routes_of(site)}
        others = chain.from_iterable(
            routes_of(one) for one in self.started(configuration) if one.name != site.name
        )
        return next((route for route in others if route.key in mine), None)

    def started(self, configuration: Configuration) -> list[Site]:
        """The sites that serve."""
        return [one for one in configuration.sites if self.sites.get(one.name.lower()) == STARTED]

    def site_state(self, site: Site) -> str:
        """A site's state as appcmd shows it; ``Unknown`` without web bindings, unread, or without WAS."""
        if not self.was or not site.web_bindings or site.name.lower() in self.unread:
            return UNKNOWN
        return self.sites.get(site.name.lower(), UNKNOWN)

    def pool_state(self, pool: Pool) -> str:
        """A pool's state as appcmd shows it."""
        return self.pools.get(pool.name.lower(), UNKNOWN) if self.was else UNKNOWN

    def check_start(self, configuration: Configuration, site: Site) -> None:
        """Whether a site can be started now.

        Raises:
            IisError: W3SVC is stopped, WAS has not read the site, or a started site has one of its bindings.
        """
        if not self.w3svc:
            raise IisError(NOT_ACTIVE)
        if not site.web_bindings or site.name.lower() in self.unread:
            raise IisError(INVALID_OBJECT)
        if self.sites.get(site.name.lower()) != STARTED and self._taken(configuration, site) is not None:
            raise IisError(ALREADY_EXISTS)

    def start_site(self, configuration: Configuration, site: Site) -> None:
        """Start a site; one that is started stays so.

        Raises:
            IisError: see ``check_start``.
        """
        self.check_start(configuration, site)
        self.sites[site.name.lower()] = STARTED

    def stop_site(self, site: Site) -> None:
        """Stop a site; one that is stopped stays so.

        Raises:
            IisError: W3SVC is stopped, or WAS has not read the site.
        """
        if not self.w3svc:
            raise IisError(NOT_ACTIVE)
        if not site.web_bindings or site.name.lower() in self.unread:
            raise IisError(INVALID_OBJECT)
        self.sites[site.name.lower()] = STOPPED

    def start_pool(self, pool: Pool) -> None:
        """Start a pool.

        Raises:
            IisError: WAS is stopped, or the pool is started already.
        """
        if not self.was:
            raise IisError(NOT_ACTIVE)
        if self.pools.get(pool.name.lower()) == STARTED:
            raise IisError(ALREADY_RUNNING)
        self.pools[pool.name.lower()] = STARTED

    def stop_pool(self, pool: Pool) -> None:
        """Stop a pool.

        Raises:
            IisError: WAS or the pool is stopped already.
        """
        self.need_running(pool)
        self.pools[pool.name.lower()] = STOPPED

    def need_running(self, pool: Pool) -> None:
        """Raises IisError where the pool is not started (a stopped pool cannot be recycled either)."""
        if not self.was or self.pools.get(pool.name.lower()) != STARTED:
            raise IisError(NOT_ACTIVE)
