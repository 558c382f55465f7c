# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands against protecting a site: each with a reason, a sentence and a remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# The validators siteName and applicationPoolName of IIS_schema.xml; a file edited by hand may hold such.
INVALID_IN_NAMES = {"site": frozenset("/\\?"), "pool": frozenset('|<>&"')}
_SHOWN = 5  # bindings or paths named in one sentence; a site may have hundreds


@dataclass(frozen=True)
class Obstacle:
    """Why a site cannot be protected as it is.

    Attributes:
        reason: fixed word for programs, the name of the function below that makes it.
        sentence: what was found, without a final full stop.
        remedy: what to do, without a final full stop.
    """

    reason: str
    sentence: str
    remedy: str


def shared_configuration(folder: str) -> Obstacle:
    """All nodes read one applicationHost.config: a site cannot be started on one and stopped on another."""
    return Obstacle(
        "shared_configuration",
        f"the IIS configuration is shared, it lies in {folder}",
        "Turn shared configuration off (IIS Manager, Shared Configuration), so that every node has its own",
    )


def invalid_name(what: str, name: str) -> Obstacle:
    """IIS refuses the name to whatever is made anew, so that there can be no twin."""
    return Obstacle(
        "invalid_name",
        f"{what} name {name!r} has a character that IIS accepts in no new one, so that no twin can be made",
        "Rename it in IIS Manager, without " + " ".join(sorted(INVALID_IN_NAMES[what])),
    )


def unreadable_binding(binding: str, problem: str) -> Obstacle:
    """IIS itself cannot serve it."""
    return Obstacle("unreadable_binding", f"binding {binding}: {problem}", "Correct or remove the binding")


def no_supported_binding(others: Sequence[str]) -> Obstacle:
    """Nothing that could be moved by address, or started by itself."""
    named = f", only {_some(others)}" if others else ""
    return Obstacle(
        "no_supported_binding",
        f"the site has no http, https, ftp or smtp binding{named}",
        "Give the site a binding on a floating address",
    )


def all_addresses(bindings: Sequence[str]) -> Obstacle:
    """A site that answers on every address moves with none."""
    return Obstacle(
        "all_addresses",
        f"bound to all addresses: {_some(bindings)}",
        "Bind the site to a floating address instead, and make that an ip resource",
    )


def loopback_only(bindings: Sequence[str], addresses: Sequence[str]) -> Obstacle:
    """Nobody outside the node reaches the site; in a lab on one machine, 127/8 floats where declared."""
    movable = [address for address in addresses if address not in ("127.0.0.1", "::1")]
    declare = f", or create the ip resource {_some(movable)} first" if movable else ""
    return Obstacle(
        "loopback_only",
        f"only the node itself reaches it: {_some(bindings)}",
        f"Bind the site to a floating address{declare}",
    )


def node_address(address: str) -> Obstacle:
    """The address stays where it is when the site moves."""
    return Obstacle(
        "node_address",
        f"bound to {address}, an address of the node itself",
        f"Bind the site to a floating address, or make {address} an ip resource if only sites use it",
    )


def undeclared_address(address: str) -> Obstacle:
    """The address is on no node and nobody moves it."""
    return Obstacle(
        "undeclared_address",
        f"bound to {address}, which is no ip resource",
        f"Create the ip resource {address} first",
    )


def unknown_variable(variable: str, path: str) -> Obstacle:
    """Where the content lies cannot be told."""
    return Obstacle(
        "unknown_variable",
        f"the path {path} names the environment variable {variable}, which the system does not have",
        f"Define {variable} as a system environment variable on every node, or write the path without it",
    )


def relative_path(path: str) -> Obstacle:
    """Where the content lies cannot be told."""
    return Obstacle(
        "relative_path",
        f"the path {path or '(empty)'} is not absolute",
        "Write the path with its drive letter",
    )


def unc_content(path: str, server: str) -> Obstacle:
    """The share goes away with the node."""
    return Obstacle(
        "unc_content",
        f"content lies on {path}, a share of the node itself",
        f"Put the content on a volume resource, or on a server other than {server}",
    )


def undeclared_volume(volume: str, paths: Sequence[str]) -> Obstacle:
    """The content would not move, and may not be on the other nodes."""
    return Obstacle(
        "undeclared_volume",
        f"content lies on {volume}, which is no volume resource: {_some(paths)}",
        f"Create the volume resource {volume} first",
    )


def _some(items: Sequence[str]) -> str:
    """The first few, and how many more."""
    rest = len(items) - _SHOWN
    return ", ".join(items[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
