# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What operators declare, as options of modules: the same words wherever something is declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..ha.checks import refuse_unfit
from ..ha.model import Check, Ip, SiteType, StandbyMode, Volume, VolumeKind
from .ip import IpRequest
from .mirror_request import MirrorWanted
from .site import SiteRequest
from .volume import VolumeRequest

_NODES = {"type": "list", "elements": "str"}

MIRROR_SPEC: dict[str, Any] = {
    "log": {"type": "str"},
    "provider": {"type": "str", "choices": ["storage_replica", "robocopy"], "default": "storage_replica"},
    "readers": {"type": "list", "elements": "str", "default": []},
    "mode": {"type": "str", "choices": ["sync", "async"], "default": "sync"},
    "rpo": {"type": "int"},
    "takeover": {"type": "str", "choices": ["never", "within_rpo"], "default": "never"},
    "log_size": {"type": "int", "default": 8},
}
VOLUME_SPEC: dict[str, Any] = {
    "path": {"type": "str", "required": True},
    "kind": {"type": "str", "choices": ["local", "shared", "mirror"], "default": "local"},
    "disk": {"type": "str"},
    "mirror": {"type": "dict", "options": MIRROR_SPEC},
    "nodes": _NODES,
}
IP_SPEC: dict[str, Any] = {
    "address": {"type": "str", "required": True},
    "prefix": {"type": "int"},
    "nodes": _NODES,
    "interfaces": {"type": "dict"},
    "dad_transmits": {"type": "int"},
    "adopt": {"type": "bool", "default": False},
    "addresses": {"type": "dict"},
}
CHECK_SPEC: dict[str, Any] = {
    "url": {"type": "str", "required": True},
    "host": {"type": "str"},
    "status": {"type": "list", "elements": "int"},
    "body": {"type": "str"},
    "timeout": {"type": "float", "default": 5.0},
    "verify": {"type": "bool", "default": True},
    "latency": {"type": "float"},
    "certificate_days": {"type": "float"},
    "starttls": {"type": "bool", "default": False},
    "login": {"type": "str"},
    "password_file": {"type": "path", "no_log": False},
    "listing": {"type": "bool", "default": False},
    "sender": {"type": "str"},
    "recipient": {"type": "str"},
}
SITE_SPEC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "choices": ["web", "ftp", "smtp"]},
    "nodes": _NODES,
    "checks": {"type": "list", "elements": "dict", "options": CHECK_SPEC},
    "standby_mode": {"type": "str", "choices": ["cold", "warm"], "default": "cold"},
}
PENDING_SPEC: dict[str, Any] = {
    "volumes": {
        "type": "list",
        "elements": "dict",
        "options": {name: VOLUME_SPEC[name] for name in ("path", "kind", "disk", "nodes")},
    },
    "ips": {
        "type": "list",
        "elements": "dict",
        "options": {name: IP_SPEC[name] for name in ("address", "prefix", "nodes", "addresses")},
    },
}


def volume_request(params: Mapping[str, Any], nodes: Sequence[str]) -> VolumeRequest:
    """A volume as requested.

    Args:
        params: options by the names of ``VOLUME_SPEC``.
        nodes: those of a volume that names none.
    """
    mirror = params.get("mirror")
    return VolumeRequest(
        params["path"],
        params["kind"],
        tuple(params["nodes"] or nodes),
        params["disk"],
        mirror_wanted(mirror) if mirror else None,
    )


def mirror_wanted(params: Mapping[str, Any]) -> MirrorWanted:
    """A mirror as requested, from options by the names of ``MIRROR_SPEC``; sizes in GB."""
    return MirrorWanted(
        params["log"],
        params["mode"],
        params["rpo"],
        params["takeover"],
        params["log_size"] << 30,
        params["provider"],
        tuple(params["readers"]),
    )


def ip_request(params: Mapping[str, Any], nodes: Sequence[str]) -> IpRequest:
    """An address as requested; the arguments are as those of ``volume_request``."""
    return IpRequest(
        address=params["address"],
        prefix=params["prefix"],
        nodes=tuple(params["nodes"] or nodes),
        interfaces=params["interfaces"] or {},
        dad_transmits=params["dad_transmits"],
        adopt=params["adopt"],
        addresses=params["addresses"] or {},
    )


def site_request(
    params: Mapping[str, Any], nodes: Sequence[str], pending: tuple[Ip | Volume, ...] = ()
) -> SiteRequest:
    """A site as requested; the arguments are as those of ``volume_request``, and what is pending.

    Raises:
        StandbyError: a deep check that says nothing.
    """
    checks = tuple(
        Check(**{**check, "status": tuple(check["status"] or ())}) for check in params["checks"] or ()
    )
    wanted = SiteType(params["type"]) if params.get("type") else None
    request = SiteRequest(
        params["name"],
        tuple(params["nodes"] or nodes),
        checks,
        pending,
        wanted,
        standby_mode=StandbyMode(params["standby_mode"]),
    )
    for check in checks:
        refuse_unfit(check, f'site "{request.name}"')
    return request


def pending_resources(params: Mapping[str, Any] | None, nodes: Sequence[str]) -> tuple[Ip | Volume, ...]:
    """What earlier tasks declare, from options by the names of ``PENDING_SPEC``."""
    given = params or {}
    ips = (
        Ip(
            one["address"],
            one["prefix"] or 0,
            tuple(one["nodes"] or nodes),
            elsewhere=tuple((node, str(text), 0) for node, text in (one["addresses"] or {}).items()),
        )
        for one in given.get("ips") or ()
    )
    volumes = (_pending_volume(one, nodes) for one in given.get("volumes") or ())
    return (*ips, *volumes)


def _pending_volume(one: Mapping[str, Any], nodes: Sequence[str]) -> Volume:
    """A volume that an earlier task declares; how it is copied changes nothing for what lies on it."""
    return Volume(one["path"], VolumeKind(one["kind"]), tuple(one["nodes"] or nodes), one["disk"])
