# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an error of the disk under the witness directory means, and what to do about it."""

from __future__ import annotations

import errno

from .disk import Unreached
from .interface import StoreOutage

# System error codes of Windows (learn.microsoft.com, "System Error Codes"), as OSError.winerror has them:
# Python's errno for most of them says no more than EINVAL.
_IN_USE = {32, 33}  # ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION
_FULL = {39, 112, 1295}  # ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL, ERROR_DISK_QUOTA_EXCEEDED
_READ_ONLY = {19}  # ERROR_WRITE_PROTECT
_REFUSED = {
    86,  # ERROR_INVALID_PASSWORD
    1326,  # ERROR_LOGON_FAILURE
    1327,  # ERROR_ACCOUNT_RESTRICTION
    1330,  # ERROR_PASSWORD_EXPIRED
    1331,  # ERROR_ACCOUNT_DISABLED
    1909,  # ERROR_ACCOUNT_LOCKED_OUT
}


def is_full(error: OSError) -> bool:
    """Whether there is no room, or none for this account."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT) or _code(error) in _FULL


def outage(where: str, error: OSError, resource: str, *, uncertain: bool = False) -> StoreOutage:
    """The outage that an error is.

    Args:
        where: the witness directory.
        error: what the system said.
        resource: the key or prefix that was asked for.
        uncertain: a put may have taken effect, or may still do so.
    """
    clause, remedy, permanent = _meaning(error)
    said = error.strerror or str(error) or type(error).__name__
    return StoreOutage(
        f"the witness {where} {clause} ({said})",
        resource=resource,
        remedy=remedy,
        uncertain=uncertain,
        permanent=permanent,
    )


def _meaning(error: OSError) -> tuple[str, str, bool]:
    """A clause, a remedy, and whether waiting is of no use."""
    code = _code(error)
    if code in _REFUSED:
        return (
            "refuses the credentials",
            "Correct the account that the agent runs under, or its password",
            True,
        )
    if is_full(error):
        return "is full", "Free space on it, or raise the account's quota", False
    if error.errno == errno.EROFS or code in _READ_ONLY:
        return "is read-only", "Give the witness a directory that nodes can write to", True
    if isinstance(error, PermissionError) and code not in _IN_USE:
        return (
            "refuses access",
            "Give the accounts of the agents the right to modify it, on the share and on the folder",
            True,
        )
    if isinstance(error, NotADirectoryError):
        return "is not a directory", "Name a directory as witness", True
    if isinstance(error, (FileNotFoundError, Unreached)):
        return "is not there", "Check that its server is up, and that the share and the folder exist", False
    if isinstance(error, TimeoutError):
        return "does not answer in time", "Check the network to its server, and the server's disk", False
    return "does not work", "Check the network to its server, and the server", False


def _code(error: OSError) -> int:
    code: int = getattr(error, "winerror", None) or 0
    return code
