# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate stores of a machine, and which certificate http.sys presents for a binding: a JSON file.

It is read for every answer, so that whoever runs the lab may change it while the node is up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from lab.machine.files import write_atomically

_ANY = "*"  # bindings of which nothing else is said


class CertificateStore:
    """Stores and bindings of one node.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def exists(self) -> bool:
        """Something was put into it once."""
        return self._path.exists()

    def add(self, pem: Path, *, store: str = "MY", key: bool = True) -> str:
        """Put a certificate into a store, with or without its private key; gives its thumbprint."""
        found = x509.load_pem_x509_certificate(pem.read_bytes())
        thumbprint = found.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - what Windows calls it
        document = self._read()
        kept = [one for one in document["certificates"] if one["thumbprint"] != thumbprint]
        document["certificates"] = [*kept, _described(found, thumbprint, store, key=key)]
        self._write(document)
        return thumbprint

    def remove(self, thumbprint: str) -> None:
        """Take a certificate away; bindings go on naming it."""
        document = self._read()
        kept = [one for one in document["certificates"] if one["thumbprint"] != thumbprint]
        self._write({**document, "certificates": kept})

    def bind(
        self, thumbprint: str | None, site: str = _ANY, information: str = "", store: str = "MY"
    ) -> None:
        """Say what http.sys presents for a binding, or for all others; None for nothing."""
        document = self._read()
        document["bound"][_key(site, information)] = (
            None if thumbprint is None else {"thumbprint": thumbprint, "store": store}
        )
        self._write(document)

    def certificates(self, stores: Iterable[str]) -> list[dict[str, Any]]:
        """What is in some stores."""
        wanted = {one.casefold() for one in stores}
        return [one for one in self._read()["certificates"] if one["store"].casefold() in wanted]

    def bound(self, site: str, information: str) -> dict[str, str] | None:
        """Thumbprint and store for a binding."""
        document = self._read()["bound"]
        found: dict[str, str] | None = document.get(_key(site, information), document.get(_key(_ANY, "")))
        return found

    def _read(self) -> dict[str, Any]:
        if not self._path.exists():
            return {"certificates": [], "bound": {}}
        document: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        return document

    def _write(self, document: dict[str, Any]) -> None:
        write_atomically(self._path, json.dumps(document))


def _key(site: str, information: str) -> str:
    return f"{site}\n{information}".casefold()


def _described(found: x509.Certificate, thumbprint: str, store: str, *, key: bool) -> dict[str, Any]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = names.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        hosts = []
    return {
        "store": store,
        "thumbprint": thumbprint,
        "key": key,
        "names": hosts,
        "begins": found.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%S"),
        "ends": found.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%S"),
    }
