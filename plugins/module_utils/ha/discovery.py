# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a node's IIS configuration to what each site depends on, and what stands against protecting it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..windows.environment import Machine
from ..windows.iis_config import Binding, IisConfiguration, IisSite
from . import obstacles as obstacle
from .bindings import (
    ADDRESSED,
    CENTRAL_STORE,
    FTP,
    SMTP,
    SNI,
    WEB,
    Endpoint,
    UnreadableBindingError,
    endpoint,
    shown,
)
from .discovered import Certificate, SiteDiscovery
from .discovery_ftp import ftp_certificates, ftp_side
from .discovery_smtp import smtp_side
from .model import Ip, Volume
from .obstacles import Obstacle
from .paths import UnknownVariableError, carrier, drive_root, expand, folder, place
from .site_types import services_of_site

_ITSELF = frozenset({".", "localhost", "127.0.0.1", "::1"})


def discover(
    configuration: IisConfiguration,
    *,
    machine: Machine,
    access_paths: Iterable[str],
    addresses: Iterable[str],
    ips: Iterable[Ip],
    volumes: Iterable[Volume],
) -> list[SiteDiscovery]:
    r"""Every site of a node, in the order of its configuration.

    Args:
        configuration: of the node.
        machine: of the node: system drive, environment variables.
        access_paths: of its online volumes, ``E:\`` or ``D:\mounts\web\``; volume GUID paths are ignored.
        addresses: that the node has now.
        ips: every ip resource of the cluster.
        volumes: every volume resource of the cluster; they count as access paths even while they are offline.
    """
    floating = frozenset(ip.address for ip in ips)
    own = frozenset(addresses) - floating
    declared = {folder(volume.path).casefold(): folder(volume.path) for volume in volumes}
    known = {folder(path).casefold(): folder(path) for path in access_paths if not path.startswith("\\\\")}
    server = _Server(
        system=folder(machine.system_drive),
        names=_ITSELF | own | {machine.computer_name.casefold()},
        variables=_variables(machine),
        access_paths=tuple((known | declared).values()),
        declared=frozenset(declared.values()),
        floating=floating,
        own=own,
        pools={pool.name.casefold(): pool.name for pool in configuration.pools},
        shared=configuration.redirected_to,
    )
    return [_site(site, server) for site in configuration.sites]


@dataclass(frozen=True)
class _Server:
    """The node as discovery sees it; paths with final backslash, names without case."""

    system: str
    names: frozenset[str]
    variables: Mapping[str, str]
    access_paths: tuple[str, ...]
    declared: frozenset[str]
    floating: frozenset[str]
    own: frozenset[str]
    pools: Mapping[str, str]
    shared: str | None


@dataclass
class _Content:
    """Where the content of a site lies, filled one path after the other."""

    volumes: dict[str, list[str]] = field(default_factory=dict)
    unc_paths: list[str] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)


@dataclass
class _Listening:
    """The bindings of a site, sorted; a binding with an address beside its endpoint."""

    endpoints: list[tuple[Binding, Endpoint]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)

    @property
    def web(self) -> list[tuple[Binding, Endpoint]]:
        """Bindings of http and https."""
        return [pair for pair in self.endpoints if pair[1].protocol in WEB]

    @property
    def ftp(self) -> list[tuple[Binding, Endpoint]]:
        """Bindings of ftp."""
        return [pair for pair in self.endpoints if pair[1].protocol in FTP]

    @property
    def smtp(self) -> list[tuple[Binding, Endpoint]]:
        """Bindings of smtp."""
        return [pair for pair in self.endpoints if pair[1].protocol in SMTP]


def _site(site: IisSite, server: _Server) -> SiteDiscovery:
    listening = _listening(site)
    content = _content(site, server)
    loopback = [shown(binding) for binding, one in listening.endpoints if _only_local(one, server)]
    names = [
        one.address for _rest, one in listening.endpoints if one.address and not _only_local(one, server)
    ]
    uses_pools = site.has_web or not site.has_ftp
    named = _unique(one.pool for one in site.applications if one.pool) if uses_pools else ()
    of_iis = [*_of_iis(site, named, server)] if site.smtp is None else []
    return SiteDiscovery(
        name=site.name,
        id=site.id,
        state=site.state,
        type=_type(site),
        ips=_unique(names),
        volumes=tuple(content.volumes),
        pools=_unique(server.pools[name.casefold()] for name in named if name.casefold() in server.pools),
        hosts=_unique(one.host for _rest, one in listening.endpoints if one.host),
        certificates=(
            *(_certificate(pair[0]) for pair in listening.web if pair[1].protocol == "https"),
            *ftp_certificates(site, [binding for binding, _rest in listening.ftp]),
        ),
        other_bindings=tuple(listening.others),
        unc_paths=_unique(content.unc_paths),
        obstacles=(
            *of_iis,
            *_address_obstacles(listening, server),
            *_volume_obstacles(content, server),
        ),
        loopback_bindings=tuple(loopback),
        missing_pools=_unique(name for name in named if name.casefold() not in server.pools),
        services=services_of_site(site),
        ftp=ftp_side(site),
        smtp=smtp_side(site, tuple(content.volumes)),
    )


def _type(site: IisSite) -> str:
    if site.smtp is not None:
        return "smtp"
    return "web" if site.has_web else "ftp" if site.has_ftp else "other"


