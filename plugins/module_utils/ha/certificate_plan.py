# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a node needs so that a site shows an operator's certificate: that itself, and bindings of http.sys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from ..errors import StandbyError
from ..windows.certificate_reading import Bound, CertificateReading
from ..windows.certificate_store import HeldCertificate
from ..windows.iis_config import Binding, IisSite
from ..windows.sslcert import Change, SslKey, replacing
from .bindings import UnreadableBindingError, endpoint
from .https import bound_of, covers, https_of, key_of, own_https, stored

_LOST = {Change.MADE_ANEW: "; this Windows cannot change it in place, so other settings of it are lost"}


@dataclass(frozen=True)
class CertificatePlan:
    """What one node needs.

    Attributes:
        node: which.
        needs_import: the certificate is not there, or without its private key.
        bind: bindings to be made, or changed, each with what becomes of it.
    """

    node: str
    needs_import: bool
    bind: tuple[tuple[SslKey, Change], ...]

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
            f"{change} the binding {key} of http.sys on {self.node}, "
            f"to the {certificate}{_LOST.get(change, '')}"
            for key, change in self.bind
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
    every = own_https(site)
    wanted = {one.casefold() for one in only}
    if unknown := sorted(wanted - {one.information.casefold() for one in every}):
        raise _refusal(site, node, f"has no https binding {', '.join(unknown)}", every)
    found = [one for one in every if one.information.casefold() in wanted or (not only and _fits(one, held))]
    if not found:
        what = f"has no https binding that the certificate is for, which names {_names(held)}"
        raise _refusal(site, node, what, every)
    for one in found:
        if not _fits(one, held):
            what = f"has the https binding {one.information}, and the certificate is for {_names(held)}"
            raise _refusal(site, node, what, every)
    return tuple(found)


def refuse_shared(
    site: IisSite, sites: Iterable[IisSite], bindings: Sequence[Binding], held: HeldCertificate, node: str
) -> None:
    """Refuse to change a binding of http.sys that another host name shares, which the certificate is not for.

    Args:
        site: that gets the certificate.
        sites: all of the node, this one too.
        bindings: of the site, that are to show it.
        held: the certificate.
        node: which, for messages.

    Raises:
        StandbyError: there is such a host name.
    """
    keys = {key_of(one) for one in bindings}
    for other in sites:
        for one in readable_https(other):
            if key_of(one) in keys and not _fits(one, held):
                raise StandbyError(
                    f"the binding {key_of(one)} of http.sys is that of {one.information} of site "
                    f'"{other.name}" too, '
                    f"and the certificate is for {_names(held)}",
                    node=node,
                    resource=f'site "{site.name}"',
                    remedy="Have both bindings ask for server names (SNI), give the sites addresses of their "
                    "own, or take a certificate for all these names",
                )


def refuse_unfit(held: HeldCertificate, site: str, now: datetime) -> None:
    """Refuse a certificate that no client would take.

    Args:
        held: the certificate.
        site: that is to have it.
        now: the time.

    Raises:
        StandbyError: it has expired, or is not valid yet.
    """
    if held.ends <= now or held.begins > now:
        when = f"expired on {held.ends:%Y-%m-%d}" if held.ends <= now else f"begins on {held.begins:%Y-%m-%d}"
        raise StandbyError(
            f"the certificate {held.thumbprint} of the PFX {when}",
            resource=resource_of(site),
            remedy="Give the one that is valid now",
        )


def plan_certificate(
    node: str,
    wanted: Bound,
    site: str,
    bindings: Sequence[Binding],
    reading: CertificateReading,
    version: str = "",
) -> CertificatePlan:
    """What a node needs so that it shows a certificate for some bindings.

    Args:
        node: which.
        wanted: the certificate.
        site: whose bindings they are.
        bindings: of it.
        reading: the certificates of the node.
        version: of its Windows; "" where that does not matter.
    """
    there = stored(reading, wanted)
    bind: dict[SslKey, Change] = {}
    for one in bindings:
        bound = bound_of(reading, site, one)
        if bound is None or not same(bound, wanted):
            bind[key_of(one)] = Change.MADE if bound is None else replacing(version)
    return CertificatePlan(node, there is None or not there.private_key, tuple(bind.items()))


def resource_of(site: str) -> str:
    """What the certificate of a site is called in failures."""
    return f'certificate of site "{site}"'


def same(one: Bound, other: Bound) -> bool:
    """The same certificate in the same store."""
    return one.thumbprint == other.thumbprint and one.store.casefold() == other.store.casefold()


def readable_https(site: IisSite) -> tuple[Binding, ...]:
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


def _names(held: HeldCertificate) -> str:
    return ", ".join(held.names) or "no name"


def _refusal(site: IisSite, node: str, what: str, every: Sequence[Binding]) -> StandbyError:
    known = ", ".join(one.information for one in every) or "none"
    return StandbyError(
        what,
        node=node,
        resource=f'site "{site.name}"',
        remedy=f"Give a certificate for its bindings, or name other bindings; its https bindings with a "
        f"certificate of their own are {known}",
    )
