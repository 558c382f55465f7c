# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The caches of the SMB client: MSFT_SmbClientConfiguration of ``root/Microsoft/Windows/SMB``."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import BadDocument, StandbyError
from ..node import ClassPath, Instance, Node
from .failure import about

SMB_CLIENT_CONFIGURATION = ClassPath("root/Microsoft/Windows/SMB", "MSFT_SmbClientConfiguration")

# How long listings, properties of files and the absence of files are kept, seconds.
LIFETIMES = ("DirectoryCacheLifetime", "FileInfoCacheLifetime", "FileNotFoundCacheLifetime")
_RESOURCE = "configuration of the SMB client"


def read_cache_lifetimes(node: Node) -> dict[str, int]:
    """The lifetimes of LIFETIMES, seconds.

    Raises:
        BadDocument: the answer holds no configuration.
    """
    with about(node, _RESOURCE):
        output = node.cim.invoke(SMB_CLIENT_CONFIGURATION, "GetConfiguration").get("Output")
        if not isinstance(output, Instance):
            raise BadDocument(f"{SMB_CLIENT_CONFIGURATION.name}.GetConfiguration: expected Output")
        return {name: output.number(name) for name in LIFETIMES}


def write_cache_lifetimes(node: Node, lifetimes: Mapping[str, int]) -> None:
    """Set lifetimes; all other settings stay.

    Args:
        node: where.
        lifetimes: name of LIFETIMES -> seconds.

    Raises:
        StandbyError: Windows refused, or shows others afterwards.
    """
    with about(node, _RESOURCE, "Set them there with Set-SmbClientConfiguration"):
        node.cim.invoke(SMB_CLIENT_CONFIGURATION, "SetConfiguration", dict(lifetimes))
        found = read_cache_lifetimes(node)
        if any(found[name] != seconds for name, seconds in lifetimes.items()):
            raise StandbyError(f"the lifetimes are {found} after they were set to {dict(lifetimes)}")
