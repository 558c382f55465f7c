# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A site that is started and reached by nobody: a warm one, where its addresses are not.

http.sys sends a request to a site by the address that it came in on. So a started site serves nobody on a
node that has none of the addresses that its bindings name, unless it has other bindings than those.
"""

from __future__ import annotations

from collections.abc import Collection

from ..windows.iis_config import IisSite
from .bindings import FTP, WEB, UnreadableBindingError, addresses_of, endpoint, shown
from .facts import NodeFacts
from .model import Site, StandbyMode


def bindings_not_floating(found: IisSite, floating: Collection[str]) -> list[str]:
    """Bindings by which a started site may be reached on a node that has none of its floating addresses.

    They are those on all addresses, on other addresses, and of other protocols, which name none (net.tcp).
    FTP has a run state of its own.

    Args:
        found: the site, as its node has it.
        floating: the addresses that move with it, in canonical form.
    """
    told = []
    for binding in found.bindings:
        protocol = binding.protocol.lower()
        if protocol in FTP:
            continue
        try:
            place = endpoint(binding) if protocol in WEB else None
        except UnreadableBindingError:
            place = None
        if place is None or place.address not in floating:
            told.append(shown(binding))
    return told


def idles(site: Site, found: IisSite, facts: NodeFacts) -> bool:
    """Whether a warm site that is started on a node is reached there by nobody.

    Args:
        site: as it is protected, with the addresses that it has on the node.
        found: as its node has it.
        facts: of that node, with its addresses.
    """
    if (
        site.standby_mode is not StandbyMode.WARM
        or not found.bindings
        or bindings_not_floating(found, site.ips)
    ):
        return False
    here = {address.address for address in facts.addresses}
    return here.isdisjoint(addresses_of(found.bindings)) and here.isdisjoint(site.ips)
