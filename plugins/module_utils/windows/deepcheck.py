# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The deep check: talk to a site at its floating address, in its own protocol, from where this runs.

The whole exchange (connection, TLS, request, answer) ends within the timeout, whatever the server does. The
search in the body comes after it. The module ``re`` knows no bound on time and lets no other thread run while
it searches: an expression with nested repetitions, as ``(a+)+b``, may take without end, on 64 KiB as well. A
long-lived caller therefore gives ``run_check`` a search of its own that ends, in another process.
"""

from __future__ import annotations

import http.client
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from . import ftp_check, http_check, smtp_check
from .exchange import Answer, Check, Deadline, Search

__all__ = ["Check", "Search", "Verdict", "run_check", "search_here"]

_PROTOCOLS = {
    "http": http_check.ask,
    "https": http_check.ask,
    "ftp": ftp_check.ask,
    "ftps": ftp_check.ask,
    "smtp": smtp_check.ask,
}


@dataclass(frozen=True)
class Verdict:
    """What a deep check found.

    Attributes:
        healthy: the answer was as wanted.
        sentence: what was seen, without a final full stop.
        seconds: duration of the exchange.
        slow: the answer was as wanted, but later than the check allows.
        certificate_days: days that the certificate shown is still valid for, negative once it has expired;
            None without https, and where no certificate was accepted.
        notices: what somebody has to mend although the site serves, each one clause. No other node would
            serve another certificate, so that one that is about to expire makes nothing unhealthy.
    """

    healthy: bool
    sentence: str
    seconds: float
    slow: bool = False
    certificate_days: float | None = None
    notices: tuple[str, ...] = ()


def search_here(expression: str, text: str) -> bool:
    """Search in this process: without a bound, see above."""
    return re.search(expression, text) is not None


def run_check(
    check: Check,
    monotonic: Callable[[], float] = time.monotonic,
    *,
    search: Search = search_here,
    wall: Callable[[], float] = time.time,
) -> Verdict:
    """Ask once. Redirects of http are not followed: the answer of the address itself counts.

    Args:
        check: what to ask and what to expect.
        monotonic: seconds, for the deadline.
        search: for the check's expression in a body.
        wall: seconds since 1970, for the validity of certificates.

    Returns:
        The verdict; whatever goes wrong on the way is one, never an exception.
    """
    start = monotonic()
    answer = Answer()
    try:
        url = urlsplit(check.url)
        if url.scheme not in _PROTOCOLS or not url.hostname:
            raise ValueError("expected an absolute http, https, ftp or smtp URL")
        deadline = Deadline(start + check.timeout, monotonic)
        _PROTOCOLS[url.scheme](check, url, deadline, answer, wall=wall, search=search)
        healthy, seen = answer.healthy, answer.seen
    except TimeoutError:
        healthy, seen = False, f"did not answer within {check.timeout:g} s"
    except ssl.SSLCertVerificationError as failure:
        healthy, seen = False, f"shows a certificate that is not trusted: {failure.verify_message}"
    except (OSError, EOFError, http.client.HTTPException) as failure:
        healthy, seen = False, f"gave no answer: {_reason(failure)}"
    except (ValueError, re.error) as failure:
        healthy, seen = False, f"cannot be checked: {failure}"
    seconds = monotonic() - start
    told = f"{check.url} {seen} ({seconds:.3f} s)"
    return Verdict(healthy, told, seconds, answer.slow, answer.certificate_days, tuple(answer.notices))


def _reason(failure: Exception) -> str:
    return getattr(failure, "strerror", None) or str(failure) or type(failure).__name__
