# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The twin of a site on a backup: what differs from the original, and what would make it the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from ..errors import StandbyError
from ..windows.ftp_config import FtpSettings
from ..windows.iis_config import Application, Binding, IisConfiguration, IisSite, Pool
from ..windows.smtp_settings import SmtpServer
from .bindings import shown
from .model import SiteType
from .on_node import bound_elsewhere
from .site_types import running, self_starting
from .smtp import describe as describe_smtp
from .smtp import twin_changes

NOWHERE: Mapping[str, str] = MappingProxyType({})
HIDDEN = "(not shown)"
_START = "site/serverAutoStart"  # which is set without making the site anew
_OF_THE_SITE = ("site/", "bindings/", "applications[")


class Make(StrEnum):
    """What is to be done with one object on a backup."""

    KEEP = "keep"
    CREATE = "create"
    REPLACE = "replace"


@dataclass(frozen=True)
class TwinPlan:
    """What makes the twin of a site on one node; empty where nothing is to be done.

    Attributes:
        node: the backup.
        site: what happens to the site.
        site_id: its number on that node: that of the original where it is free.
        differences: parts in which site or pools differ, such as ``bindings`` or ``pool "Shop": runtime``.
        pools: (name, create or replace), pools that are the same left out.
        stop: services by which the site runs there: they are to be stopped first.
        clear_auto_start: services that Windows would start there by itself; none of a site that is made anew.
        settings: settings of an SMTP virtual server that are to be those of the original.
        paths: what else of the site and its pools is made the same, as of ``Difference``.
        moved: addresses of the original -> those that the twin is bound to, where they differ.
    """

    node: str
    site: Make
    site_id: int
    differences: tuple[str, ...] = ()
    pools: tuple[tuple[str, Make], ...] = ()
    stop: tuple[SiteType, ...] = ()
    clear_auto_start: tuple[SiteType, ...] = ()
    settings: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()

    @property
    def needed(self) -> bool:
        """True where anything is to be done."""
        changed = self.pools or self.stop or self.clear_auto_start or self.settings
        return self.site is not Make.KEEP or bool(changed)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is to be done, in order, without final full stops."""
        made = [f'{action} application pool "{name}" on {self.node}' for name, action in self.pools]
        stop = [f"stop the site on {self.node}"] if self.stop else []
        start = [f"take automatic start from the site on {self.node}"] if self.clear_auto_start else []
        site = [f"{self.site} the site on {self.node}"] if self.site is not Make.KEEP else []
        settings = [f"set {name} of the site on {self.node}" for name in self.settings]
        return (*stop, *made, *site, *settings, *start)


def plan_twin(
    node: str,
    name: str,
    source: IisConfiguration,
    backup: IisConfiguration,
    paths: tuple[str, ...] = (),
    moved: Mapping[str, str] = NOWHERE,
) -> TwinPlan:
    """Compare a site with its twin by their public attributes.

    Args:
        node: inventory name of the backup.
        name: the site, which the source has.
        source: configuration of the node that has the original.
        backup: configuration of the backup.
        paths: what else is to be made the same, of sites and pools, as of ``Difference``. Those of a
            pool that another running site uses are left as they are.
        moved: addresses of the original -> those of the backup, where they differ.

    Raises:
        StandbyError: a pool differs and another site that runs on the backup uses it, or the backup spells
            the name in another way.
    """
    original = bound_elsewhere(source, moved).site(name)
    if original is None:
        raise StandbyError("does not exist", node=node, resource=f'site "{name}"')
    if original.smtp is not None:
        return replace(_plan_smtp(node, name, original.smtp, backup), moved=tuple(moved.items()))
    twin = backup.site(name)
    if twin is None:
        _refuse_other_spelling(node, name, backup)
    pools: list[tuple[str, Make]] = []
    differences: list[str] = []
    for pool in pools_of(original, source):
        parts = _pool_differences(pool, backup.pool(pool.name))
        if parts is None:
            pools.append((pool.name, Make.CREATE))
        elif parts:
            _refuse_in_use(node, pool.name, name, parts, backup)
            pools.append((pool.name, Make.REPLACE))
            differences.extend(f'pool "{pool.name}": {part}' for part in parts)
        elif pool_paths(paths, pool.name) and not _users(pool.name, name, backup):
            pools.append((pool.name, Make.REPLACE))
    parts = site_differences(original, twin) if twin else ()
    wrong = bool(parts) or any(path.startswith(_OF_THE_SITE) and path != _START for path in paths)
    make = Make.CREATE if twin is None else Make.REPLACE if wrong else Make.KEEP
    return TwinPlan(
        node=node,
        site=make,
        site_id=_free_id(original, twin, backup),
        differences=(*parts, *differences),
        pools=tuple(pools),
        stop=running(twin),
        clear_auto_start=self_starting(twin) if make is Make.KEEP else (),
        paths=paths,
        moved=tuple(moved.items()),
    )


def _plan_smtp(node: str, name: str, original: SmtpServer, backup: IisConfiguration) -> TwinPlan:
    settings = twin_changes(node, name, original, backup)
    twin = backup.site(name)
    return TwinPlan(
        node=node,
        site=Make.KEEP,
        site_id=twin.id if twin is not None else 0,
        differences=settings,
        stop=running(twin),
        clear_auto_start=self_starting(twin),
        settings=settings,
    )


def pool_paths(paths: Iterable[str], pool: str) -> tuple[str, ...]:
    """Those of some paths that lie in a pool, without what names it."""
    start = f"pools[{pool}]/".casefold()
    return tuple(path[len(start) :] for path in paths if path.casefold().startswith(start))


def site_paths(paths: Iterable[str]) -> tuple[str, ...]:
    """Those that lie in the site itself, without what names it."""
    return tuple(path.removeprefix("site/") for path in paths if path.startswith("site/"))


def is_running(site: IisSite | None) -> bool:
    """True where the site answers requests, or is about to."""
    return bool(running(site))


def pools_of(site: IisSite, configuration: IisConfiguration) -> tuple[Pool, ...]:
    """The pools that exist of those the site's applications name, each once; FTP alone uses none."""
    if site.has_ftp and not site.has_web:
        return ()
    named = dict.fromkeys(application.pool.casefold() for application in site.applications)
    found = (configuration.pool(name) for name in named)
    return tuple(pool for pool in found if pool is not None)


