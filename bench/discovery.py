# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time and memory of reading a configuration of 500 sites with 10 bindings each, and discovering them."""

from __future__ import annotations

import statistics
import time
import tracemalloc

from ansible_collections.standby.iis.plugins.module_utils.ha.discovered import SiteDiscovery
from ansible_collections.standby.iis.plugins.module_utils.ha.discovery import discover
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Ip, Volume, VolumeKind
from ansible_collections.standby.iis.plugins.module_utils.windows.environment import Machine
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import parse_configuration

from .conditions import table

SITES = 500
BINDINGS = 10
RUNS = 7


def configuration(sites: int = SITES, bindings: int = BINDINGS) -> bytes:
    """An applicationHost.config with that many sites, each on an address of its own, content on E:."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><configuration><system.applicationHost>'
        f"<applicationPools>{''.join(map(_pool, range(sites)))}</applicationPools>"
        f"<sites>{''.join(_site(number, bindings) for number in range(sites))}"
        '<siteDefaults><logFile directory="%SystemDrive%\\inetpub\\logs\\LogFiles" /></siteDefaults>'
        '<applicationDefaults applicationPool="DefaultAppPool" /></sites>'
        "</system.applicationHost></configuration>"
    ).encode()


def _address(number: int) -> str:
    return f"10.20.{number // 250}.{number % 250 + 1}"


def _pool(number: int) -> str:
    return f'<add name="Pool{number}" managedRuntimeVersion="v4.0" />'


def _site(number: int, bindings: int) -> str:
    listed = "".join(
        f'<binding protocol="http" bindingInformation="{_address(number)}:80:host{host}.s{number}.example" />'
        for host in range(bindings)
    )
    return (
        f'<site name="Site{number}" id="{number + 1}" serverAutoStart="false">'
        f'<application path="/" applicationPool="Pool{number}">'
        f'<virtualDirectory path="/" physicalPath="E:\\sites\\{number}" />'
        f'<virtualDirectory path="/media" physicalPath="%ContentRoot%\\media\\{number}" /></application>'
        f"<bindings>{listed}</bindings></site>"
    )


def _read(document: bytes) -> list[SiteDiscovery]:
    return discover(
        parse_configuration(document, "applicationHost.config"),
        machine=Machine("SERVER1", "C:", "C:\\Windows", {"CONTENTROOT": "E:\\shared"}),
        access_paths=["C:\\", "E:\\"],
        addresses=["10.20.255.11"],
        ips=[Ip(_address(number), 16, ("server1", "server2")) for number in range(SITES)],
        volumes=[Volume("E:\\", VolumeKind.LOCAL, ("server1", "server2"))],
    )


def run() -> str:
    """The figures as text."""
    document = configuration()
    seconds = []
    for _run in range(RUNS):
        started = time.perf_counter()
        found = _read(document)
        seconds.append(time.perf_counter() - started)
    tracemalloc.start()
    _read(document)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    protectable = sum(not site.obstacles for site in found)
    return table(
        ("500 sites, 10 bindings each", "value"),
        (
            ("document, MB", f"{len(document) / 1e6:.2f}"),
            ("sites found / protectable", f"{len(found)} / {protectable}"),
            (f"parse and discover, median of {RUNS}, s", f"{statistics.median(seconds):.3f}"),
            ("slowest, s", f"{max(seconds):.3f}"),
            ("peak memory allocated, MB", f"{peak / 1e6:.1f}"),
        ),
    )
