# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What differs between a site and its twin, and what that means for a failover: pure comparison.

``compare.py`` is where to begin; ``areas.py`` lists the areas, ``verdicts.py`` says what a difference means.
"""
