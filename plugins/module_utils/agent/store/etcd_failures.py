# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why an endpoint of etcd gave no answer that can be used, and what to do about it."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .etcd_requests import Reply, Unsent
from .etcd_wire import MALFORMED
from .interface import StoreOutage


@dataclass(frozen=True, slots=True)
class Failure:
    """What one endpoint did instead of answering.

    Attributes:
        endpoint: its address.
        problem: what happened, one clause.
        remedy: what to do next.
        permanent: waiting does not help.
        uncertain: it may have done what was asked, or may still do so.
        stale: it may not know the token; a new one may do.
        stranger: it belongs to another cluster.
    """

    endpoint: str
    problem: str
    remedy: str
    permanent: bool = False
    uncertain: bool = False
    stale: bool = False
    stranger: bool = False


# Codes of gRPC (grpc.io, "Status codes"), as the gateway gives them in ``code``.
_UNAUTHENTICATED = 16
# Those that say for certain that nothing was done.
_CERTAIN = {
    3,  # INVALID_ARGUMENT
    5,  # NOT_FOUND
    7,  # PERMISSION_DENIED
    8,  # RESOURCE_EXHAUSTED
    9,  # FAILED_PRECONDITION
    11,  # OUT_OF_RANGE
    12,  # UNIMPLEMENTED
    _UNAUTHENTICATED,
}

# Errors by their text (etcd ``api/v3rpc/rpctypes/error.go``): what it means, remedy, whether waiting does not
# help.
_MEANINGS = (
    ("authentication failed", "refuses user or password", "Correct user and password", True),
    ("user name is empty", "wants a user", "Give the witness a user and password", True),
    ("authentication is not enabled", "has authentication disabled", "Enable it, or give no user", True),
    (
        "permission denied",
        "refuses access",
        "Grant the user's role readwrite on the prefix of the cluster",
        True,
    ),
    ("larger than max", "refuses a record of this size", "Raise max-request-bytes of etcd", True),
    ("request is too large", "refuses a record of this size", "Raise max-request-bytes of etcd", True),
    ("database space exceeded", "is full", "Compact and defragment etcd, then disarm its alarm", False),
    ("no leader", "has no leader", "Start members until more than half of them are up", False),
)
_STALE = ("invalid auth token", "revision of auth store is old")


def outage(failures: Sequence[Failure], resource: str, *, uncertain: bool) -> StoreOutage:
    """The outage that the failures of all endpoints are."""
    problems = "; ".join(dict.fromkeys(f"{one.endpoint} {one.problem}" for one in failures))
    remedies = ". ".join(dict.fromkeys(one.remedy for one in failures))
    return StoreOutage(
        f"the witness etcd cannot be used: {problems}",
        resource=resource,
        remedy=remedies,
        uncertain=uncertain,
        permanent=all(one.permanent for one in failures),
    )


def understood(endpoint: str, reply: Reply) -> dict[str, Any] | Failure:
    """The document of a good reply, or why it is none."""
    try:
        document = json.loads(reply.body)
        if reply.status == 200 and "header" in document:
            return dict(document)
        code, text = int(document["code"]), str(document.get("error") or document.get("message"))
    except MALFORMED:
        if b"CommonName" in reply.body:
            return _named(endpoint)
        return foreign(endpoint, f"answers with HTTP status {reply.status}", uncertain=reply.status >= 500)
    return _refusal(endpoint, code, text)


def foreign(endpoint: str, what: str, *, uncertain: bool = False) -> Failure:
    """Something else than etcd answers there."""
    return Failure(
        endpoint,
        f"is not an etcd of version 3.4 or newer ({what})",
        "Check its scheme, address and port",
        permanent=not uncertain,
        uncertain=uncertain,
    )


def other_cluster(endpoint: str, counts: str, found: str) -> Failure:
    """An endpoint that belongs to another cluster than the one that counts."""
    return Failure(
        endpoint,
        f"belongs to another etcd cluster than the one that is known (to {found}, and not to {counts})",
        "Name the members of one cluster only; where it was made anew, install the agents anew",
        permanent=True,
        uncertain=True,
        stranger=True,
    )


def late(endpoint: str) -> Failure:
    """There was no time left to ask it."""
    return Failure(endpoint, "was not asked, the time was up", "Check the other endpoints")


def not_sent(endpoint: str, error: Unsent) -> Failure:
    """The request did not leave."""
    cause = error.cause
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Failure(
            endpoint,
            f"has a certificate that is not trusted ({cause.verify_message})",
            "Give the witness the file of its authority, and name the endpoint as the certificate does",
            permanent=True,
        )
    if isinstance(cause, ssl.SSLError):
        return _tls(endpoint, cause)
    if isinstance(cause, socket.gaierror):
        return Failure(
            endpoint,
            f"has a name that cannot be resolved ({cause.strerror})",
            "Correct it, or use an address",
        )
    if isinstance(cause, TimeoutError):
        return Failure(endpoint, "cannot be reached in time", "Check the network and its firewall")
    return Failure(
        endpoint,
        f"cannot be reached ({cause.strerror or cause})",
        "Start etcd there, check the network to it",
    )


def no_answer(endpoint: str, error: OSError) -> Failure:
    """The request left, and no answer came."""
    if isinstance(error, ssl.SSLError) and "ALERT" in _reason(error):
        # TLS 1.3 lets a client finish before the server has judged its certificate (RFC 8446, 4.4.2.4).
        return _tls(endpoint, error)
    if isinstance(error, TimeoutError):
        return Failure(endpoint, "does not answer in time", "Check etcd and its disk there", uncertain=True)
    # Some versions do so instead of refusing a token (etcd-io/etcd issues 15256 and 20332).
    return Failure(
        endpoint,
        f"broke the connection ({error.strerror or error})",
        "Check etcd there, and the credentials of the witness: it may not tell that it refuses them",
        uncertain=True,
        stale=True,
    )


def _named(endpoint: str) -> Failure:
    """The gateway with ``client-cert-auth`` refuses such certificates (etcd-io/etcd pull request 10392)."""
    return Failure(
        endpoint,
        "refuses client certificates with a CommonName",
        "Give the witness a client certificate whose subject has none",
        permanent=True,
    )


def _tls(endpoint: str, error: ssl.SSLError) -> Failure:
    return Failure(
        endpoint,
        f"agrees to no TLS connection ({_reason(error)})",
        "Check that it serves https, and that the client certificate is of an authority it trusts",
        permanent=True,
    )


def _reason(error: ssl.SSLError) -> str:
    """OpenSSL's word for an error; one that has not come from OpenSSL has none."""
    return getattr(error, "reason", None) or str(error)


def _refusal(endpoint: str, code: int, text: str) -> Failure:
    if code == _UNAUTHENTICATED or any(part in text for part in _STALE):
        return Failure(endpoint, "refuses the token it gave", "Check the clocks of the members", stale=True)
    uncertain = code not in _CERTAIN
    for part, problem, remedy, permanent in _MEANINGS:
        if part in text:
            return Failure(endpoint, f"{problem} ({text})", remedy, permanent, uncertain)
    return Failure(endpoint, f"fails ({text})", "See the log of etcd there", uncertain=uncertain)
