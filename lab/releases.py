# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases of Windows Server that a node can be, and what they lack."""

from __future__ import annotations

# Year -> build (microsoft/hcsshim, osversion: LTSC2016 to LTSC2022; actions/runner-images, win25).
BUILDS = {2016: "14393", 2019: "17763", 2022: "20348", 2025: "26100"}
# The first year without SMTP Server (windowsserverdocs, removed-deprecated-features-windows-server.md).
NO_SMTP = 2025

# Edition -> Win32_OperatingSystem.OperatingSystemSKU (GetProductInfo: PRODUCT_STANDARD_SERVER and others).
SKUS = {"Standard": 7, "Datacenter": 8}


def shown(year: int, build: str = "", edition: str = "Standard") -> dict[str, str]:
    """What Win32_OperatingSystem shows of a release, by field of the topology."""
    number = build or BUILDS[year]
    return {
        "caption": f"Microsoft Windows Server {year} {edition}",
        "version": f"10.0.{number}",
        "build": number,
    }
