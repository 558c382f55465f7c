# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demonstration protects: the sites of ``inventories/lab``, and how clients use them."""

from __future__ import annotations

from dataclasses import dataclass

from lab.prober import Target

NETWORK = "127.88"  # beside the default lab, not in its way
HERE, THERE = "server1", "server2"


@dataclass(frozen=True)
class Service:
    """A protected site.

    Attributes:
        name: of the site, and of its hierarchy.
        home: the node where it comes first.
        url: what clients ask for: a page, a login and a listing, a greeting and EHLO.
    """

    name: str
    home: str
    url: str

    @property
    def away(self) -> str:
        """The node that stands by."""
        return THERE if self.home == HERE else HERE

    @property
    def target(self) -> Target:
        """For the prober."""
        return Target(self.name, self.url)


SERVICES = (
    Service("WebSite1", HERE, f"http://{NETWORK}.1.201:8080/"),
    Service("WebSite2", THERE, f"http://{NETWORK}.1.202:8080/"),
    Service("FTPsite", HERE, f"ftp://anonymous@{NETWORK}.1.203:2121/"),
    Service("SMTPvs", THERE, f"smtp://{NETWORK}.1.204:2525/client.example.net"),
)


def at_home(node: str) -> tuple[str, ...]:
    """Names of what comes first on a node."""
    return tuple(service.name for service in SERVICES if service.home == node)
