# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of the winrm and psrp connection plugins as one element of the modules' ``connections`` option.

The names on our side are those of ``module_utils/wsman/options.py``; the others belong to ansible-core's
``winrm`` and ``psrp`` connection plugins and, for ``ansible_winrm_*`` extras, to pywinrm's ``Protocol``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

Getter = Callable[[str], Any]
Element = dict[str, Any]

# pywinrm's names of a transport -> ours. "plaintext" and "ssl" are Basic over http and https; "ssl" with a
# client certificate is certificate authentication (winrm/transport.py).
_WINRM_TRANSPORTS = {
    "plaintext": "basic",
    "ssl": "basic",
    "basic": "basic",
    "ntlm": "ntlm",
    "kerberos": "kerberos",
    "credssp": "credssp",
    "certificate": "certificate",
}
_WINRM_EXTRAS = {
    "operation_timeout_sec": "operation_timeout",
    "read_timeout_sec": "read_timeout",
    "cert_pem": "certificate_pem",
    "cert_key_pem": "certificate_key_pem",
    "message_encryption": "message_encryption",
    "kerberos_delegation": "kerberos_delegation",
    "kerberos_hostname_override": "kerberos_hostname_override",
    "send_cbt": "send_cbt",
}
_PSRP_OPTIONS = {
    "path": "path",
    "remote_user": "username",
    "remote_password": "password",
    "ca_cert": "ca_cert",
    "certificate_pem": "certificate_pem",
    "certificate_key_pem": "certificate_key_pem",
    "message_encryption": "message_encryption",
    "operation_timeout": "operation_timeout",
    "read_timeout": "read_timeout",
    "negotiate_delegate": "kerberos_delegation",
    "negotiate_hostname_override": "kerberos_hostname_override",
    "negotiate_send_cbt": "send_cbt",
    "proxy": "proxy",
}
# The winrm connection reads its timeout 10 s above the operation's (documentation of connection_timeout).
_READ_MARGIN = 10
# pywinrm: take the environment's certificate bundle or proxy, which is what leaving the option out means.
_FROM_ENVIRONMENT = "legacy_requests"


def from_winrm(get: Getter, supported: Collection[str]) -> Element:
    """An element from the options of the ``winrm`` connection.

    Args:
        get: ``get_option`` of the connection plugin, its options set for one host.
        supported: pywinrm's transports that are installed (``winrm.FEATURE_SUPPORTED_AUTHTYPES``).
    """
    extras = {name.removeprefix("ansible_winrm_"): value for name, value in (get("_extras") or {}).items()}
    port = int(get("port"))
    scheme = get("scheme") or ("http" if port == 5985 else "https")
    element: Element = {
        "host": get("remote_addr"),
        "port": port,
        "scheme": scheme,
        "path": get("path"),
        "username": get("remote_user"),
        "password": get("remote_password"),
        "transport": _winrm_transport(get("transport"), get("remote_user"), extras, supported),
        "validate_certs": extras.get("server_cert_validation", "validate") != "ignore",
        "ca_cert": _unless_environment(extras.get("ca_trust_path")),
        "proxy": _unless_environment(extras.get("proxy")),
        **_winrm_timeouts(get("connection_timeout")),
        **{ours: extras[theirs] for theirs, ours in _WINRM_EXTRAS.items() if theirs in extras},
    }
    return _given(element)


def from_psrp(get: Getter, supported: Collection[str]) -> Element:
    """An element from the options of the ``psrp`` connection; arguments as for from_winrm."""
    port, scheme = get("port"), get("protocol")
    if scheme is None:
        scheme = "http" if port == 5985 else "https"
    element: Element = {
        "host": get("remote_addr"),
        "port": port or (5986 if scheme == "https" else 5985),
        "scheme": scheme,
        "transport": _psrp_transport(get("auth"), get("remote_user"), get("remote_password"), supported),
        "validate_certs": get("cert_validation") != "ignore",
        **{ours: get(theirs) for theirs, ours in _PSRP_OPTIONS.items()},
    }
    return _given(element)


def unused_extras(extras: Mapping[str, Any]) -> list[str]:
    """Names of ``ansible_winrm_*`` variables that pywinrm's Protocol knows and the modules do not use."""
    used = {*_WINRM_EXTRAS, "server_cert_validation", "ca_trust_path", "proxy"}
    return sorted(name for name in extras if name.removeprefix("ansible_winrm_") not in used)


def _winrm_transport(
    wanted: Collection[str | None] | None,
    user: str | None,
    extras: Mapping[str, Any],
    supported: Collection[str],
) -> str:
    names = [name for name in wanted or () if name]
    if not names:
        names = ["kerberos"] if "@" in (user or "") else ["ssl"]
    # The connection plugin tries its transports in turn; what is not installed cannot be tried.
    usable = [name for name in names if name in supported] or names
    if usable[0] == "ssl" and extras.get("cert_pem"):
        return "certificate"
    return _WINRM_TRANSPORTS.get(usable[0], usable[0])


def _psrp_transport(auth: str, user: str | None, password: str | None, supported: Collection[str]) -> str:
    if auth != "negotiate":
        return auth
    # Negotiate prefers Kerberos. Only a domain account has a ticket: one named user@DOMAIN, or that of the
    # controller's user, who gives no password.
    domain_account = "@" in (user or "") or not password
    return "kerberos" if domain_account and "kerberos" in supported else "ntlm"


def _winrm_timeouts(seconds: int | None) -> Element:
    if not seconds:
        return {}
    return {"operation_timeout": seconds, "read_timeout": seconds + _READ_MARGIN}


def _unless_environment(value: str | None) -> str | None:
    return None if value == _FROM_ENVIRONMENT else value


def _given(element: Element) -> Element:
    return {name: value for name, value in element.items() if value is not None}
