# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a node's WinRM service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


def _no_latency() -> float:
    return 0.0


@dataclass(frozen=True)
class WinRmSettings:
    """What a WinRM service is set up with; defaults are those of Windows where Windows has one.

    Attributes:
        address: address to listen on.
        http_port: None for no HTTP listener, 0 for any free port.
        https_port: the same for HTTPS; needs certificate and key.
        certificate: PEM file of the server, with its chain.
        key: PEM file of its private key.
        client_ca: PEM file of the authorities that may issue client certificates; None refuses them.
        certificate_users: subject (``CN=...``) or user principal name of a client certificate -> user.
        users: name -> password; names without a domain.
        computer_name: name in faults and in the NTLM challenge.
        first_items: "one" as Server 2012 answers an Enumerate, "all" as Server 2003 does.
        max_envelope_kb: MaxEnvelopeSizekb, kilobytes of 1024 bytes.
        max_shells_per_user: MaxShellsPerUser.
        max_elements: MaxBatchItems, most items in one answer.
        enumeration_timeout: EnumerationTimeoutms, in seconds; an unused context is forgotten after it.
        max_timeout: MaxTimeoutms, in seconds; bounds OperationTimeout.
        idle_timeout: seconds after which an unused shell is closed (winrs IdleTimeout).
        allow_basic: offer Basic authentication.
        allow_unencrypted: accept plain bodies over HTTP.
        latency: gives the seconds to wait before each request is served.
    """

    address: str
    http_port: int | None = 5985
    https_port: int | None = 5986
    certificate: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None
    certificate_users: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    computer_name: str = "WINDOWS"
    first_items: Literal["one", "all"] = "one"
    max_envelope_kb: int = 500
    max_shells_per_user: int = 30
    max_elements: int = 32000
    enumeration_timeout: float = 60.0
    max_timeout: float = 60.0
    idle_timeout: float = 7200.0
    allow_basic: bool = True
    allow_unencrypted: bool = False
    latency: Callable[[], float] = _no_latency
