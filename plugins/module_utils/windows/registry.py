# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The registry: StdRegProv of ``root/cimv2``, REG_SZ values under HKEY_LOCAL_MACHINE; REG_DWORD is only read.

StdRegProv has no call that reads several values: every value read costs a round trip.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import MethodError
from ..node import ClassPath, Instance, Node, Value
from .failure import about

STD_REG_PROV = ClassPath("root/cimv2", "StdRegProv")

_HKEY_LOCAL_MACHINE = 0x80000002
_NOT_FOUND = 2  # ERROR_FILE_NOT_FOUND: no such key
# A value that is not there: 1 (ERROR_INVALID_FUNCTION) or 2, which of them is not documented.
_ABSENT = (1, _NOT_FOUND)
# The methods return codes of WinError.h; these are the ones that can be expected.
_CODES: Mapping[int, str] = {
    1: "no such value, or a value of another type",
    _NOT_FOUND: "no such key",
    5: "access denied",
    87: "invalid parameter",
    1018: "the key is marked for deletion",
}
_REMEDY = "Check that the account may write below HKEY_LOCAL_MACHINE\\SOFTWARE"


def read_value(node: Node, key: str, name: str) -> str | None:
    r"""One REG_SZ value, in one round trip.

    Args:
        node: where.
        key: path below HKEY_LOCAL_MACHINE, such as ``SOFTWARE\standby.iis``.
        name: name of the value.

    Returns:
        Its text, None where key or value does not exist.
    """
    with about(node, _resource(key)):
        answer = _unless_absent(node, "GetStringValue", key, _ABSENT, sValueName=name)
    return None if answer is None or answer.get("sValue") is None else answer.text("sValue")


def read_number(node: Node, key: str, name: str) -> int | None:
    """One REG_DWORD value, in one round trip; None where key or value does not exist."""
    with about(node, _resource(key)):
        answer = _unless_absent(node, "GetDWORDValue", key, _ABSENT, sValueName=name)
    return None if answer is None or answer.get("uValue") is None else answer.number("uValue")


def write_value(node: Node, key: str, name: str, text: str) -> None:
    """Set a REG_SZ value; the key is made where it does not exist.

    Raises:
        StandbyError: Windows refused.
    """
    with about(node, _resource(key), _REMEDY):
        arguments: dict[str, Value] = {"sValueName": name, "sValue": text}
        if _unless_absent(node, "SetStringValue", key, (_NOT_FOUND,), **arguments) is None:
            _call(node, "CreateKey", key)
            _call(node, "SetStringValue", key, **arguments)


def delete_value(node: Node, key: str, name: str) -> None:
    """Remove a value; success too where it does not exist."""
    with about(node, _resource(key), _REMEDY):
        _unless_absent(node, "DeleteValue", key, _ABSENT, sValueName=name)


def delete_key(node: Node, key: str) -> None:
    """Remove a key with everything below it; success too where it does not exist."""
    with about(node, _resource(key), _REMEDY):
        below = _unless_absent(node, "EnumKey", key, (_NOT_FOUND,))
        if below is None:
            return
        for name in below.items("sNames"):
            delete_key(node, f"{key}\\{name}")
        _call(node, "DeleteKey", key)


def _unless_absent(
    node: Node, method: str, key: str, absent: tuple[int, ...], **arguments: Value
) -> Instance | None:
    """Call a method; None where it answers that there is no such key or value."""
    try:
        return _call(node, method, key, **arguments)
    except MethodError as failure:
        if failure.code in absent:
            return None
        raise


def _call(node: Node, method: str, key: str, **arguments: Value) -> Instance:
    common: dict[str, Value] = {"hDefKey": _HKEY_LOCAL_MACHINE, "sSubKeyName": key}
    return node.cim.invoke(STD_REG_PROV, method, common | arguments, codes=_CODES)


def _resource(key: str) -> str:
    return f"registry key HKLM\\{key}"
