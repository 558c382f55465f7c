# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was made for an operator's certificates on a node, as it remembers that, and taking it away again."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ..errors import BadDocument
from ..windows.certificate_reading import Bound, CertificateReading
from ..windows.iis_config import IisSite
from ..windows.sslcert import SslKey, SslKind
from .certificate_plan import readable_https, same
from .definition import KEY
from .https import bound_of, key_of

VALUE = "Certificates"  # beside the definition, on each node


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
            f"the stored record of certificates (HKLM\\{KEY}, value {VALUE}): {error}",
            node=node,
            remedy=f"Delete the value {VALUE} of HKLM\\{KEY} on {node}; "
            "certificates and bindings stay as they are",
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


def plan_removal(
    name: str,
    made: Made,
    sites: Iterable[IisSite],
    reading: CertificateReading,
    unchanged: Collection[SslKey],
) -> Removal:
    """What is taken away of what was made for a site: nothing that another site uses, or somebody changed.

    Args:
        name: the site.
        made: what the node remembers.
        sites: all of the node.
        reading: its certificates.
        unchanged: bindings that were made for the site and show in http.sys what they were given; a site that
            is gone tells nothing of what somebody else has bound there since.
    """
    every = list(sites)
    others = [one for one in every if one.name != name]
    own = {
        key_of(one): bound_of(reading, name, one)
        for site in every
        if site not in others
        for one in readable_https(site)
    }
    shared = {key_of(binding) for one in others for binding in readable_https(one)}
    ours = [one for one in made.bound if one.site == name and one.key not in shared]
    keys = tuple(one.key for one in ours if one.key in unchanged)
    left = made.without(name)
    names = {one.name.casefold() for one in others}
    used = [bound for (site, _information), bound in reading.bound.items() if site in names]
    used += [one.certificate for one in left.imported]
    used += [bound for key, bound in own.items() if bound is not None and key not in keys]
    gone = [one.certificate for one in made.imported if one.site == name]
    return Removal(keys, tuple(one for one in gone if not any(same(one, other) for other in used)), left)
