# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Https sites of a lab as curl and openssl see them, and certificates of an authority of the tests."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from lab.certificates import Authority, Pair
from lab.machine.certstore import CertificateStore
from tests.support.cluster_lab import ClusterLab, node, write_topology

PASSWORD = 'pfx hunter2 & "50%" ^caret'
SHOP, PAY, PLAIN = "shop.example.net", "pay.example.net", "plain.example.net"


def https_site(
    name: str, number: int, address: str, port: int, host: str, flags: int = 0, plain: int | None = None
) -> str:
    """A ``<site>`` with an https binding, and one of http on a port where that is given."""
    http = f'<binding protocol="http" bindingInformation="{address}:{plain}:" />' if plain else ""
    return (
        f'      <site name="{name}" id="{number}" serverAutoStart="false">'
        f'<application path="/"><virtualDirectory path="/" physicalPath="E:\\{name.lower()}" /></application>'
        f'<bindings><binding protocol="https" bindingInformation="{address}:{port}:{host}" '
        f'sslFlags="{flags}" />{http}</bindings></site>\n'
    )


SITES = (
    https_site("Shop", 1, "127.77.1.50", 8443, SHOP, 1),
    https_site("Pay", 2, "127.77.1.50", 8443, PAY, 1),
    https_site("Plain", 3, "127.77.1.51", 9443, ""),
)


def topology(folder: Path, *, alike: bool = False) -> Path:
    """Two nodes; the first one has two sites by server name on one address, and one by its address.

    Args:
        folder: for the topology.
        alike: the second one begins with the same configuration of IIS.
    """
    other = {"config": "sites.config"} if alike else {}
    return write_topology(folder, SITES, [node(1, content=True), node(2, content=True, **other)])


@dataclass
class Issuer:
    """A private authority of the tests.

    Attributes:
        folder: of its files.
        handed: every PFX it has made; none is made twice the same.
    """

    folder: Path
    handed: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._authority = Authority(self.folder, "Authority of the tests")

    @property
    def ca(self) -> Path:
        """Its certificate."""
        return self._authority.pair.certificate

    def pair(self, name: str, *hosts: str, days: int = 300) -> Pair:
        """A certificate for some hosts."""
        made = Pair.at(self.folder, name)
        self._authority.issue_server(made, name, hosts or (name,), days=days)
        return made

    def pfx(self, pair: Pair, password: str = PASSWORD) -> Path:
        """A PFX as openssl makes it, with its authority in it."""
        made = pair.certificate.with_suffix(".pfx")
        openssl("pkcs12", "-export", "-inkey", str(pair.key), "-in", str(pair.certificate), "-certfile",
                str(self.ca), "-out", str(made), "-passout", f"pass:{password}")  # fmt: skip
        self.handed.append(made.read_bytes())
        return made


def thumbprint(pair: Pair) -> str:
    """As Windows shows it."""
    found = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    return found.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - what Windows calls it


def openssl(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run openssl."""
    return subprocess.run(
        ["openssl", *arguments], input=stdin, capture_output=True, text=True, check=False, timeout=20
    )


def curl(ca: Path, host: str, address: str, port: int) -> subprocess.CompletedProcess[str]:
    """Ask a site for its page as a browser would that trusts one authority alone."""
    command = ["curl", "-sS", "--max-time", "5", "--cacert", str(ca), "--resolve", f"{host}:{port}:{address}"]
    return subprocess.run(
        [*command, f"https://{host}:{port}/"], capture_output=True, text=True, check=False, timeout=20
    )


def shown(address: str, port: int, host: str | None) -> str:
    """Thumbprint of what s_client is shown; "" where the handshake fails."""
    name = ["-servername", host] if host else ["-noservername"]
    said = openssl("s_client", "-connect", f"{address}:{port}", *name)
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    if begin not in said.stdout:
        return ""
    pem = begin + said.stdout.partition(begin)[2].partition(end)[0] + end
    found = x509.load_pem_x509_certificate(pem.encode())
    return found.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - what Windows calls it


def store_of(cluster: ClusterLab, name: str) -> CertificateStore:
    """The certificates of a node."""
    return CertificateStore(cluster.lab.state.certificates(name))
