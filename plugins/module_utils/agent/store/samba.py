# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a share is on Samba, where a rename replaces what another client has just put there.

``rename_internals_fsp`` of smbd looks whether the target exists, and renames after that with a call that
replaces; each client has a process of its own (Samba, source3/smbd). ``FileLinkInformation`` ends in
``link(2)``, which never replaces.

Samba tells itself in the ExtendedInfo of FileFsObjectIdInformation (MS-FSCC 2.5.6): four bytes "SmBa", little
endian (Samba, ``SAMBA_EXTENDED_INFO_MAGIC``; Cygwin's mount.cc recognises it by them).
"""

from __future__ import annotations

import errno
import sys

_MAGIC = (0x536D4261).to_bytes(4, "little")
# Bytes of FILE_FS_OBJECTID_INFORMATION: ObjectId has 16, ExtendedInfo 48.
_OBJECT_ID, _SIZE = 16, 64
# What Windows answers where a volume has no object id, or its file system none at all (MS-FSA 2.1.5.13.8;
# MS-FSCC 2.2).
_NO_OBJECT_ID = {
    0xC0000002,  # STATUS_NOT_IMPLEMENTED
    0xC0000003,  # STATUS_INVALID_INFO_CLASS
    0xC000000D,  # STATUS_INVALID_PARAMETER
    0xC0000010,  # STATUS_INVALID_DEVICE_REQUEST
    0xC0000034,  # STATUS_OBJECT_NAME_NOT_FOUND
    0xC00000BB,  # STATUS_NOT_SUPPORTED
    0xC000029C,  # STATUS_VOLUME_NOT_UPGRADED
}


def is_samba(root: str) -> bool:
    """Whether a directory that Windows has open is on Samba.

    Raises:
        OSError: it cannot be opened, or its server gave no answer that tells.
    """
    status, information = _object_id(root)
    if status == 0:
        return information[_OBJECT_ID : _OBJECT_ID + len(_MAGIC)] == _MAGIC
    if status in _NO_OBJECT_ID:
        return False
    raise OSError(errno.EIO, f"asked for its volume's object id, it answers with NTSTATUS {status:#010x}")


def _object_id(root: str) -> tuple[int, bytes]:
    """FileFsObjectIdInformation (8) of the volume of a directory: an NTSTATUS, and 64 bytes.

    ``NtQueryVolumeInformationFile`` (ntifs.h) asks for no right on the handle; the structure is aligned to 8
    bytes (ntddk.h). A directory is opened with FILE_FLAG_BACKUP_SEMANTICS (fileapi.h, ``CreateFileW``).
    """
    if sys.platform != "win32":
        raise NotImplementedError("only Windows is asked for the server of a share")
    import ctypes
    from ctypes import wintypes

    kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    open_file = kernel32.CreateFileW
    open_file.argtypes = (
        wintypes.LPCWSTR,
        wintypes.DWORD,
        wintypes.DWORD,
        ctypes.c_void_p,
        wintypes.DWORD,
        wintypes.DWORD,
        wintypes.HANDLE,
    )
    open_file.restype = wintypes.HANDLE
    query = ctypes.WinDLL("ntdll").NtQueryVolumeInformationFile
    query.argtypes = (wintypes.HANDLE, ctypes.c_void_p, ctypes.c_void_p, wintypes.ULONG, ctypes.c_int)
    # FILE_READ_ATTRIBUTES, all sharing, OPEN_EXISTING.
    handle = open_file(root, 0x80, 0x7, None, 3, 0x02000000, None)
    if handle == wintypes.HANDLE(-1).value:
        raise ctypes.WinError(ctypes.get_last_error())
    try:
        status_block = (ctypes.c_void_p * 2)()
        information = (ctypes.c_uint64 * (_SIZE // 8))()
        status = query(handle, status_block, information, _SIZE, 8)
    finally:
        kernel32.CloseHandle(wintypes.HANDLE(handle))
    return status & 0xFFFFFFFF, bytes(information)
