# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Records in the domain name system: what may be declared, what one says, what servers say of it. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import StandbyError
from .model import Dns, Hierarchy, Ip

# RFC 1035 2.3.4: a label has 63 octets at most, a name 255 with the lengths of its labels.
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST = 253
PORT = 53
# Seconds. 0 is "not cached" (RFC 1035 3.2.1), so that every connection would ask the servers; above a day,
# clients would go astray after a move for longer than anybody waits.
TTL = (1, 86400)
ALGORITHMS = ("hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224", "hmac-sha1", "hmac-md5")


@dataclass(frozen=True)
class Told:
    """What one server says of a record.

    Attributes:
        server: as it is declared.
        values: addresses, sorted; None where it did not answer.
        ttl: of them, seconds; None where there are none.
        problem: why it did not answer, or did not take an update; "" where it did.
    """

    server: str
    values: tuple[str, ...] | None = None
    ttl: int | None = None
    problem: str = ""

    def shows(self, record: Dns, value: str) -> bool:
        """Whether it answers with this very value, for as long as declared."""
        return self.values == (value,) and self.ttl == record.ttl

    @property
    def words(self) -> str:
        """Such as ``10.0.0.53: 192.0.2.50``."""
        if self.values is None:
            return f"{self.server}: no answer ({self.problem})"
        shown = f"{self.server}: {', '.join(self.values) or 'no such record'}"
        return f"{shown} ({self.problem})" if self.problem else shown


def value_on(record: Dns, hierarchy: Hierarchy, node: str) -> str:
    """The address that a record names while its hierarchy is in service on a node."""
    ip = next(one for one in hierarchy.ips if one.address == record.ip)
    return ip.on(node).address


def needs_update(record: Dns, value: str, told: Iterable[Told]) -> bool:
    """Whether an update is due: a server shows something else. Silent ones cannot be updated."""
    return any(one.values is not None and not one.shows(record, value) for one in told)


def shown_somewhere(record: Dns, value: str, told: Iterable[Told]) -> bool:
    """Whether a server answers as it should."""
    return any(one.shows(record, value) for one in told)


def settled(record: Dns, value: str, told: Sequence[Told]) -> bool:
    """Whether every server answers as it should."""
    return bool(told) and all(one.shows(record, value) for one in told)


def unsettled(record: Dns, value: str, told: Sequence[Told]) -> list[str]:
    """One sentence for each server that does not say what it should."""
    return [
        f"{record.id} is to be {value}, and the server {one.words}"
        for one in told
        if not one.shows(record, value)
    ]


def validated(record: Dns, ips: Iterable[Ip]) -> Dns:
    """A record in its canonical form.

    Raises:
        StandbyError: it makes no sense, or names an address that is not declared.
    """
    name, zone = _name(record.name, "record"), _name(record.zone, "zone")
    if name != zone and not name.endswith(f".{zone}"):
        raise _unfit(record.name, f"does not lie in the zone {zone}", f"Write it in full, as in www.{zone}")
    _check_bounds(record)
    _check_ip(record, ips)
    servers = tuple(dict.fromkeys(_shown(*endpoint(one)) for one in record.servers))
    key = _name(record.key, "key") if record.key else ""
    return Dns(name, zone, record.ip, servers, record.ttl, key)


def _check_bounds(record: Dns) -> None:
    if not TTL[0] <= record.ttl <= TTL[1]:
        raise _unfit(record.name, f"has a ttl of {record.ttl} s", f"Give one from {TTL[0]} to {TTL[1]} s")
    if not record.servers:
        raise _unfit(record.name, "has no servers", "Name the servers of the zone that take updates first")


def _check_ip(record: Dns, ips: Iterable[Ip]) -> None:
    known = [ip.address for ip in ips]
    if record.ip not in known:
        raise _unfit(
            record.name,
            f"names {record.ip}, which is no ip resource",
            f"Declare the address first{', or name one of ' if known else ''}{', '.join(known)}",
        )


def endpoint(server: str) -> tuple[str, int]:
    """Address and port of ``192.0.2.53``, ``192.0.2.53:5353``, ``2001:db8::53`` or ``[2001:db8::53]:5353``.

    Raises:
        StandbyError: it is none of these.
    """
    host, port = server.strip(), str(PORT)
    if host.startswith("["):
        host, _bracket, rest = host[1:].partition("]")
        port = rest[1:] if rest.startswith(":") else port if not rest else "x"
    elif host.count(":") == 1:
        host, _colon, port = host.partition(":")
    try:
        address = str(ipaddress.ip_address(host))
    except ValueError:
        raise _no_server(server) from None
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise _no_server(server)
    return address, int(port)


def _shown(address: str, port: int) -> str:
    if port == PORT:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _name(text: str, what: str) -> str:
    name = text.strip().rstrip(".").lower()
    labels = name.split(".")
    if not name.isascii():
        raise _unfit(text, f"is no name of a {what} in ASCII", "Write it in its form for the DNS, xn--...")
    if len(name) > _LONGEST or not all(_LABEL.fullmatch(label) for label in labels):
        raise _unfit(text, f"is no name of a {what}", "Give a name such as www.example.com")
    return name


def _no_server(server: str) -> StandbyError:
    return StandbyError(
        f"the name server {server!r} is not an IP address, with or without a port",
        remedy="Give addresses: names of servers cannot be resolved when they are needed most",
    )


def _unfit(name: str, problem: str, remedy: str) -> StandbyError:
    return StandbyError(problem, resource=f"dns {name}", remedy=remedy)
