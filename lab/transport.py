# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending a connection at once."""

from __future__ import annotations

from asyncio import WriteTransport
from contextlib import suppress


def cut(transport: WriteTransport) -> None:
    """Abort a connection, also one that is lost already.

    A TLS transport that has lost its connection raises AttributeError in Python 3.11.2 (that of Debian 12),
    where later versions do nothing.
    """
    with suppress(AttributeError):
        transport.abort()
