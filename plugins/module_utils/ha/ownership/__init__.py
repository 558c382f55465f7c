# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who owns a hierarchy: decided purely, on a snapshot.

Begin with ``decide.py``, which has the invariant. What is known comes in by ``memory.py`` (events) as a
``snapshot.py``; what is to be done goes out as a ``decision.py``. Every file has a line in
``docs/architecture.md``.
"""
