# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shared six-site applicationHost.config, made fit for a lab without privileges."""

from __future__ import annotations

import re
from pathlib import Path

SIX_SITES = Path(__file__).resolve().parents[2].parent / "shared/data/iis/six-sites.applicationHost.config"
NAMES = (
    "press.example.net",
    "ORDERS",
    "survey.example.net",
    "orders-dc.example.net",
    "training.example.org",
    "OrdersTraining",
)
LAST_OCTETS = (193, 194, 195, 197, 198, 199)
_ADDRESS = re.compile(r"\b10\.(?:20\.30|16\.32)\.(\d+)\b")


def for_lab(text: str, subnet: str = "127.16.32") -> str:
    """The same file with addresses of ``subnet`` (three octets) and the ports 8080 and 8443."""
    moved = _ADDRESS.sub(rf"{subnet}.\1", text)
    for port, high in (("80", "8080"), ("443", "8443")):
        moved = re.sub(rf'(bindingInformation="[\d.*]+):{port}:', rf"\1:{high}:", moved)
    return moved


def read() -> str:
    """The shared file as it is, line ends and byte order mark kept."""
    return SIX_SITES.read_bytes().decode("utf-8")
