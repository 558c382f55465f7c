# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Management controllers (BMCs) that switch nodes off, as the agent's settings name them. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from urllib.parse import urlsplit

from ..errors import StandbyError

# An identifier of a ComputerSystem, as it stands in a path: no slash, no blank, nothing that ends a path.
_SYSTEM = re.compile(r"[A-Za-z0-9._~:@-]+")
_URL = "Give https://HOST or https://HOST:PORT of the controller, without a path"


class Login(str, Enum):
    """How the agent shows a controller who it is (DSP0266, "Authentication")."""

    BASIC = "basic"
    SESSION = "session"


@dataclass(frozen=True)
class Bmc:
    """The Redfish service that holds the power of a node.

    Attributes:
        url: ``https://HOST[:PORT]``; the standard path ``/redfish/v1`` is added. ``http`` to addresses of the
            node itself alone: the password would be readable for all who are between.
        system: identifier of the node's ComputerSystem, the last part of its path below ``/Systems``.
        user: account that may reset it.
        password_file: file that holds the password, which is read for each use.
        login: how it is shown.
        ca_file: PEM file of the authorities that sign the controller, or its own certificate; None for those
            of the system.
        verify: its certificate is checked. Without that, whoever is between can say that a node is off.
        verify_name: the certificate has to be for the host of the URL, and signed by an authority. With the
            controller's own certificate as ``ca_file`` the name tells nothing more: there is no other one.
    """

    url: str
    system: str
    user: str
    password_file: str
    login: Login = Login.BASIC
    ca_file: str | None = None
    verify: bool = True
    verify_name: bool = True

    @property
    def path(self) -> str:
        """Path of the node's ComputerSystem."""
        return f"/redfish/v1/Systems/{self.system}"


def check(node: str, bmc: Bmc) -> None:
    """Refuse a controller that makes no sense.

    Raises:
        StandbyError: the message names node and option, and what is expected there.
    """
    if problem := _url_problem(bmc):
        shown = "an url" if "@" in bmc.url else f"url {bmc.url!r}"  # a password may stand before the sign
        raise StandbyError(f"the fence of {node} has {shown}, which {problem}", remedy=_URL)
    if not _SYSTEM.fullmatch(bmc.system) or set(bmc.system) == {"."}:
        raise StandbyError(
            f"the fence of {node} has system {bmc.system!r}, which is no identifier of a ComputerSystem",
            remedy="Give the last part of its path, such as 1, Self or System.Embedded.1: "
            f"{bmc.url}/redfish/v1/Systems lists them",
        )
    if not bmc.user or any(sign in bmc.user for sign in ":\r\n"):
        raise StandbyError(
            f"the fence of {node} has no user, or one with a colon or a line break",
            remedy="Give user, an account of the controller that may reset the system",
        )
    if not bmc.verify and bmc.ca_file is not None:
        raise StandbyError(
            f"the fence of {node} has verify: false and a ca_file",
            remedy="Leave verify out: ca_file is enough",
        )
    if not bmc.verify_name and bmc.ca_file is None:
        raise StandbyError(
            f"the fence of {node} has verify_name: false and no ca_file, so that any server would do",
            remedy="Give the controller's own certificate as ca_file",
        )


def _own(host: str) -> bool:
    """Whether an address is the node's own, such as the end of a tunnel: what goes there is on no network."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _url_problem(bmc: Bmc) -> str:
    """What is wrong with the URL, as the end of a sentence; "" where nothing is."""
    try:
        parts = urlsplit(bmc.url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "cannot be read"
    if parts.scheme not in ("https", "http") or not host or port == 0:
        return "is not of the form https://HOST[:PORT]"
    if parts.scheme == "http" and not _own(host):
        return "would send the password unprotected"
    if parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
        return "has more than host and port"
    return ""
