# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Deep checks: what operators may give, and one for every address and port where they gave none."""

from __future__ import annotations

from collections.abc import Collection

from ..errors import StandbyError
from ..windows.iis_config import IisSite
from .bindings import FTP, SMTP, WEB, Endpoint, UnreadableBindingError, endpoint
from .model import Check

# The site answered, redirected, or asked who wants to know. Not 404: http.sys gives it where no site listens.
ANSWERED = (200, 204, 206, 301, 302, 303, 307, 308, 401, 403)
_PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 990, "smtp": 25}


def derive_checks(
    site: IisSite, floating: Collection[str], missing_pools: Collection[str] = ()
) -> tuple[Check, ...]:
    """One check for each floating address, port and protocol, by the first host name bound to it.

    Certificates are not verified: which authority signed them is unknown here, and a check that fails for
    that reason would undo a switchover. Operators who want more give checks of their own.

    Args:
        site: in IIS.
        floating: addresses of its ip resources; bindings on others say nothing about a move.
        missing_pools: that do not exist. A site whose root needs one answers 503 everywhere: no check of http
            then.
    """
    root = next((application for application in site.applications if application.path == "/"), None)
    serves = root is None or root.pool not in missing_pools
    found: dict[tuple[str, str, int], Check] = {}
    for binding in site.bindings:
        try:
            one = endpoint(binding)
        except UnreadableBindingError:
            continue
        if one is None or one.address not in floating:
            continue
        if one.protocol in WEB and serves:
            found.setdefault((one.protocol, one.address or "", one.port), _check(one))
        elif one.protocol in FTP:
            found.setdefault((one.protocol, one.address or "", one.port), _ftp_check(one, site))
        elif one.protocol in SMTP:
            found.setdefault((one.protocol, one.address or "", one.port), _smtp_check(one))
    return tuple(found.values())


def refuse_unfit(check: Check, resource: str) -> None:
    """Refuse a deep check whose bounds cannot be kept.

    Args:
        check: as an operator gave it.
        resource: the site, for the message.

    Raises:
        StandbyError: the first bound that is out of range, or the inequality with both of its sides.
    """
    latency, days = check.latency, check.certificate_days
    problem = ""
    if not 0 < check.timeout < float("inf"):
        problem = f"timeout is {check.timeout:g} s and has to be positive"
    elif latency is not None and not latency > 0:
        problem = f"latency is {latency:g} s and has to be positive"
    elif latency is not None and latency > check.timeout:
        problem = f"latency is {latency:g} s and must not exceed timeout, {check.timeout:g} s"
    elif days is not None and not days >= 0:
        problem = f"certificate_days is {days:g} and must not be negative"
    elif check.listing and check.login is None:
        problem = "listing needs a login"
    elif check.password_file is not None and check.login is None:
        problem = "password_file needs a login"
    elif check.sender is not None and check.recipient is None:
        problem = "sender needs a recipient"
    else:
        problem = _misplaced(check)
    if problem:
        raise StandbyError(
            f"the check of {check.url}: {problem}", resource=resource, remedy="Correct the check"
        )


def _misplaced(check: Check) -> str:
    """What is asked of a protocol that does not have it, "" where nothing is."""
    protocol = check.url.partition("://")[0].lower()
    web = {"status": check.status, "body": check.body}
    tls = {"starttls": check.starttls}
    ftp = {"login": check.login, "listing": check.listing}
    smtp = {"sender": check.sender, "recipient": check.recipient}
    options = (
        {**web, **ftp} if protocol in SMTP else {**tls, **ftp, **smtp} if protocol in WEB else web | smtp
    )
    given = [name for name, value in options.items() if value]
    return f"{given[0]} is nothing that this protocol has" if given else ""


def _check(one: Endpoint) -> Check:
    host = f"www{one.host[1:]}" if one.host.startswith("*.") else one.host
    return Check(_url(one.protocol, one), host or None, ANSWERED, verify=False)


def _ftp_check(one: Endpoint, site: IisSite) -> Check:
    """The greeting, and TLS where the site has a certificate for it.

    A site with a certificate on port 990 speaks TLS from the first byte on: iis-docs, ``security/ssl``.
    """
    secure = site.ftp is not None and bool(site.ftp.certificate_hash)
    implicit = secure and one.port == _PORTS["ftps"]
    url = _url("ftps" if implicit else "ftp", one)
    return Check(url, one.host or None, verify=False, starttls=secure and not implicit)


def _smtp_check(one: Endpoint) -> Check:
    """The greeting and EHLO: whether it has a certificate, and whom it takes mail for, is not known here."""
    return Check(_url("smtp", one), one.host or None, verify=False)


def _url(scheme: str, one: Endpoint) -> str:
    address = f"[{one.address}]" if ":" in (one.address or "") else one.address
    port = "" if one.port == _PORTS[scheme] else f":{one.port}"
    return f"{scheme}://{address}{port}/"
