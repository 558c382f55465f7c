# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate stores of a machine, and the TLS bindings of http.sys: a JSON file, and keys beside it.

It is read for every answer, so that whoever runs the lab may change it while the node is up. How a binding is
chosen for a connection: blogs.msdn.microsoft.com, kaushal, "Server Name Indication (SNI) with IIS 8" and
"Central Certificate Store (CCS) with IIS 8".
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from lab.machine.files import write_atomically

_ANY = "*"  # presented wherever no binding is: what a lab begins with
_SNI, _CENTRAL = 1, 2  # bits of sslFlags
# Binding of http.sys: ipport, hostnameport or ccs, and what it is for.
Key = tuple[str, str]


class BadPfx(ValueError):
    """It cannot be opened; the message is that of Windows."""


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
        """Put a certificate into a store, with or without its private key; gives its thumbprint.

        The key is the file of the same name that ends in ``.key``; without that file it serves nothing.
        """
        found = x509.load_pem_x509_certificate(pem.read_bytes())
        thumbprint, private = thumbprint_of(found), pem.with_suffix(".key")
        files = [str(pem), str(private)] if key and private.exists() else None
        self._keep(_described(found, thumbprint, store, key=key), files)
        return thumbprint

    def import_pfx(self, data: bytes, password: str, store: str) -> str:
        """Import a PFX; what else is in it goes along with its certificate. Gives the thumbprint.

        Raises:
            BadPfx: it cannot be opened, or has no certificate with a private key.
        """
        opened = open_pfx(data, password)
        assert opened.cert is not None  # noqa: S101 - open_pfx has made sure
        thumbprint = thumbprint_of(opened.cert.certificate)
        folder = self._path.with_name("keys")
        folder.mkdir(mode=0o700, exist_ok=True)
        chain, key = folder / f"{thumbprint}.pem", folder / f"{thumbprint}.key"
        pem = serialization.Encoding.PEM
        every = [opened.cert.certificate, *(one.certificate for one in opened.additional_certs)]
        assert opened.key is not None  # noqa: S101 - open_pfx has made sure
        private = opened.key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_atomically(chain, "".join(one.public_bytes(pem).decode() for one in every))
        write_atomically(key, private.decode(), 0o600)
        described = _described(opened.cert.certificate, thumbprint, store, key=True)
        self._keep(described, [str(chain), str(key)])
        return thumbprint

    def remove(self, thumbprint: str, store: str | None = None) -> bool:
        """Take a certificate away; bindings go on naming it. False where it was not there."""
        document = self._read()
        kept = [
            one
            for one in document["certificates"]
            if one["thumbprint"] != thumbprint
            or (store or one["store"]).casefold() != one["store"].casefold()
        ]
        found = len(kept) != len(document["certificates"])
        self._write({**document, "certificates": kept})
        return found

    def bind(self, thumbprint: str | None, key: Key | None = None, store: str = "MY") -> None:
        """Say what http.sys presents for a binding of its own, or wherever it has none; None for nothing."""
        document = self._read()
        document["bound"][_key(key)] = (
            None if thumbprint is None else {"thumbprint": thumbprint, "store": store}
        )
        self._write(document)

    def unbind(self, key: Key) -> bool:
        """Delete a binding of http.sys; False where there is none."""
        document = self._read()
        found = document["bound"].pop(_key(key), None) is not None
        self._write(document)
        return found

    def at(self, key: Key) -> dict[str, str] | None:
        """A binding of http.sys itself: thumbprint and store."""
        found: dict[str, str] | None = self._read()["bound"].get(_key(key))
        return found

    def certificates(self, stores: Iterable[str]) -> list[dict[str, Any]]:
        """What is in some stores, as Windows tells it."""
        wanted = {one.casefold() for one in stores}
        return [
            {name: value for name, value in one.items() if name != "files"}
            for one in self._read()["certificates"]
            if one["store"].casefold() in wanted
        ]

    def bound(self, address: str, port: int, host: str, ssl_flags: int = 0) -> dict[str, str] | None:
        """Thumbprint and store for a binding of a site."""
        document = self._read()["bound"]
        if ssl_flags & _CENTRAL:
            return None
        where = "0.0.0.0" if address == _ANY else f"[{address}]" if ":" in address else address  # noqa: S104
        key = ("hostnameport", f"{host}:{port}") if ssl_flags & _SNI else ("ipport", f"{where}:{port}")
        found: dict[str, str] | None = document.get(_key(key), document.get(_key(None)))
        return found

    def presented(self, address: str, port: int, name: str) -> tuple[str, str] | None:
        """Files of chain and key for a connection in which the client asks for a name; None: it fails."""
        document = self._read()
        where = f"[{address}]" if ":" in address else address
        keys = [("hostnameport", f"{name}:{port}"), ("ipport", f"{where}:{port}")]
        keys += [("hostnameport", f"*.{name.partition('.')[2]}:{port}"), ("ipport", f"0.0.0.0:{port}")]
        bound = document["bound"]
        found = next((bound[_key(one)] for one in [*keys, None] if _key(one) in bound), None)
        if found is None:
            return None
        for one in document["certificates"]:
            same = one["store"].casefold() == found["store"].casefold()
            if one["thumbprint"] == found["thumbprint"] and same and one["key"] and one.get("files"):
                return one["files"][0], one["files"][1]
        return None

    def _keep(self, described: dict[str, Any], files: list[str] | None) -> None:
        document = self._read()
        kept = [one for one in document["certificates"] if one["thumbprint"] != described["thumbprint"]]
        document["certificates"] = [*kept, {**described, "files": files}]
        self._write(document)

    def _read(self) -> dict[str, Any]:
        if not self._path.exists():
            return {"certificates": [], "bound": {}}
        document: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        return document

    def _write(self, document: dict[str, Any]) -> None:
        write_atomically(self._path, json.dumps(document))


def open_pfx(data: bytes, password: str) -> pkcs12.PKCS12KeyAndCertificates:
    """What a PFX holds.

    Raises:
        BadPfx: it cannot be opened, or has no certificate with a private key.
    """
    try:
        opened = pkcs12.load_pkcs12(data, password.encode() or None)
    except ValueError:
        raise BadPfx("The specified network password is not correct.") from None
    if opened.cert is None or opened.key is None:
        raise BadPfx("there is no certificate with a private key in it")
    return opened


def thumbprint_of(found: x509.Certificate) -> str:
    """What Windows calls a certificate by."""
    return found.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - what Windows calls it


def described(found: x509.Certificate) -> dict[str, Any]:
    """Thumbprint, names and validity, as the collection's scripts tell them."""
    whole = _described(found, thumbprint_of(found), "", key=True)
    return {name: whole[name] for name in ("thumbprint", "names", "begins", "ends")}


def _key(key: Key | None) -> str:
    return _ANY if key is None else f"{key[0]} {key[1]}".casefold()


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
