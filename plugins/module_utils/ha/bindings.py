# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a binding says: its address, port and host name.

``ip:port:host`` of http, https and ftp: IIS configuration reference, ``bindings/binding``; of smtp: IIS 6.0
SDK, ``ServerBindings``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from ..windows.iis_config import Binding

WEB = frozenset({"http", "https"})
FTP = frozenset({"ftp"})
SMTP = frozenset({"smtp"})
ADDRESSED = WEB | FTP | SMTP  # protocols whose bindings name an address
SNI, CENTRAL_STORE = 1, 2  # bits of sslFlags

# All addresses: IIS writes * or nothing; http.sys and the IIS tools also take these.
_EVERY = frozenset({"", "*", "+", "0.0.0.0", "::"})  # noqa: S104 - read from a configuration, never bound


class UnreadableBindingError(ValueError):
    """A binding of an addressed protocol that does not have the form ``ip:port:host``."""


@dataclass(frozen=True)
class Endpoint:
    """A binding of http, https or ftp, taken apart.

    Attributes:
        protocol: lower case.
        address: canonical text form, None for all addresses.
        port: 1 to 65535.
        host: host name in lower case, may start with ``*.``; empty for any.
    """

    protocol: str
    address: str | None
    port: int
    host: str

    @property
    def loopback(self) -> bool:
        """True where the address lies in 127/8 or is ::1."""
        return self.address is not None and ipaddress.ip_address(self.address).is_loopback


def shown(binding: Binding) -> str:
    """How a binding is named in messages: ``https 10.0.0.50:443:``."""
    return f"{binding.protocol.lower()} {binding.information}"


def endpoint(binding: Binding) -> Endpoint | None:
    """Take a binding apart; None for protocols whose bindings name no address.

    Raises:
        UnreadableBindingError: the information of an addressed protocol is malformed.
    """
    protocol = binding.protocol.lower()
    if protocol not in ADDRESSED:
        return None
    # From the right, so that the colons of an IPv6 address stay together.
    parts = binding.information.rsplit(":", 2)
    if len(parts) != 3:
        raise UnreadableBindingError(f"expected ip:port:host, found {binding.information!r}")
    whole = binding.information
    return Endpoint(protocol, _address(parts[0], whole), _port(parts[1], whole), parts[2].lower())


def binding_key(binding: Binding) -> str:
    """Protocol, address, port and host, each in its canonical form."""
    try:
        found = endpoint(binding)
    except UnreadableBindingError:
        found = None
    if found is None:
        return f"{binding.protocol.lower()}/{binding.information}"
    address = found.address or "*"
    bare = f"[{address}]" if ":" in address else address
    return f"{found.protocol}/{bare}:{found.port}:{found.host}"


def addresses_of(bindings: Iterable[Binding]) -> frozenset[str]:
    """The addresses that readable bindings name."""
    found: set[str] = set()
    for binding in bindings:
        with suppress(UnreadableBindingError):
            one = endpoint(binding)
            if one is not None and one.address is not None:
                found.add(one.address)
    return frozenset(found)


def _address(text: str, whole: str) -> str | None:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if bare in _EVERY:
        return None
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        raise UnreadableBindingError(f"expected an address before the port, found {whole!r}") from None


def _port(text: str, whole: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise UnreadableBindingError(f"expected a port from 1 to 65535, found {whole!r}")
    return int(text)
