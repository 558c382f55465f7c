# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IIS on a node, by appcmd: read everything, start, stop, export, import.

Exports hold passwords in clear text: they stay in memory, travel by standard input, and are quoted nowhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias
from xml.etree.ElementTree import Element, tostring  # building only: parsing is in wsman/xml.py

from ..node import Clock, Completed, Node
from ..wsman.xml import parse
from . import iis_command as command
from .failure import about
from .iis_command import Kind, Setting
from .iis_config import (
    UNKNOWN,
    Application,
    Binding,
    IisConfiguration,
    IisSite,
    Pool,
    VirtualDirectory,
    parse_configuration,
    parse_redirection,
)
from .iis_run import IisError, IisMissing, checked, missing, refused, run

__all__ = [
    "Application",
    "Binding",
    "IisConfiguration",
    "IisError",
    "IisMissing",
    "IisSite",
    "Pool",
    "VirtualDirectory",
    "clear_section",
    "delete_pool",
    "delete_site",
    "export_pool",
    "export_site",
    "import_pool",
    "import_site",
    "parse_configuration",
    "read_configuration",
    "read_states",
    "set_auto_start",
    "start_pool",
    "start_site",
    "stop_pool",
    "stop_site",
]

Parse: TypeAlias = Callable[[bytes, str], IisConfiguration]
# Who looks often finds the same two answers most times, and has them read once.
_parse_states: Parse = lru_cache(maxsize=2)(parse_configuration)
_STARTED, _STOPPED = "Started", "Stopped"
MANY_BINDINGS = 50  # failures were seen with 129 and with some 70 bindings; their joined text counts


def read_configuration(node: Node, *, clock: Clock = time) -> IisConfiguration:
    """Every site and pool with its state, and whether the configuration is shared.

    Three commands; one more for every kind of state where a site has more bindings than appcmd can print.

    Raises:
        IisMissing: IIS is not installed.
        IisError: appcmd failed.
        BadDocument: its answer is malformed or truncated.
    """
    sites = _read_sites(node, clock, command.list_all(Kind.SITE))
    pools, windows = _list(node, command.list_all(Kind.POOL), "application pools", clock)
    return IisConfiguration(sites, pools.pools, _read_redirection(node, windows))


def read_states(node: Node, *, clock: Clock = time) -> IisConfiguration:
    """Every site and pool by name with its state, and nothing of their configuration: for who looks often.

    Two commands, however many sites there are; raises as ``read_configuration``.
    """
    sites = _read_sites(node, clock, command.list_states(Kind.SITE), _parse_states)
    listed = command.list_states(Kind.POOL)
    pools, _windows = _list(node, listed, "application pools", clock, _parse_states)
    return IisConfiguration(sites, pools.pools)


def start_site(node: Node, name: str, *, clock: Clock = time) -> None:
    """Start a web site; one that is started already stays so.

    Raises:
        IisError: it does not start; IisMissing.
    """
    _switch(node, Kind.SITE, name, "start", _STARTED, clock)


def stop_site(node: Node, name: str, *, clock: Clock = time) -> None:
    """Stop a web site; one that is stopped already, or does not exist, stays so.

    Raises:
        IisError: it does not stop; IisMissing.
    """
    _switch(node, Kind.SITE, name, "stop", _STOPPED, clock)


def start_pool(node: Node, name: str, *, clock: Clock = time) -> None:
    """Start an application pool; as start_site."""
    _switch(node, Kind.POOL, name, "start", _STARTED, clock)


def stop_pool(node: Node, name: str, *, clock: Clock = time) -> None:
    """Stop an application pool; as stop_site."""
    _switch(node, Kind.POOL, name, "stop", _STOPPED, clock)


def set_auto_start(node: Node, name: str, enabled: bool, *, clock: Clock = time) -> None:
    """Say whether Windows starts the site by itself, at boot and when its configuration is read anew.

    Raises:
        IisError: the site does not exist, or appcmd failed; IisMissing.
    """
    setting = f"/serverAutoStart:{'true' if enabled else 'false'}"
    checked(node, command.act("set", Kind.SITE, name, setting), _resource(Kind.SITE, name), clock)


