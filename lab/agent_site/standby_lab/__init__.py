# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a real process feels of the faults of its lab node; on the import path of such processes alone."""
