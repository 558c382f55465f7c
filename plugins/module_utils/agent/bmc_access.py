# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a controller is given and asked for first: the password of a file, and its certificate."""

from __future__ import annotations

import ssl
from pathlib import Path

from ..errors import StandbyError
from .bmc import Bmc

_LARGEST_PASSWORD = 4096


def password_in(path: Path) -> str:
    """The first line of a file.

    Raises:
        StandbyError: it cannot be read, or is empty. What it holds is not told.
    """
    try:
        with path.open("rb") as file:
            found = file.read(_LARGEST_PASSWORD).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise StandbyError(
            f"the password file {path} cannot be read: {why}", remedy="Run the monitor role again"
        ) from None
    if not found or not found[0]:
        raise StandbyError(f"the password file {path} is empty", remedy="Give the fence its password")
    return found[0]


def trust(bmc: Bmc) -> ssl.SSLContext:
    """Whom a controller's certificate has to be signed by.

    Raises:
        StandbyError: the authorities cannot be used.
    """
    try:
        trusted = ssl.create_default_context(cafile=bmc.ca_file)
    except OSError as error:
        raise StandbyError(
            f"the authorities of {bmc.url} cannot be used: {error.strerror or error}",
            remedy=f"Check that {bmc.ca_file} is a PEM file that the agent can read",
        ) from error
    if bmc.ca_file is not None:
        # What is named is trusted itself. Certificates of controllers break RFC 5280 in small ways, which
        # Python 3.13 and later refuse by default.
        trusted.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        trusted.verify_flags &= ~ssl.VERIFY_X509_STRICT
    trusted.check_hostname = bmc.verify_name
    if not bmc.verify:
        trusted.check_hostname = False
        trusted.verify_mode = ssl.CERT_NONE
    return trusted
