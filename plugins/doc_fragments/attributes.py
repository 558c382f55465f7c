# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or
# https://www.gnu.org/licenses/gpl-3.0.txt)
"""What all modules can do, said once."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes of modules that change something, and (INFO) of those that only read."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what it would change, without changing anything.
    support: full
  diff_mode:
    description: Returns what was changed, or in check mode what would be changed, when in diff mode.
    support: full
  idempotent:
    description: A second run with the same options, on nodes that did not change meanwhile, changes nothing.
    support: full
  platform:
    description: Target platforms.
    platforms: windows
    support: full
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode); it never changes anything.
    support: full
  diff_mode:
    description: Returns what was changed when in diff mode.
    support: N/A
    details: It never changes anything.
  idempotent:
    description: A second run with the same options, on nodes that did not change meanwhile, changes nothing.
    support: full
  platform:
    description: Target platforms.
    platforms: windows
    support: full
"""
