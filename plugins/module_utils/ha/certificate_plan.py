# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which nodes need an operator's certificate, and which bindings of http.sys; and what was made by us."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from ..errors import BadDocument, StandbyError
from ..windows.certificate_store import HeldCertificate
from ..windows.iis_config import Binding, IisSite
from ..windows.sslcert import SslKey, SslKind
from ..windows.twin_reading import Bound, TwinReading
from .bindings import CENTRAL_STORE, UnreadableBindingError, endpoint
from .https import bound_of, covers, https_of, key_of, stored

VALUE = "Certificates"  # beside the definition, on each node


@dataclass(frozen=True)
class CertificatePlan:
    """What one node needs.

    Attributes:
        node: which.
        needs_import: the certificate is not there, or without its private key.
        bind: bindings to be made, each with whether one is there that is replaced.
    """

    node: str
    needs_import: bool
    bind: tuple[tuple[SslKey, bool], ...]

    @property
    def needed(self) -> bool:
        """Something is to be done."""
        return self.needs_import or bool(self.bind)

    def sentences(self, wanted: Bound) -> list[str]:
        """Each step in words."""
        certificate = f"certificate {wanted.thumbprint}"
        first = [f"import the {certificate} into the store {wanted.store} on {self.node}"]
        steps = first if self.needs_import else []
        return steps + [
            f"{'replace' if there else 'make'} the binding {key} of http.sys on {self.node}, "
            f"to the {certificate}"
            for key, there in self.bind
        ]


def chosen_bindings(
    site: IisSite, held: HeldCertificate, only: Collection[str], node: str
) -> tuple[Binding, ...]:
    """The https bindings of a site that a certificate is for.

    Args:
        site: which.
        held: the certificate.
        only: information of the bindings that are meant; empty for all whose host name it covers.
        node: that has the site, for messages.

    Raises:
        StandbyError: there are none, a named one does not exist, or the certificate is not for its host name.
    """
    every = [one for one in https_of(site) if not one.ssl_flags & CENTRAL_STORE]
    wanted = {one.casefold() for one in only}
    if unknown := sorted(wanted - {one.information.casefold() for one in every}):
        raise _refusal(site, node, f"has no https binding {', '.join(unknown)}", every)
    found = [one for one in every if one.information.casefold() in wanted or (not only and _fits(one, held))]
    if not found:
        names = ", ".join(held.names) or "no name"
        raise _refusal(
            site, node, f"has no https binding that the certificate is for, which names {names}", every
        )
    for one in found:
        if not _fits(one, held):
            what = (
                f"has the https binding {one.information}, and the certificate is for {', '.join(held.names)}"
            )
            raise _refusal(site, node, what, every)
    return tuple(found)


def refuse_unfit(held: HeldCertificate, now: datetime) -> None:
    """Refuse a certificate that no client would take.

    Raises:
        StandbyError: it has expired, or is not valid yet.
    """
    if held.ends <= now or held.begins > now:
        when = f"expired on {held.ends:%Y-%m-%d}" if held.ends <= now else f"begins on {held.begins:%Y-%m-%d}"
        raise StandbyError(
            f"the certificate {held.thumbprint} of the PFX {when}",
            resource="certificate",
            remedy="Give the one that is valid now",
        )


def plan_certificate(
    node: str, wanted: Bound, site: str, bindings: Sequence[Binding], reading: TwinReading
) -> CertificatePlan:
    """What a node needs so that it shows a certificate for some bindings.

    Args:
        node: which.
        wanted: the certificate.
        site: whose bindings they are.
        bindings: of it.
        reading: the certificates of the node.
    """
    there = stored(reading, wanted)
    bind: dict[SslKey, bool] = {}
    for one in bindings:
        bound = bound_of(reading, site, one)
        if bound is None or not same(bound, wanted):
            bind[key_of(one)] = bound is not None
    return CertificatePlan(node, there is None or not there.private_key, tuple(bind.items()))


def same(one: Bound, other: Bound) -> bool:
    """The same certificate in the same store."""
    return one.thumbprint == other.thumbprint and one.store.casefold() == other.store.casefold()


# What was made by us, as a node remembers it


@dataclass(frozen=True)
class Imported:
    """A certificate that was imported for a site."""

    site: str
    certificate: Bound


@dataclass(frozen=True)
class MadeBinding:
    """A binding of http.sys that was made for a site, and the certificate that it was given."""

    site: str
    key: SslKey
    thumbprint: str