def export_site(node: Node, name: str, *, clock: Clock = time) -> bytes:
    """The site as ``import_site`` takes it; passwords of virtual directories inside.

    Raises:
        IisError: the site does not exist, or appcmd failed; IisMissing.
    """
    return _export(node, Kind.SITE, name, clock)


def export_pool(node: Node, name: str, *, clock: Clock = time) -> bytes:
    """The pool as ``import_pool`` takes it; the password of its identity inside."""
    return _export(node, Kind.POOL, name, clock)


def import_site(node: Node, document: bytes, *, clock: Clock = time) -> None:
    """Create the site that an exported document describes.

    Raises:
        IisError: its name or id exists already, or appcmd failed; IisMissing.
    """
    checked(node, command.add(Kind.SITE), "site import", clock, stdin=document)


def import_pool(node: Node, document: bytes, *, clock: Clock = time) -> None:
    """Create the pool that an exported document describes; as import_site."""
    checked(node, command.add(Kind.POOL), "application pool import", clock, stdin=document)


def delete_site(node: Node, name: str, *, clock: Clock = time) -> bool:
    """Remove a site from the configuration; its content stays. False where there was none."""
    return _delete(node, Kind.SITE, name, clock)


def delete_pool(node: Node, name: str, *, clock: Clock = time) -> bool:
    """Remove a pool from the configuration. False where there was none."""
    return _delete(node, Kind.POOL, name, clock)


def set_section(
    node: Node, place: str, section: str, settings: Sequence[Setting], *, clock: Clock = time
) -> None:
    """Set a section at a location of applicationHost.config, beside what is set there.

    Raises:
        IisError: appcmd failed; IisMissing.
    """
    checked(node, command.set_section(place, section, settings), f"section {section} of {place}", clock)


def clear_section(node: Node, place: str, section: str, *, clock: Clock = time) -> None:
    """Take a section out of a location of applicationHost.config; raises as set_section."""
    checked(node, command.clear_section(place, section), f"section {section} of {place}", clock)


def _read_sites(
    node: Node, clock: Clock, arguments: Sequence[str], parse: Parse = parse_configuration
) -> tuple[IisSite, ...]:
    try:
        return _list(node, arguments, "sites", clock, parse)[0].sites
    except IisError as failure:
        if failure.code != command.BUFFER_TOO_SMALL:
            raise
    return _read_sites_apart(node, clock)


def _read_sites_apart(node: Node, clock: Clock) -> tuple[IisSite, ...]:
    """Configuration and states read apart: appcmd cannot print a site whose bindings outgrow its buffer.

    That these two forms need no such buffer is not confirmed; docs/assumptions.md.
    """
    sites = _list(node, command.list_section(command.SITES_SECTION), "sites", clock)[0].sites
    state: dict[str, str] = {}
    for wanted in (_STARTED, _STOPPED):
        answer = run(node, command.list_in_state(wanted), "sites", clock)
        if command.exit_code(answer) not in (0, command.NOTHING_LISTED):
            raise _too_many_bindings(node, sites, answer)
        state |= dict.fromkeys(answer.stdout.decode("utf-8", "replace").splitlines(), wanted)
    return tuple(replace(site, state=state.get(site.name, UNKNOWN)) for site in sites)


def _too_many_bindings(node: Node, sites: Sequence[IisSite], answer: Completed) -> IisError:
    named = [f'"{site.name}" ({len(site.bindings)})' for site in sites if len(site.bindings) > MANY_BINDINGS]
    return IisError(
        f"appcmd cannot print states where a site has this many bindings: {', '.join(named) or 'unknown'}",
        command.exit_code(answer),
        command.hresult(answer),
        node=node.name,
        resource="sites",
        remedy="Spread the bindings of these sites over several sites, or use wildcard host names",
    )


