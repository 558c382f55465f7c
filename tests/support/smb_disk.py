# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk of the directory store on an SMB share, through smbprotocol."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import smbclient
from smbclient._io import SMBDirectoryIO, SMBFileTransaction, query_info
from smbprotocol.exceptions import SMBException, SMBOSError
from smbprotocol.file_info import FileFsObjectIdInformation
from smbprotocol.header import NtStatus

from ansible_collections.standby.iis.plugins.module_utils.agent.store.disk import (
    Inspect,
    Listing,
    MakeFolder,
    PublishIfAbsent,
    Read,
    Remove,
    Write,
)

USER, PASSWORD, SHARE = "root", "S3cret-of-the-share", "witness$"


@dataclass(frozen=True)
class Share:
    """Where a share is reached; goes to worker processes."""

    port: int
    name: str = SHARE
    password: str = PASSWORD


class SmbDisk:
    """Carries out the requests of the directory store on Samba, as ``file_system`` does on Windows.

    Its errors are what Windows makes of them.
    """

    def __init__(
        self, share: Share, folder: str = "", before: Callable[[Any], None] = lambda _request: None
    ) -> None:
        """Take a share; ``before`` is told of every request."""
        self._share = share
        self._folder = folder
        self._before = before
        self._cache: dict[str, Any] = {}
        self._actions: dict[type, Callable[[Any], Any]] = {
            Inspect: lambda _request: None,
            Listing: lambda request: smbclient.listdir(self._path(request.path), **self._session()),
            Read: self._read,
            Write: self._write,
            PublishIfAbsent: self._publish,
            Remove: lambda request: smbclient.remove(self._path(request.path), **self._session()),
            MakeFolder: lambda request: smbclient.mkdir(self._path(request.path), **self._session()),
        }

    def __call__(self, request: Any) -> Any:
        self._before(request)
        try:
            return self._actions[type(request)](request)
        except SMBOSError as error:
            if error.errno not in (errno.ENOENT, errno.EEXIST):
                self.close()
            raise _as_windows_has_it(error) from error
        except (SMBException, ValueError) as error:
            self.close()
            raise ConnectionError(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Forget the connection; the next request makes a new one."""
        cache, self._cache = self._cache, {}
        for connection in cache.values():
            try:
                connection.disconnect(close=False)
            except (SMBException, OSError):
                continue

    def object_id(self) -> bytes:
        """FileFsObjectIdInformation of the volume, as the server has it."""
        directory = SMBDirectoryIO(self._path(""), mode="r", share_access="rwd", **self._session())
        with SMBFileTransaction(directory) as transaction:
            query_info(transaction, FileFsObjectIdInformation)
        information: bytes = transaction.results[0].pack()
        return information

    def _path(self, path: str) -> str:
        parts = [part for part in (self._folder, *path.split("/")) if part]
        return "\\".join(["\\\\127.0.0.1", self._share.name, *parts])

    def _session(self) -> dict[str, Any]:
        return {
            "username": USER,
            "password": self._share.password,
            "port": self._share.port,
            "connection_cache": self._cache,
            "connection_timeout": 10,
        }

    def _read(self, request: Read) -> bytes:
        with smbclient.open_file(
            self._path(request.path), "rb", share_access="rwd", **self._session()
        ) as file:
            data: bytes = file.read()
            return data

    def _publish(self, request: PublishIfAbsent) -> None:
        source = self._path(request.source)
        smbclient.link(source, self._path(request.target), **self._session())
        with suppress(SMBOSError):
            smbclient.remove(source, **self._session())

    def _write(self, request: Write) -> None:
        with smbclient.open_file(self._path(request.path), "xb", share_access="r", **self._session()) as file:
            file.write(request.data)
            file.flush()


def _as_windows_has_it(error: SMBOSError) -> OSError:
    if error.ntstatus == NtStatus.STATUS_LOGON_FAILURE:
        refused = OSError(errno.EINVAL, "The user name or password is incorrect")
        refused.winerror = 1326  # type: ignore[attr-defined]
        return refused
    if error.ntstatus == NtStatus.STATUS_ACCESS_DENIED:
        return PermissionError(errno.EACCES, "Access is denied")
    return OSError(error.errno, error.strerror)