@dataclass(frozen=True)
class Made:
    """What was made on a node."""

    imported: tuple[Imported, ...] = ()
    bound: tuple[MadeBinding, ...] = ()

    def also(self, imported: Iterable[Imported], bound: Iterable[MadeBinding]) -> Made:
        """With more of it; of a binding, the last certificate counts."""
        by_key = {(one.site, one.key): one for one in (*self.bound, *bound)}
        return Made(tuple(dict.fromkeys((*self.imported, *imported))), tuple(by_key.values()))

    def without(self, site: str) -> Made:
        """What was made for other sites."""
        return Made(
            tuple(one for one in self.imported if one.site != site),
            tuple(one for one in self.bound if one.site != site),
        )


def made_text(made: Made) -> str:
    """As it is stored; "" for nothing."""
    if not made.imported and not made.bound:
        return ""
    document = {
        "imported": [[one.site, one.certificate.thumbprint, one.certificate.store] for one in made.imported],
        "bound": [[one.site, one.key.kind.value, one.key.value, one.thumbprint] for one in made.bound],
    }
    return json.dumps(document, separators=(",", ":"))


def made_of(text: str | None, node: str) -> Made:
    """What a node remembers.

    Raises:
        BadDocument: it is malformed.
    """
    if not text:
        return Made()
    try:
        document = json.loads(text)
        imported = [
            Imported(str(site), Bound(str(one), str(store))) for site, one, store in document["imported"]
        ]
        bound = [
            MadeBinding(str(site), SslKey(SslKind(kind), str(value)), str(thumbprint))
            for site, kind, value, thumbprint in document["bound"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise BadDocument(
            f"the stored record of certificates (value {VALUE}): {error}",
            node=node,
            remedy=f"Delete the value {VALUE} on {node}; certificates and bindings stay as they are",
        ) from None
    return Made(tuple(imported), tuple(bound))


@dataclass(frozen=True)
class Removal:
    """What is taken away on a node.

    Attributes:
        keys: bindings of http.sys.
        certificates: of its stores, with their keys.
        left: what the node remembers then.
    """

    keys: tuple[SslKey, ...]
    certificates: tuple[Bound, ...]
    left: Made

    def sentences(self, node: str) -> list[str]:
        """Each step in words."""
        unbound = [f"delete the binding {key} of http.sys on {node}" for key in self.keys]
        return unbound + [
            f"remove the certificate {one.thumbprint} from the store {one.store} on {node}"
            for one in self.certificates
        ]


def plan_removal(name: str, made: Made, sites: Iterable[IisSite], reading: TwinReading) -> Removal:
    """What is taken away of what was made for a site: nothing that another site uses, or somebody changed.

    Args:
        name: the site.
        made: what the node remembers.
        sites: all of the node.
        reading: its certificates.
    """
    every = list(sites)
    others = [one for one in every if one.name != name]
    own = {
        key_of(one): bound_of(reading, name, one)
        for site in every
        if site not in others
        for one in _own(site)
    }
    shared = {key_of(binding) for one in others for binding in _own(one)}
    ours = [one for one in made.bound if one.site == name and one.key not in shared]
    keys = tuple(
        one.key for one in ours if (now := own.get(one.key)) is None or now.thumbprint == one.thumbprint
    )
    left = made.without(name)
    names = {one.name.casefold() for one in others}
    used = [bound for (site, _information), bound in reading.bound.items() if site in names]
    used += [one.certificate for one in left.imported]
    used += [bound for key, bound in own.items() if bound is not None and key not in keys]
    gone = [one.certificate for one in made.imported if one.site == name]
    return Removal(keys, tuple(one for one in gone if not any(same(one, other) for other in used)), left)


def _own(site: IisSite) -> tuple[Binding, ...]:
    """Https bindings that can be read."""
    found = []
    for one in https_of(site):
        with suppress(UnreadableBindingError):
            key_of(one)
            found.append(one)
    return tuple(found)


def _fits(binding: Binding, held: HeldCertificate) -> bool:
    try:
        found = endpoint(binding)
    except UnreadableBindingError:
        return False
    return found is not None and covers(held.names, found.host)


def _refusal(site: IisSite, node: str, what: str, every: Sequence[Binding]) -> StandbyError:
    known = ", ".join(one.information for one in every) or "none"
    return StandbyError(
        what,
        node=node,
        resource=f'site "{site.name}"',
        remedy=f"Give a certificate for its bindings, or name other bindings; its https bindings with a "
        f"certificate of their own are {known}",
    )
