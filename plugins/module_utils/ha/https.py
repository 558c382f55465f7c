# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The https bindings of a site on one node: which certificate each shows, and whether it can serve by it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ..windows.certificate_reading import Bound, CertificateReading, StoredCertificate
from ..windows.certificate_store import CentralStore
from ..windows.iis_config import Binding, IisSite
from ..windows.sslcert import SslKey, SslKind
from .bindings import CENTRAL_STORE, SNI, Endpoint, UnreadableBindingError, binding_key, endpoint
from .on_node import information

_DATE = "%Y-%m-%d"
_DAY = 86400.0


class Flaw(StrEnum):
    """What is the matter with the certificate of a binding."""

    UNBOUND = "unbound"
    MISSING = "missing"
    NO_KEY = "no_key"
    EARLY = "early"
    EXPIRED = "expired"
    EXPIRING = "expiring"
    NAMES = "names"
    CENTRAL = "central"
    CENTRAL_OFF = "central_off"
    CENTRAL_UNBOUND = "central_unbound"


@dataclass(frozen=True)
class Finding:
    """Something about one https binding on one node.

    Attributes:
        binding: such as ``https/10.0.0.50:443:shop.example.com``.
        flaw: what is the matter.
        sentence: it, without a final full stop.
    """

    binding: str
    flaw: Flaw
    sentence: str


def https_of(site: IisSite | None) -> tuple[Binding, ...]:
    """Its https bindings."""
    return tuple(one for one in site.bindings if one.protocol.lower() == "https") if site else ()


def own_https(site: IisSite | None) -> tuple[Binding, ...]:
    """Its https bindings whose certificate http.sys has; those of the central store find theirs by name."""
    return tuple(one for one in https_of(site) if not one.ssl_flags & CENTRAL_STORE)


def central_ports(sites: Iterable[IisSite]) -> tuple[int, ...]:
    """Ports of bindings that are served from the central store."""
    every = [one for site in sites for one in https_of(site) if one.ssl_flags & CENTRAL_STORE]
    return tuple(dict.fromkeys(found.port for one in every if (found := _readable(one)) is not None))


def key_of(binding: Binding) -> SslKey:
    """The binding of http.sys that belongs to one of IIS.

    Raises:
        UnreadableBindingError: it is malformed.
    """
    found = endpoint(binding)
    if found is None:
        raise UnreadableBindingError(f"expected an https binding, found {binding.protocol!r}")
    if binding.ssl_flags & CENTRAL_STORE:
        return SslKey(SslKind.CENTRAL, str(found.port))
    if binding.ssl_flags & SNI and found.host:
        return SslKey(SslKind.NAME, f"{found.host}:{found.port}")
    address = found.address or "0.0.0.0"  # noqa: S104 - as http.sys names all addresses, never bound here
    return SslKey(
        SslKind.ADDRESS, f"[{address}]:{found.port}" if ":" in address else f"{address}:{found.port}"
    )


def covers(names: Iterable[str], host: str) -> bool:
    """A certificate for some names is for a host too; one star stands for one label (RFC 6125 6.4.3)."""
    known, wanted = {_in_unicode(name) for name in names}, _in_unicode(host)
    return not wanted or wanted in known or f"*.{wanted.partition('.')[2]}" in known


def _in_unicode(name: str) -> str:
    """A host name as it is compared: international labels are written in two ways (RFC 5890 2.3.2.1)."""
    labels = unicodedata.normalize("NFC", name.lower()).split(".")
    return ".".join(_label(one) for one in labels)


