# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration, ``python -m lab demo``: the real playbooks and agents on the classical cluster."""
