# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stores as the agent opens them: one for each of its threads that reads or writes.

An operation on a directory takes as long as the operating system makes it wait, a minute and more where an
SMB server is gone. An agent therefore calls it on that thread, goes on without it after
``Timers.store_timeout``, and tells ``Memory`` that no answer came; one that comes later is not told.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from urllib.parse import urlsplit

from ...errors import StandbyError
from .directory import Directory
from .etcd import Etcd, prefix_of
from .etcd_http import EtcdHttp, tls
from .etcd_identity import Identity
from .etcd_login import Logins
from .file_system import FileSystem
from .interface import Store


def open_directory(path: str) -> Store:
    """The store in a witness directory; nothing is asked of it yet."""
    return Store(Directory(path, _writer(), time.monotonic, time.time), FileSystem(path))


def open_etcd(
    endpoints: Sequence[str],
    cluster: str,
    *,
    prefix: str | None = None,
    credentials: tuple[str, str] | None = None,
    ca_file: str | None = None,
    certificate: tuple[str, str | None] | None = None,
    logins: Logins | None = None,
    identity: Identity | None = None,
    seconds: float,
) -> Store:
    """The store in an etcd cluster; nothing is sent yet.

    Args:
        endpoints: client URLs of its members.
        cluster: name of the cluster of nodes, which its keys lie under.
        prefix: where they lie instead.
        credentials: user and password, where etcd has authentication enabled.
        ca_file: PEM file of the authorities that sign endpoints; None for those of the system.
        certificate: PEM files of the client's certificate and its key, where etcd asks for one.
        logins: those of all stores of this process with that user; its own where not given.
        identity: which etcd cluster counts, shared by all stores of this witness.
        seconds: that one operation may take: ``Timers.store_timeout``.

    Raises:
        StandbyError: an endpoint is no address, credentials would travel in the clear, or a file cannot be
            read.
    """
    if not endpoints:
        raise StandbyError("the witness etcd has no endpoints", remedy="Name the client URLs of its members")
    for endpoint in endpoints:
        _check(endpoint, secret=credentials is not None)
    logins = logins or Logins()
    protocol = Etcd(
        [endpoint.rstrip("/") for endpoint in endpoints],
        prefix or prefix_of(cluster),
        _writer(),
        time.monotonic,
        credentials=credentials,
        tokens=logins.tokens,
        identity=identity,
        seconds=seconds,
    )
    return Store(protocol, EtcdHttp(tls(ca_file, *(certificate or ())), logins=logins))


def _check(endpoint: str, *, secret: bool) -> None:
    remedy = "Write it as https://10.0.0.1:2379"
    try:
        url = urlsplit(endpoint)
        host, _port = url.hostname, url.port
    except ValueError as error:
        raise StandbyError(f"an endpoint of the witness is not a URL: {error}", remedy=remedy) from error
    if url.username is not None or url.password is not None:
        raise StandbyError(
            f"endpoint {host} of the witness has a user in it",
            remedy="Give user and password as options of their own",
        )
    if (
        url.scheme not in ("http", "https")
        or not host
        or url.path not in ("", "/")
        or url.query
        or url.fragment
    ):
        raise StandbyError(f"endpoint {endpoint} of the witness is not the URL of an etcd", remedy=remedy)
    if url.scheme == "http" and secret and not _is_loopback(host):
        raise StandbyError(
            f"endpoint {endpoint} of the witness would take the password in the clear",
            remedy="Let etcd serve https",
        )


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _writer() -> str:
    """Unique to a store of this process; the process is in the first 16 digits."""
    return _process(os.getpid()) + secrets.token_hex(4)


@cache
def _process(_pid: int) -> str:
    return secrets.token_hex(8)