def site_differences(original: IisSite, twin: IisSite) -> tuple[str, ...]:
    """The parts in which two sites differ; id, state and automatic start are no part of what a site is."""
    one, other = describe_site(original), describe_site(twin)
    parts = [part for part, value in one.items() if value != other.get(part)]
    if _credentials(original) != _credentials(twin):
        parts.append("password of a virtual directory")
    return tuple(parts)


def describe_site(site: IisSite) -> dict[str, Any]:
    """What makes a site the same on two nodes; no secrets inside."""
    return {
        "bindings": sorted(_shown(one) for one in site.bindings),
        "applications": {one.path: _describe_application(one) for one in _by_path(site.applications)},
        **({"ftp": _describe_ftp(site.ftp)} if site.ftp is not None else {}),
        **({"smtp": describe_smtp(site)} if site.smtp is not None else {}),
    }


def describe_pool(pool: Pool) -> dict[str, Any]:
    """What makes a pool the same on two nodes; no secrets inside."""
    return {
        "runtime": pool.runtime,
        "pipeline": pool.pipeline,
        "identity": pool.identity,
        **({"password": HIDDEN} if pool.credential else {}),
    }


def describe(name: str, configuration: IisConfiguration) -> dict[str, Any] | None:
    """A site with its pools as a diff shows it; None where there is no such site."""
    site = configuration.site(name)
    if site is None:
        return None
    pools = {pool.name: describe_pool(pool) for pool in pools_of(site, configuration)}
    state = {"auto_start": bool(self_starting(site)), "started": is_running(site)}
    return {**describe_site(site), "pools": pools, **state}


def describe_twin(name: str, source: IisConfiguration) -> dict[str, Any]:
    """What ``describe`` will say of the twin once its plan is carried out."""
    made = describe(name, source) or {}
    return {**made, "auto_start": False, "started": False}


def _describe_application(application: Application) -> dict[str, Any]:
    directories: Mapping[str, Any] = {
        one.path: {
            "physical_path": one.physical_path,
            **({"user_name": one.user_name} if one.user_name else {}),
            **({"password": HIDDEN} if one.credential else {}),
        }
        for one in sorted(application.virtual_directories, key=lambda one: one.path)
    }
    return {
        "application_pool": application.pool,
        "protocols": application.protocols,
        "virtual_directories": directories,
    }


def _describe_ftp(settings: FtpSettings) -> dict[str, Any]:
    """Whether Windows starts it is no part of what it is."""
    shown_settings = asdict(settings)
    del shown_settings["auto_start"]
    return shown_settings


def _by_path(applications: Iterable[Application]) -> list[Application]:
    return sorted(applications, key=lambda application: application.path)


def _shown(binding: Binding) -> str:
    flags = f" sslFlags={binding.ssl_flags}" if binding.ssl_flags else ""
    return shown(binding) + flags


def _credentials(site: IisSite) -> dict[tuple[str, str], str]:
    return {
        (application.path, directory.path): directory.credential
        for application in site.applications
        for directory in application.virtual_directories
    }


def _pool_differences(pool: Pool, twin: Pool | None) -> tuple[str, ...] | None:
    """None where there is no such pool."""
    if twin is None:
        return None
    one, other = describe_pool(pool), describe_pool(twin)
    parts = [part for part in ("runtime", "pipeline", "identity") if one[part] != other[part]]
    if pool.credential != twin.credential:
        parts.append("password")
    return tuple(parts)


def _refuse_in_use(node: str, pool: str, name: str, parts: Iterable[str], backup: IisConfiguration) -> None:
    """A pool is replaced by deleting it: nothing that serves may depend on it."""
    users = _users(pool, name, backup)
    if users:
        raise StandbyError(
            f"differs from the pool of the same name on the primary in {', '.join(parts)}, "
            f'and the running site "{users[0]}" uses it',
            node=node,
            resource=f'application pool "{pool}"',
            remedy="Make the pools the same on both nodes, or give the protected site a pool of its own",
        )


def _users(pool: str, name: str, backup: IisConfiguration) -> list[str]:
    """Sites other than the one of that name that run and use a pool."""
    return [
        site.name for site in backup.sites if site.name != name and is_running(site) and _uses(site, pool)
    ]


def _refuse_other_spelling(node: str, name: str, backup: IisConfiguration) -> None:
    """IIS compares names without case: beside a site that differs in case alone, none can be made."""
    for other in backup.sites:
        if other.name.casefold() == name.casefold():
            raise StandbyError(
                f'is called "{other.name}" there; a twin has the name of its original, letter for letter',
                node=node,
                resource=f'site "{name}"',
                remedy=f'Rename "{other.name}" on {node} to "{name}" (IIS Manager), or delete it there',
            )


def _uses(site: IisSite, pool: str) -> bool:
    return any(application.pool.casefold() == pool.casefold() for application in site.applications)


def _free_id(original: IisSite, twin: IisSite | None, backup: IisConfiguration) -> int:
    """The twin's own number, else that of the original where it is free, else the next one."""
    if twin is not None:
        return twin.id
    taken = {site.id for site in backup.sites}
    return original.id if original.id not in taken else max(taken) + 1
