# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Messages of the domain name system, by dnspython: questions, and signed updates (RFC 2136, RFC 8945).

dnspython is imported here alone, guarded: it is needed where a record is declared, and nowhere else. How a
message gets to a server is given (``dns_tcp.py``), so that all of this is without I/O.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import StandbyError
from ..ha.dns import ALGORITHMS
from ..ha.model import Dns

try:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.opcode
    import dns.rcode
    import dns.rdatatype
    import dns.tsig
    import dns.update
except ImportError as _error:  # pragma: no cover - the message is what matters
    DNSPYTHON_MISSING: str | None = str(_error)
else:
    DNSPYTHON_MISSING = None

# Takes server, message and seconds; gives the answer, or raises StandbyError.
Exchange = Callable[[str, bytes, float], bytes]


@dataclass(frozen=True)
class Key:
    """A TSIG key.

    Attributes:
        name: as the servers call it.
        secret: base64, as it stands in the servers' configuration; never shown.
        algorithm: such as ``hmac-sha256``.
    """

    name: str
    secret: str = field(repr=False)
    algorithm: str = ALGORITHMS[0]


class Refused(StandbyError):
    """A server answered, and does not do what it was asked."""


def ask(record: Dns, server: str, exchange: Exchange, timeout: float) -> tuple[tuple[str, ...], int | None]:
    """The addresses that a server has for a record, sorted, and their ttl; without any, no ttl.

    Raises:
        StandbyError: it did not answer, or is not responsible for the name.
    """
    _need_dnspython()
    question = dns.message.make_query(record.name, record.type)
    question.flags &= ~dns.flags.RD  # what it has itself; not what it hears from others
    answer = _exchanged(question, server, exchange, timeout, record)
    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise _refused(record, server, answer.rcode(), "a question")
    if not answer.flags & dns.flags.AA:
        raise Refused(
            f"the server {server} does not hold the zone {record.zone}: its answer is not authoritative",
            resource=record.id,
            remedy="Name the servers of the zone itself, not resolvers",
        )
    kind = dns.rdatatype.from_text(record.type)
    name = dns.name.from_text(record.name)
    found = [one for one in answer.answer if one.rdtype == kind and one.name == name]
    values = sorted(one.to_text() for each in found for one in each)
    return tuple(values), min((each.ttl for each in found), default=None)


def update(
    record: Dns, value: str | None, server: str, key: Key | None, exchange: Exchange, timeout: float
) -> None:
    """Have a server replace whatever addresses it has for a record.

    Where an alias stands at the name, a server would pass over the update and say that all is well (RFC 2136
    3.4.2.7). So it is a prerequisite that there is none (2.4.3): it is refused with YXRRSET instead.

    Args:
        record: which.
        value: the one address that it is to have; None for none.
        server: which; it has to be one that takes updates of the zone.
        key: signs the update, and proves the answer; None for an update that anybody could send.
        exchange: sends it.
        timeout: seconds.

    Raises:
        StandbyError: it did not answer; ``Refused`` where it does not do it.
    """
    message = _update(record, key)
    if value is None:
        message.delete(_absolute(record), record.type)
    else:
        message.replace(_absolute(record), record.ttl, record.type, value)
    _sent(message, record, server, exchange, timeout)


def check_access(record: Dns, server: str, key: Key | None, exchange: Exchange, timeout: float) -> None:
    """Send an update that changes nothing: whether the server would take one of this record.

    It deletes an address that no record has: what is not there is passed over (RFC 2136 2.5.4), after the
    server has judged whether the key may change that name (3.3).

    Raises:
        StandbyError: as ``update``.
    """
    message = _update(record, key)
    message.delete(_absolute(record), record.type, "::" if record.type == "AAAA" else "0.0.0.0")  # noqa: S104
    _sent(message, record, server, exchange, timeout)


def check_key(key: Key, resource: str) -> None:
    """Refuse a key that no update can be signed with. Its secret is not told.

    Raises:
        StandbyError: the secret is not base64, or the algorithm not known.
    """
    if key.algorithm not in ALGORITHMS:
        raise StandbyError(
            f"the TSIG key {key.name} has algorithm {key.algorithm!r}",
            resource=resource,
            remedy=f"Give one of {', '.join(ALGORITHMS)}",
        )
    try:
        empty = not base64.b64decode(key.secret, validate=True)
    except (binascii.Error, ValueError):
        empty = True
    if empty:
        raise StandbyError(
            f"the secret of the TSIG key {key.name} is not base64",
            resource=resource,
            remedy="Give it as it stands in the configuration of the servers (tsig-keygen makes one)",
        )


def _update(record: Dns, key: Key | None) -> dns.update.UpdateMessage:
    _need_dnspython()
    message = _signed(record, key) if key is not None else dns.update.UpdateMessage(record.zone)
    message.absent(_absolute(record), "CNAME")
    return message


