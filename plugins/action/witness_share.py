# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run standby.iis.witness_share on the controller, for the file server of each host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.standby.iis.plugins.plugin_utils.node_action import NodeAction


class ActionModule(NodeAction):
    """One run a host, which concerns that server alone."""

    WHOLE_PLAY = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The module's result; the module is told where the collection lies, which has its script."""
        if not self._task.args.get("source"):
            self._task.args["source"] = str(Path(__file__).resolve().parents[1] / "module_utils")
        return super().run(tmp, task_vars)
