# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults IIS can have, by the names the lab's command line uses.

Every fault may name a ``site``; without one it concerns all sites.

================= ===========================================================================
name              effect and parameters
================= ===========================================================================
site_crash        the site stops, once, when the fault appears
site_hang         connections are accepted and never answered
start_failure     ``start site`` fails with ``hresult`` (hexadecimal text or number)
status            every request is answered with ``status`` (500)
slow_start        ``start site`` takes ``seconds`` (1)
application_start loading the application takes ``seconds`` (1); ``readiness.py`` says when it is loaded
deaf              a started site is not served on an address that comes later
================= ===========================================================================
"""

from __future__ import annotations

from collections.abc import Mapping

from lab.iis.failure import NOT_ACTIVE
from lab.machine.host import Host


def _concerns(fault: Mapping[str, object] | None, site: str) -> bool:
    return fault is not None and str(fault.get("site", site)).lower() == site.lower()


def hangs(host: Host, site: str) -> bool:
    """The site accepts connections and answers none."""
    return _concerns(host.fault("site_hang"), site)


def forced_status(host: Host, site: str) -> int | None:
    """The status every request of the site gets; None while the fault is not active."""
    fault = host.fault("status")
    return int(str(fault.get("status", 500))) if fault is not None and _concerns(fault, site) else None


def start_failure(host: Host, site: str) -> int | None:
    """The HRESULT starting the site fails with; None while the fault is not active."""
    fault = host.fault("start_failure")
    if fault is None or not _concerns(fault, site):
        return None
    code = fault.get("hresult", NOT_ACTIVE)
    return code & 0xFFFFFFFF if isinstance(code, int) else int(str(code), 16)


def start_seconds(host: Host, site: str) -> float:
    """How long starting the site takes."""
    fault = host.fault("slow_start")
    return float(str(fault.get("seconds", 1.0))) if fault is not None and _concerns(fault, site) else 0.0


def application_seconds(host: Host, site: str) -> float:
    """How long loading the application of the site takes."""
    fault = host.fault("application_start")
    return float(str(fault.get("seconds", 1.0))) if fault is not None and _concerns(fault, site) else 0.0


def deaf(host: Host, site: str) -> bool:
    """The site is not served on addresses that came after its start."""
    return _concerns(host.fault("deaf"), site)


class Crash:
    """The fault ``site_crash``: takes effect once each time it appears."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._seen: dict[str, object] | None = None

    def strikes(self, sites: list[str]) -> list[str]:
        """Which of the started sites go down now."""
        fault = self._host.fault("site_crash")
        now = dict(fault) if fault is not None else None
        fresh = now is not None and now != self._seen
        self._seen = now
        return [name for name in sites if _concerns(now, name)] if fresh else []