def _of_iis(site: IisSite, pools: Iterable[str], server: _Server) -> Iterator[Obstacle]:
    """What stands against a site of IIS; an SMTP virtual server has no applicationHost.config."""
    if server.shared is not None:
        yield obstacle.shared_configuration(server.shared)
    for what, name in [("site", site.name), *(("pool", name) for name in pools)]:
        if not obstacle.INVALID_IN_NAMES[what].isdisjoint(name):
            yield obstacle.invalid_name(what, name)


def _listening(site: IisSite) -> _Listening:
    found = _Listening()
    for binding in site.bindings:
        protocol = binding.protocol.lower()
        if protocol not in ADDRESSED:
            found.others.append(shown(binding))
        try:
            one = endpoint(binding)
        except UnreadableBindingError as error:
            found.obstacles.append(obstacle.unreadable_binding(shown(binding), str(error)))
            continue
        if one is not None:
            found.endpoints.append((binding, one))
    return found


def _only_local(one: Endpoint, server: _Server) -> bool:
    """A declared address floats, wherever it lies: a resource outweighs the meaning of 127/8."""
    return one.loopback and one.address not in server.floating


def _address_obstacles(listening: _Listening, server: _Server) -> Iterator[Obstacle]:
    yield from listening.obstacles
    served = listening.endpoints
    if not served:
        yield obstacle.no_supported_binding(listening.others)
        return
    everywhere = [shown(binding) for binding, one in served if one.address is None]
    if everywhere:
        yield obstacle.all_addresses(everywhere)
    for pairs in (listening.web, listening.ftp, listening.smtp):
        if pairs and all(_only_local(one, server) for _rest, one in pairs):
            local = _unique(one.address for _rest, one in pairs if one.address)
            yield obstacle.loopback_only([shown(binding) for binding, _rest in pairs], local)
    for address in _unique(one.address for _rest, one in listening.endpoints if one.address):
        if address in server.floating or ipaddress.ip_address(address).is_loopback:
            continue
        held = address in server.own
        yield obstacle.node_address(address) if held else obstacle.undeclared_address(address)


def _content(site: IisSite, server: _Server) -> _Content:
    """Every virtual directory of every application, or every folder that mail lies in."""
    found = _Content()
    directories = (one for application in site.applications for one in application.virtual_directories)
    for path in _unique(one.physical_path for one in directories):
        _locate(path, server, found)
        if site.has_ftp:
            _locate_homes(path, server, found)
    for path in site.smtp.directories if site.smtp is not None else ():
        _locate(path, server, found)
    return found


def _locate_homes(path: str, server: _Server, found: _Content) -> None:
    r"""Volumes that are mounted below a folder of FTP: home directories are folders below it.

    Source: iis-docs, ``userIsolation``: ``LocalUser\Public``, ``LocalUser\name`` and ``domain\name``.
    """
    try:
        root = folder(expand(path, server.variables)).casefold()
    except UnknownVariableError:
        return
    for volume in server.access_paths:
        if volume.casefold().startswith(root) and volume.casefold() != root:
            found.volumes.setdefault(volume, []).append(volume)


def _locate(path: str, server: _Server, found: _Content) -> None:
    """Sort one physical path into what was found so far."""
    try:
        where = place(expand(path, server.variables))
    except UnknownVariableError as error:
        found.obstacles.append(obstacle.unknown_variable(error.variable, path))
        return
    if where.relative:
        found.obstacles.append(obstacle.relative_path(path))
    elif where.server is not None:
        found.unc_paths.append(where.path)
        if not server.names.isdisjoint({where.server.casefold(), where.server.partition(".")[0].casefold()}):
            found.obstacles.append(obstacle.unc_content(where.path, where.server))
    else:
        volume = carrier(where.path, server.access_paths) or drive_root(where.path)
        if volume.casefold() != server.system.casefold():
            found.volumes.setdefault(volume, []).append(where.path)


def _volume_obstacles(content: _Content, server: _Server) -> Iterator[Obstacle]:
    yield from content.obstacles
    for volume, paths in content.volumes.items():
        if volume not in server.declared:
            yield obstacle.undeclared_volume(volume, paths)


def _certificate(binding: Binding) -> Certificate:
    """The store outweighs SNI: with sslFlags 3 the host name picks the file in the central store."""
    by_name = "host name" if binding.ssl_flags & SNI else "address"
    return Certificate(
        binding=shown(binding),
        chosen_by="central store" if binding.ssl_flags & CENTRAL_STORE else by_name,
        thumbprint=binding.certificate_hash or None,
        store=binding.certificate_store or None,
    )


def _variables(machine: Machine) -> dict[str, str]:
    """What IIS expands paths with: the system's variables, and those that Windows sets at boot."""
    drive = machine.system_drive
    boot = {
        "SYSTEMDRIVE": drive,
        "SYSTEMROOT": machine.windows_directory,
        "WINDIR": machine.windows_directory,
        "PROGRAMFILES": f"{drive}\\Program Files",
        "PROGRAMFILES(X86)": f"{drive}\\Program Files (x86)",
        "PROGRAMDATA": f"{drive}\\ProgramData",
    }
    return boot | {name.upper(): value for name, value in machine.variables.items()}


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    """In order, each once."""
    return tuple(dict.fromkeys(values))
