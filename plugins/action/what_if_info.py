# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run standby.iis.what_if_info on the controller, once for all nodes of the play."""

from __future__ import annotations

from ansible_collections.standby.iis.plugins.plugin_utils.node_action import NodeAction


class ActionModule(NodeAction):
    """One run for the whole play, which drives all its nodes."""

    BYPASS_HOST_LOOP = True
