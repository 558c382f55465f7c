# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What https shows: the certificate that is bound, or by a fault one that has expired."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509

from lab.certificates import Authority, Pair
from lab.machine.certstore import CertificateStore
from lab.machine.faults import applies
from lab.machine.host import Host


class Expired:
    """A certificate as that of the lab's sites, by the same authority, that has expired; made when needed.

    Args:
        folder: of the lab, where its authority is.
        sites: the certificate it is like.
    """

    def __init__(self, folder: Path, sites: Pair) -> None:
        self._folder, self._sites = folder, sites

    def files(self) -> tuple[str, str]:
        """Files of chain and key."""
        pair = Pair.at(self._folder, "expired")
        if not pair.certificate.exists():
            like = x509.load_pem_x509_certificate(self._sites.certificate.read_bytes())
            names = like.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            texts = [str(one.value) for one in names]
            Authority(self._folder).issue_server(pair, "Expired", texts, days=-1)
        return str(pair.certificate), str(pair.key)


class Presented:
    """Which certificate a node shows.

    Args:
        store: its certificates and bindings.
        expired: what it shows by the fault.
        host: the machine.
    """

    def __init__(self, store: CertificateStore, expired: Expired, host: Host) -> None:
        self._store, self._expired, self._host = store, expired, host

    def files(self, address: str, port: int, name: str) -> tuple[str, str] | None:
        """Files of chain and key for a connection; None where its handshake fails."""
        if applies(self._host.fault("certificate"), "address", address):
            return self._expired.files()
        return self._store.presented(address, port, name)
