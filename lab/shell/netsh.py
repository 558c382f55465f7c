# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""netsh.exe, as far as ``http add|update|delete|show sslcert`` goes.

Source: windowsserverdocs ``windows-commands/netsh-http.md``; ``update`` needs a function of httpapi.dll that
is there from Windows 10 version 1703 on (sdk-api ``nf-http-httpupdateserviceconfiguration.md``). Errors as
they are reported: 1312 for a certificate that is not in the store or has no private key, 183 for a binding
that is there already, 2 for one that is not; each with exit code 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.machine.certstore import CertificateStore, Key
from lab.machine.host import Host
from lab.shell.builtins import say
from lab.shell.program import Streams

_MISSING, _EXISTS, _NO_LOGON = 2, 183, 1312
_TEXTS = {
    _MISSING: "The system cannot find the file specified.",
    _EXISTS: "Cannot create a file when that file already exists.",
    _NO_LOGON: "A specified logon session does not exist. It may already have been terminated.",
}
_FIRST_WITH_UPDATE = 15063
_KEYS = {
    "ipport": re.compile(r"(?:\d+(?:\.\d+){3}|\[[0-9a-f:]+\]):\d+", re.IGNORECASE),
    "hostnameport": re.compile(r"[^:\s]+:\d+"),
    "ccs": re.compile(r"\d+"),
}
_HASH = re.compile(r"[0-9a-f]{40}", re.IGNORECASE)
_GUID = re.compile(r"\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}", re.IGNORECASE)


@dataclass(frozen=True)
class Netsh:
    """netsh.exe.

    Attributes:
        host: the machine.
        store: its certificates.
        build: of its Windows.
    """

    host: Host
    store: CertificateStore
    build: int

    async def __call__(self, argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
        """Change one binding of http.sys."""
        del environment
        call = _call(argv[1:])
        if call is None:
            self.host.record("unknown-request", kind="program", program="netsh", arguments=list(argv[1:]))
            say(streams.err, "The lab emulates netsh http add, update, delete and show sslcert only.")
            return 1
        verb, key, options = call
        if verb == "update" and self.build < _FIRST_WITH_UPDATE:
            say(streams.out, "\r\nThe following command was not found: http update sslcert.\r\n")
            return 1
        if verb == "show":
            return self._show(key, streams)
        code = self._delete(key) if verb == "delete" else self._write(verb, key, options)
        if code:
            say(streams.out, f"\r\nSSL Certificate {verb} failed, Error: {code}\r\n{_TEXTS[code]}\r\n")
            return 1
        self.host.record("http.sslcert", verb=verb, key=" ".join(key), thumbprint=options.get("certhash"))
        say(streams.out, f"\r\nSSL Certificate successfully {verb.removesuffix('e')}ed\r\n")
        return 0

    def _write(self, verb: str, key: Key, options: Mapping[str, str]) -> int:
        there = self.store.at(key) is not None
        if there and verb == "add":
            return _EXISTS
        if not there and verb == "update":
            return _MISSING
        store, thumbprint = options.get("certstorename", "MY"), options["certhash"].upper()
        found = [one for one in self.store.certificates([store]) if one["thumbprint"] == thumbprint]
        if not any(one["key"] for one in found):
            return _NO_LOGON
        self.store.bind(thumbprint, key, store)
        return 0

    def _show(self, key: Key, streams: Streams) -> int:
        found = self.store.at(key)
        if found is None:
            say(streams.out, f"\r\n{_TEXTS[_MISSING]}\r\n")
            return 1
        say(streams.out, f"\r\n    {key[1]}\r\n    {found['thumbprint'].lower()}\r\n")
        return 0

    def _delete(self, key: Key) -> int:
        return 0 if self.store.unbind(key) else _MISSING


def _call(words: Sequence[str]) -> tuple[str, Key, dict[str, str]] | None:
    """Verb, binding and options; None where the lab does not know the call."""
    match [word.casefold() for word in words[:3]]:
        case ["http", "add" | "update" | "delete" | "show" as verb, "sslcert"]:
            pairs = [word.partition("=") for word in words[3:]]
            options = {name.casefold(): value for name, equals, value in pairs if equals}
        case _:
            return None
    keys = [(kind, options.pop(kind)) for kind in _KEYS if kind in options]
    if len(keys) != 1 or not _KEYS[keys[0][0]].fullmatch(keys[0][1]) or len(options) + 1 != len(pairs):
        return None
    if verb in ("delete", "show"):
        return (verb, keys[0], {}) if not options else None
    known = set(options) <= {"certhash", "appid", "certstorename"} and {"certhash", "appid"} <= set(options)
    if not known or not _HASH.fullmatch(options["certhash"]) or not _GUID.fullmatch(options["appid"]):
        return None
    if keys[0][0] == "hostnameport" and "certstorename" not in options:
        return None
    return verb, keys[0], options