def _label(text: str) -> str:
    if not text.startswith("xn--"):
        return text
    try:
        return text[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return text


def bound_of(reading: CertificateReading, site: str, binding: Binding) -> Bound | None:
    """The certificate that http.sys shows for a binding of a site."""
    return reading.bound.get((site.casefold(), binding.information.casefold()))


def stored(reading: CertificateReading, bound: Bound) -> StoredCertificate | None:
    """The certificate in the store that http.sys looks for it in."""
    for one in reading.certificates:
        if one.thumbprint == bound.thumbprint and one.store.casefold() == bound.store.casefold():
            return one
    return None


def thumbprints(reading: CertificateReading, sites: Iterable[IisSite]) -> dict[str, dict[str, str]]:
    """Site -> binding -> thumbprint, ``""`` where none is bound; those of the central store are left out."""
    return {
        site.name: {
            binding_key(one): bound.thumbprint if (bound := bound_of(reading, site.name, one)) else ""
            for one in own_https(site)
        }
        for site in sites
    }


def judge(
    site: IisSite | None, node: str, reading: CertificateReading, now: datetime | None, days: float
) -> Iterator[Finding]:
    """What is the matter with the https bindings of a site, the gravest of each.

    Args:
        site: as the node has it.
        node: its name, for sentences.
        reading: its certificates.
        now: by which they are judged; None for not at all.
        days: with fewer left, a certificate is told of.
    """
    for binding in https_of(site):
        if site is None or (found := _judged(site.name, node, binding, reading, now, days)) is None:
            continue
        yield Finding(binding_key(binding), *found)


def _judged(
    site: str, node: str, binding: Binding, reading: CertificateReading, now: datetime | None, days: float
) -> tuple[Flaw, str] | None:
    where = f"{binding_key(binding)} on {node}"
    if binding.ssl_flags & CENTRAL_STORE:
        problem = _central(binding, reading.central)
        return (problem[0], f"{problem[1]} for {where}") if problem else None
    bound = bound_of(reading, site, binding)
    if bound is None:
        return Flaw.UNBOUND, f"no certificate is bound to {where}"
    kept, told = stored(reading, bound), f"the certificate {bound.thumbprint} of {where}"
    if kept is None:
        return Flaw.MISSING, f"{told} is not in the store {bound.store}"
    if not kept.private_key:
        return Flaw.NO_KEY, f"{told} has no private key"
    if now is not None and kept.begins > now:
        return Flaw.EARLY, f"{told} is not valid before {kept.begins.strftime(_DATE)}"
    left = (kept.ends - now).total_seconds() / _DAY if now is not None else days
    date = kept.ends.strftime(_DATE)
    if left <= 0:
        return Flaw.EXPIRED, f"{told} expired on {date}"
    if left < days:
        return Flaw.EXPIRING, f"{told} expires on {date}, in {left:.0f} days"
    found = _readable(binding)
    if found is not None and kept.names and not covers(kept.names, found.host):
        return Flaw.NAMES, f"{told} is not for {found.host}"
    return None


def _central(binding: Binding, store: CentralStore | None) -> tuple[Flaw, str] | None:
    """Why a binding of the central store serves nobody, as far as that is known."""
    found = _readable(binding)
    if store is None or found is None:
        return None
    if not store.enabled and store.problem:
        told = f"whether the central certificate store is enabled cannot be read ({store.problem})"
        return Flaw.CENTRAL, told
    if not store.enabled:
        return Flaw.CENTRAL_OFF, "the central certificate store is not enabled"
    if found.port not in store.ports:
        told = f"http.sys has no binding of the central store on port {found.port}"
        return Flaw.CENTRAL_UNBOUND, told
    files = {name.casefold() for name in store.files} if store.files is not None else None
    wanted = (f"{found.host}.pfx", f"_.{found.host.partition('.')[2]}.pfx")
    if files is not None and found.host and files.isdisjoint(wanted):
        return Flaw.CENTRAL, f"the central certificate store {store.location} has no {wanted[0]}"
    return None


def _readable(binding: Binding) -> Endpoint | None:
    """Where a binding listens; None where that cannot be read, and somebody wrote it by hand."""
    try:
        return endpoint(binding)
    except UnreadableBindingError:
        return None


def lacking(site: IisSite, node: str, here: CertificateReading, there: CertificateReading) -> Iterator[str]:
    """What a node that is to get the site lacks of the certificates that the original shows, as sentences.

    Args:
        site: the original.
        node: the other node.
        here: certificates of the original's node.
        there: those of the other node.
    """
    for binding in own_https(site):
        bound = bound_of(here, site.name, binding)
        if bound is None:
            continue
        kept = stored(there, bound)
        told = f"the certificate {bound.thumbprint} of {binding_key(binding)}"
        if kept is None:
            yield f"{told} is not in the store {bound.store} on {node}"
        elif not kept.private_key:
            yield f"{told} has no private key on {node}"


def differing(
    own: Mapping[str, str], other: Mapping[str, str], moved: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Bindings of a site for which two nodes have different certificates: binding, own, other.

    Args:
        own: of this node.
        other: of the other one.
        moved: addresses of the other node -> those of this one, where they differ (``moved_addresses``).
    """
    here = {_moved(binding, moved): thumbprint for binding, thumbprint in other.items()}
    for binding, thumbprint in own.items():
        elsewhere = here.get(binding)
        if elsewhere and thumbprint and elsewhere != thumbprint:
            yield binding, thumbprint, elsewhere


def _moved(binding: str, moved: Mapping[str, str]) -> str:
    """What ``binding_key`` gives, as it is on the node that its address moves to."""
    protocol, slash, rest = binding.partition("/")
    return f"{protocol}{slash}{information(rest, moved)}"
