# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""StdRegProv: the registry over CIM (root/cimv2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.machine.registry import Key, Kind, Registry

from .base import ClassProvider, not_emulated
from .schema import CimFailure, Result, Values

HIVES = {
    0x80000000: "HKEY_CLASSES_ROOT",
    0x80000001: "HKEY_CURRENT_USER",
    0x80000002: "HKEY_LOCAL_MACHINE",
    0x80000003: "HKEY_USERS",
    0x80000005: "HKEY_CURRENT_CONFIG",
}
_LOCAL_MACHINE = 0x80000002  # the default of hDefKey

# Win32 codes (WinError.h) and WMI codes that the methods return.
OK = 0
NO_SUCH_VALUE = 1  # what GetStringValue and its kin return for a value that is not there
FILE_NOT_FOUND = 2
ACCESS_DENIED = 5
TYPE_MISMATCH = 0x80041005  # WBEM_E_TYPE_MISMATCH

# Method suffix -> (value type, name of the parameter that carries the data).
_TYPES = {
    "DWORDValue": (Kind.DWORD, "uValue"),
    "QWORDValue": (Kind.QWORD, "uValue"),
    "StringValue": (Kind.SZ, "sValue"),
    "ExpandedStringValue": (Kind.EXPAND_SZ, "sValue"),
    "MultiStringValue": (Kind.MULTI_SZ, "sValue"),
    "BinaryValue": (Kind.BINARY, "uValue"),
}


class StdRegProv(ClassProvider):
    """The registry provider.

    Args:
        registry: the node's registry.
        expand: expands environment variables in REG_EXPAND_SZ data.
    """

    def __init__(self, registry: Registry, expand: Callable[[str], str]) -> None:
        super().__init__("StdRegProv")
        self._registry = registry
        self._expand = expand

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:  # noqa: ARG002
        """Every method of the class but those on security."""
        number = arguments.get("hDefKey")
        hive = HIVES.get(_LOCAL_MACHINE if number is None else number)
        path = arguments.get("sSubKeyName")
        if hive is None or path is None:
            raise CimFailure(4, "Invalid parameter", message_id="HRESULT 0x80041008")
        if method == "CreateKey":
            self._registry.create(hive, path)
            return Result(OK)
        key = self._registry.find(hive, path)
        if method.startswith("Get") and method[3:] in _TYPES:
            return self._get(method, key, arguments)
        return self._on_key(method, key, hive, arguments)

    def _on_key(self, method: str, key: Key | None, hive: str, arguments: Values) -> Result:
        if key is None:
            return Result(FILE_NOT_FOUND, self._nothing(method))
        if method == "DeleteKey":
            return Result(self._delete_key(key, hive, arguments["sSubKeyName"]))
        if method == "EnumKey":
            return Result(OK, {"sNames": [name for name, _rest in key.keys.values()] or None})
        if method == "EnumValues":
            found = list(key.values.values())
            names, types = [name for name, _rest, _rest in found], [int(kind) for _rest, kind, _rest in found]
            return Result(OK, {"sNames": names or None, "Types": types or None})
        if method == "DeleteValue":
            deleted = self._registry.delete_value(key, _name(arguments))
            return Result(OK if deleted else FILE_NOT_FOUND)
        if method.startswith("Set") and method[3:] in _TYPES:
            return self._set(method, key, arguments)
        raise not_emulated(f"StdRegProv.{method}")

    def _delete_key(self, key: Key, hive: str, path: str) -> int:
        """A key that has keys below it is not deleted (RegDeleteKey)."""
        if key.keys:
            return ACCESS_DENIED
        self._registry.delete(hive, path)
        return OK

    def _set(self, method: str, key: Key, arguments: Values) -> Result:
        kind, parameter = _TYPES[method[3:]]
        data = arguments.get(parameter)
        if data is None:
            raise not_emulated(f"{method} without {parameter}")
        self._registry.set_value(key, _name(arguments), kind, data)
        return Result(OK)

    def _get(self, method: str, key: Key | None, arguments: Values) -> Result:
        kind, parameter = _TYPES[method[3:]]
        if key is None:
            return Result(FILE_NOT_FOUND, {parameter: None})
        found = key.values.get(_name(arguments).casefold())
        if found is None:
            return Result(NO_SUCH_VALUE, {parameter: None})
        _rest, stored, data = found
        if stored != kind and {stored, kind} != {Kind.SZ, Kind.EXPAND_SZ}:
            return Result(TYPE_MISMATCH, {parameter: None})
        return Result(OK, {parameter: self._expand(data) if stored is Kind.EXPAND_SZ else data})

    def _nothing(self, method: str) -> dict[str, Any]:
        return {out.name: None for m in self.schema.methods if m.name == method for out in m.outputs}


def _name(arguments: Values) -> str:
    return str(arguments.get("sValueName") or "")
