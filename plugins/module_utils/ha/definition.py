# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The stored form of the definition: one registry value that holds all of it as canonical JSON.

One value, because StdRegProv needs a call for every value read: the whole definition is read in one round
trip and written in one, and a node never holds half of a change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import Any

from ..errors import BadDocument
from .codec import Codec, MisfitError
from .model import Cluster, SiteType, StandbyMode

KEY = "SOFTWARE\\standby.iis"
VALUE = "Definition"
FORMAT = 1

_CODEC = Codec()
# Entries that earlier versions refuse. Where they say what those take for granted they are left out, so that
# agents of both versions read one definition while they are replaced.
_LATER: Mapping[str, object] = MappingProxyType({"records": ()})
_LATER_OF_IPS: Mapping[str, object] = MappingProxyType({"elsewhere": ()})
_LATER_OF_SITES: Mapping[str, object] = MappingProxyType(
    {"services": (SiteType.WEB,), "standby_mode": StandbyMode.COLD}
)
_LATER_OF_VOLUMES: Mapping[str, object] = MappingProxyType({"mirror": None})
_LATER_OF_CHECKS: Mapping[str, object] = MappingProxyType(
    {
        "starttls": False,
        "login": None,
        "password_file": None,
        "listing": False,
        "sender": None,
        "recipient": None,
    }
)


def to_values(cluster: Cluster) -> dict[str, str]:
    """The registry values (name -> text) that hold a cluster; equal clusters give equal text.

    The text is ASCII: names in any script are JSON escapes, whatever code page a tool on the way believes in.
    """
    document = {"format": FORMAT, **asdict(cluster)}
    _leave_out(document, _LATER)
    for ip in document["ips"]:
        _leave_out(ip, _LATER_OF_IPS)
    for volume in document["volumes"]:
        _leave_out(volume, _LATER_OF_VOLUMES)
    for site in document["sites"]:
        _leave_out(site, _LATER_OF_SITES)
        for check in site["checks"]:
            _leave_out(check, _LATER_OF_CHECKS)
    return {VALUE: json.dumps(document, sort_keys=True, separators=(",", ":"))}


def _leave_out(entry: dict[str, Any], later: Mapping[str, object]) -> None:
    for name, usual in later.items():
        if entry[name] == usual:
            del entry[name]


def digest(cluster: Cluster) -> str:
    """Text that changes with what is protected, not with what was asked of it since: SHA-256, hexadecimal."""
    declared = to_values(replace(cluster, intents=(), revision=0))
    return hashlib.sha256(declared[VALUE].encode("ascii")).hexdigest()


def from_values(values: Mapping[str, str], node: str) -> Cluster | None:
    """The cluster that the registry values of a node hold; None where the node has no definition.

    Args:
        values: name -> text, as read below KEY.
        node: whose values they are, for messages.

    Raises:
        BadDocument: the definition is damaged, or of a format that this version does not know.
    """
    text = values.get(VALUE)
    if text is None:
        return None
    try:
        document = json.loads(text)
    except ValueError as error:
        raise _refused(node, f"is not JSON ({error})") from None
    if not isinstance(document, dict):
        raise _refused(node, "is not a JSON object")
    _check_format(document.pop("format", None), node)
    try:
        decoded: Cluster = _CODEC.unpack(Cluster, document, "definition")
    except MisfitError as misfit:
        raise _refused(node, str(misfit)) from None
    return decoded


def reconcile(per_node: Mapping[str, Cluster | None]) -> tuple[Cluster | None, list[str]]:
    """The definition that holds among those found, and one sentence for every node that differs from it.

    The highest revision wins: a node that was away during a write has a lower one. Equal revisions that
    differ (two controllers wrote at once) are decided by their text, so that every controller decides alike.
    """
    present = [cluster for cluster in per_node.values() if cluster is not None]
    if not present:
        return None, []
    newest = _newest(present)
    sentences = []
    for node, cluster in per_node.items():
        if cluster is None:
            sentences.append(f"{node} has no definition yet; it gets it with the next change.")
        elif cluster != newest:
            sentences.append(
                f"{node} has revision {cluster.revision} of the definition, the newest is {newest.revision}; "
                "it is brought up to date with the next change."
                if cluster.revision != newest.revision
                else f"{node} has another definition of revision {newest.revision}; it is overwritten "
                "with the next change."
            )
    return newest, sentences


def _newest(present: list[Cluster]) -> Cluster:
    revision = max(cluster.revision for cluster in present)
    first, *others = [cluster for cluster in present if cluster.revision == revision]
    if all(other == first for other in others):
        return first
    return max([first, *others], key=lambda cluster: to_values(cluster)[VALUE])


def _check_format(number: object, node: str) -> None:
    if number == FORMAT:
        return
    if isinstance(number, int) and number > FORMAT:
        raise _refused(
            node,
            f"has format {number}, newer than {FORMAT}, the newest this version reads",
            "Update the standby.iis collection on the controller",
        )
    raise _refused(node, f"has format {number!r}; this version reads format {FORMAT}")


def _refused(node: str, problem: str, remedy: str | None = None) -> BadDocument:
    return BadDocument(
        f"the stored definition (HKLM\\{KEY}, value {VALUE}) {problem}",
        node=node,
        remedy=remedy
        or f"Delete the value {VALUE} on {node}; it is written again from the other nodes, or by running the "
        "configure playbook",
    )