def _read_redirection(node: Node, windows: str) -> str | None:
    """The folder of a shared configuration, None where the file that would say so does not exist or says no.

    Only that counts as not shared: sites of a configuration that all nodes read must never be moved.
    """
    answer = node.shell.run(command.show_redirection(windows))
    if answer.code != 0:
        raise IisError(
            f"whether its configuration is shared could not be read: exit code {answer.code}",
            command.exit_code(answer),
            None,
            node=node.name,
            resource="redirection.config",
            remedy=f"Let the account read {command.redirection_file(windows)} on the node, then run again",
        )
    if not answer.stdout.strip():
        return None
    with about(node, "redirection.config"):
        return parse_redirection(answer.stdout, "redirection.config")


def _list(
    node: Node, arguments: Sequence[str], resource: str, clock: Clock, parse: Parse = parse_configuration
) -> tuple[IisConfiguration, str]:
    """What appcmd lists, and the Windows directory whose appcmd did."""
    answer = checked(node, arguments, resource, clock, accepted=(0, command.NOTHING_LISTED))
    with about(node, resource, "Run again; if it stays so, look at the command's output on the node"):
        found = parse(answer.stdout, f"answer of appcmd {' '.join(arguments)}")
    return found, answer.windows


def _switch(node: Node, kind: Kind, name: str, verb: str, wanted: str, clock: Clock) -> None:
    """Start or stop; a refusal counts as success where the state is then as wanted.

    appcmd may refuse to start what runs, and gives its reason as localized text.
    """
    resource = _resource(kind, name)
    answer = run(node, command.act(verb, kind, name), resource, clock)
    if command.exit_code(answer) == 0:
        return
    if command.exit_code(answer) == command.NOT_FOUND:
        if wanted == _STOPPED:
            return
    elif _read_state(node, kind, name, clock) == wanted:
        return
    raise refused(node, command.act(verb, kind, name), resource, answer)


def _read_state(node: Node, kind: Kind, name: str, clock: Clock) -> str:
    resource = _resource(kind, name)
    answer = run(node, command.list_one(kind, name), resource, clock)
    if command.exit_code(answer) == command.BUFFER_TOO_SMALL:
        answer = run(node, command.list_state(kind, name), resource, clock)
        return answer.stdout.decode("utf-8", "replace").strip()
    if command.exit_code(answer) != 0:
        return UNKNOWN
    with about(node, resource):
        found = parse_configuration(answer.stdout, f"answer of appcmd list {kind.value}")
    states = [site.state for site in found.sites] + [pool.state for pool in found.pools]
    return states[0] if states else UNKNOWN


def _export(node: Node, kind: Kind, name: str, clock: Clock) -> bytes:
    resource = _resource(kind, name)
    answer = run(node, command.export(kind, name), resource, clock)
    if command.exit_code(answer) == command.BUFFER_TOO_SMALL and kind is Kind.SITE:
        return _export_from_section(node, name, clock)
    if command.exit_code(answer) not in (0, command.NOTHING_LISTED):
        raise refused(node, command.export(kind, name), resource, answer)
    with about(node, resource):
        found = parse_configuration(answer.stdout, f"export of {kind.value}")
    if not (found.sites or found.pools):
        raise missing(node, resource)
    return answer.stdout


def _export_from_section(node: Node, name: str, clock: Clock) -> bytes:
    """The site cut out of its section, wrapped as appcmd wraps it."""
    arguments = command.list_section(command.SITES_SECTION)
    resource = _resource(Kind.SITE, name)
    answer = checked(node, arguments, resource, clock)
    for site in parse(answer.stdout, f"answer of appcmd {' '.join(arguments)}").iter("site"):
        if site.get("name") == name:
            root = Element("appcmd")
            wrapper = Element("SITE", {"SITE.NAME": name, "SITE.ID": site.get("id", "")})
            wrapper.append(site)
            root.append(wrapper)
            document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
            return document
    raise missing(node, resource)


def _delete(node: Node, kind: Kind, name: str, clock: Clock) -> bool:
    arguments = command.act("delete", kind, name)
    answer = checked(node, arguments, _resource(kind, name), clock, accepted=(0, command.NOT_FOUND))
    return command.exit_code(answer) == 0


def _resource(kind: Kind, name: str) -> str:
    return f'site "{name}"' if kind is Kind.SITE else f'application pool "{name}"'
