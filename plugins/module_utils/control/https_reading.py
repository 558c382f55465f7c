# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The certificates of a node: its stores, what http.sys shows, and the central store where it is used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from ..ha.https import central_ports
from ..node import Node
from ..windows.certificate_reading import CertificateReading, read_certificates
from ..windows.certificate_store import read_central
from ..windows.iis_config import IisSite

Reading = TypeVar("Reading", bound=CertificateReading)


def read_https(node: Node, sites: Iterable[IisSite]) -> CertificateReading:
    """Certificates alone.

    Raises:
        StandbyError: they cannot be read.
    """
    return with_central(node, read_certificates(node), sites)


def with_central(node: Node, reading: Reading, sites: Iterable[IisSite]) -> Reading:
    """A reading with the central store, where a binding of some sites is served from it.

    Raises:
        StandbyError: the node does not answer.
    """
    ports = central_ports(sites)
    return replace(reading, central=read_central(node, ports)) if ports else reading
