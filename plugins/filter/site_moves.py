# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which hierarchies a lost site leaves to be moved, for the playbook disaster_recovery."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.standby.iis.plugins.plugin_utils.site_moves import site_moves

DOCUMENTATION = r"""
name: site_moves
short_description: Say which hierarchies have to move when a site is lost, or comes back
version_added: "1.0.0"
description:
  - Takes the hierarchies of M(standby.iis.hierarchy_info), and says what is to be put in service where, in
    order.
  - What is in service on the lost nodes, or was last, goes to a node that is not lost. What an earlier move
    has left half-way, or with DNS records that do not follow, is put right where it is; agents do that by
    themselves.
  - What somebody has taken out of service is left so.
author:
  - The standby.iis authors (!UNKNOWN)
options:
  _input:
    description: The hierarchies.
    type: list
    elements: dict
    required: true
  lost:
    description: Nodes of the site.
    type: list
    elements: str
    required: true
  back:
    description: Whether hierarchies whose primary is one of these nodes go back to it.
    type: bool
    default: false
  to:
    description:
      - Node that takes what leaves the site, where it is one of the hierarchy's nodes and not lost.
      - Otherwise, and without it, the first of the hierarchy's nodes that is not lost takes it.
    type: str
  first:
    description: Names of hierarchies that come before all others, in this order.
    type: list
    elements: str
    default: []
positional: lost
seealso:
  - module: standby.iis.hierarchy_info
"""

EXAMPLES = r"""
- name: Read the hierarchies
  standby.iis.hierarchy_info:
  register: found

- name: Show what would move if server1 were lost
  ansible.builtin.debug:
    msg: "{{ found.hierarchies | standby.iis.site_moves(['server1'], first=['directory']) }}"
"""

RETURN = r"""
_value:
  description: What is to be moved, in order.
  type: list
  elements: dict
  contains:
    name:
      description: Name of the hierarchy.
      type: str
    from:
      description: Where it is, or was to be last.
      type: str
    to:
      description: Where it is to be. Empty where none of its nodes is left.
      type: str
    before:
      description: Why it is as it is, one sentence.
      type: str
"""


class FilterModule:
    """Filters by name."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Filters by name."""
        return {"site_moves": site_moves}