def _signed(record: Dns, key: Key) -> dns.update.UpdateMessage:
    check_key(key, record.id)
    name = dns.name.from_text(key.name)
    # Names of algorithms as dnspython has them: the one of MD5 is longer (RFC 8945 6).
    algorithm = dns.tsig.HMAC_MD5 if key.algorithm == "hmac-md5" else dns.name.from_text(key.algorithm)
    known = dns.tsig.Key(name, base64.b64decode(key.secret), algorithm)
    return dns.update.UpdateMessage(record.zone, keyring={name: known}, keyname=name, keyalgorithm=algorithm)


def _absolute(record: Dns) -> dns.name.Name:
    return dns.name.from_text(record.name)


def _sent(
    message: dns.update.UpdateMessage, record: Dns, server: str, exchange: Exchange, timeout: float
) -> None:
    answer = _exchanged(message, server, exchange, timeout, record)
    if answer.rcode() != dns.rcode.NOERROR:
        raise _refused(record, server, answer.rcode(), "the update")
    if message.keyring is not None and not answer.had_tsig:
        raise Refused(
            f"the server {server} did not sign its answer, which anybody may have sent",
            resource=record.id,
            remedy="Look at the server's log; a server that takes signed updates signs its answers",
        )


def _exchanged(
    message: dns.message.Message, server: str, exchange: Exchange, timeout: float, record: Dns
) -> dns.message.Message:
    wire = message.to_wire()
    received = exchange(server, wire, timeout)
    try:
        answer = dns.message.from_wire(received, keyring=message.keyring, request_mac=message.mac)
    except (dns.tsig.PeerError, dns.tsig.BadTime) as error:
        raise _bad_key(record, server, error) from None
    except (dns.exception.DNSException, ValueError) as error:
        unsigned = _unsigned(received) if message.keyring is not None else None
        if unsigned is None:
            raise Refused(
                f"the server {server} sent what cannot be read ({error or type(error).__name__})",
                resource=record.id,
                remedy="Make sure that a name server listens there",
            ) from None
        answer = unsigned
    if answer.id != message.id or not answer.flags & dns.flags.QR:
        raise Refused(
            f"the server {server} answered something else than it was asked",
            resource=record.id,
            remedy="Make sure that a name server listens there, and that nothing between answers for it",
        )
    return answer


def _unsigned(received: bytes) -> dns.message.Message | None:
    """An answer without a signature, which later versions of dnspython do not read where one is due.

    Its response code is worth telling. One with a signature is not read without its key.
    """
    try:
        return dns.message.from_wire(received)
    except (dns.exception.DNSException, ValueError):
        return None


_CAUSES: dict[str, tuple[str, str]] = {
    "PeerBadKey": ("it does not know the TSIG key (BADKEY)", "Give the key a name and algorithm that it has"),
    "PeerBadSignature": ("it has another secret for the TSIG key (BADSIG)", "Give the secret that it has"),
    "PeerBadTime": ("its clock is not this machine's (BADTIME)", "Set both clocks: 5 minutes are allowed"),
    "BadTime": ("its clock is not this machine's (BADTIME)", "Set both clocks: 5 minutes are allowed"),
}


def _bad_key(record: Dns, server: str, error: Exception) -> Refused:
    cause, remedy = _CAUSES.get(
        type(error).__name__, (f"of the TSIG key ({type(error).__name__})", "Look at the server's log")
    )
    return Refused(
        f"the server {server} refuses the update of zone {record.zone}: {cause}",
        resource=record.id,
        remedy=remedy,
    )


# What to do about a response code (RFC 2136 2.2, 3.1 to 3.3 and 3.4.1).
_REMEDIES = {
    "REFUSED": "Allow it: update-policy or allow-update of the zone names who may change what",
    "NOTAUTH": "Name a server that holds the zone, with a key that it knows",
    "NOTZONE": "Name the zone that the record lies in",
    "NOTIMP": "Name a server that takes updates (the primary of the zone)",
    "FORMERR": "Look at the server's log",
    "YXRRSET": "An alias (CNAME) stands at that name: delete it there, or declare another name",
    "SERVFAIL": "Look at the server's log; it may be unable to write the zone's file or journal",
}


def _refused(record: Dns, server: str, code: dns.rcode.Rcode, what: str) -> Refused:
    named = dns.rcode.to_text(code)
    return Refused(
        f"the server {server} answers {what} of zone {record.zone} with {named}",
        resource=record.id,
        remedy=_REMEDIES.get(named, "Look at the server's log"),
    )


def _need_dnspython() -> None:
    if DNSPYTHON_MISSING is not None:
        raise StandbyError(
            f"the Python package dnspython is missing ({DNSPYTHON_MISSING})",
            remedy="Install it for the Python that runs Ansible (python -m pip install dnspython), and run "
            "the role monitor again, which takes it to the agents",
        )
