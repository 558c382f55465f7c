# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the project claims, measured: ``python -m bench`` prints every figure with its conditions."""
