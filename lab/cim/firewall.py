# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the Windows firewall with their filters by address and by port, root/StandardCimv2.

They are kept and shown; nothing is blocked by them. Keys are as nx_system_tests has seen them on Windows:
CreationClassName is ``MSFT|FW|FirewallRule|`` and the InstanceID, the others are empty.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lab.machine.files import write_atomically

from .base import ClassProvider, not_emulated, not_found, require_instance
from .schema import CimFailure, Ref, Result, Values

_PREFIX = "MSFT|FW|FirewallRule|"
_GIVEN = {"InstanceID", "ElementName", "Description", "Direction", "Action", "Enabled", "Profiles"}
_DEFAULTS = {"Direction": 1, "Action": 2, "Enabled": 1, "Profiles": 0}
_FILTERS: dict[str, dict[str, Any]] = {
    "MSFT_NetAddressFilter": {"LocalAddress": ["Any"], "RemoteAddress": ["Any"]},
    "MSFT_NetProtocolPortFilter": {"Protocol": "Any", "LocalPort": ["Any"], "RemotePort": ["Any"]},
}


class RuleStore:
    """The rules of a node: InstanceID -> class -> values.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, dict[str, dict[str, Any]]]:
        """All of them."""
        return json.loads(self._path.read_text(encoding="utf-8")) if self._path.exists() else {}

    def write(self, rules: dict[str, dict[str, dict[str, Any]]]) -> None:
        """Replace all of them."""
        write_atomically(self._path, json.dumps(rules))

    def change(self, keys: Values, part: str, values: Values) -> None:
        """Change the values of a rule or a filter.

        Raises:
            CimFailure: 6 where there is no such rule.
        """
        rules = self.read()
        name = str(keys["CreationClassName"]).removeprefix(_PREFIX)
        if name not in rules:
            raise not_found()
        rules[name][part].update(values)
        self.write(rules)


class FirewallRule(ClassProvider):
    """MSFT_NetFirewallRule."""

    def __init__(self, store: RuleStore) -> None:
        super().__init__("MSFT_NetFirewallRule")
        self._store = store

    async def instances(self) -> list[Values]:
        """Every rule."""
        return [
            self.complete(
                {
                    **_keys(name, "PolicyRuleName"),
                    **parts[self.schema.name],
                    "InstanceID": name,
                    "DisplayName": parts[self.schema.name].get("ElementName"),
                    "PrimaryStatus": 1,
                    "PolicyStoreSourceType": 1,
                }
            )
            for name, parts in self._store.read().items()
        ]

    async def create(self, values: Values) -> Values:
        """A rule with filters that filter nothing yet."""
        if unknown := {name for name, value in values.items() if value is not None} - _GIVEN:
            raise not_emulated(f"a firewall rule with {', '.join(sorted(unknown))}")
        rules, name = self._store.read(), values.get("InstanceID")
        if not name or not values.get("ElementName"):
            raise not_emulated("a firewall rule without InstanceID or ElementName")
        if name in rules:
            raise CimFailure(11, "Cannot create a file when that file already exists.")
        given = {key: value for key, value in values.items() if value is not None and key != "InstanceID"}
        rules[name] = {self.schema.name: _DEFAULTS | given, **{one: dict(_FILTERS[one]) for one in _FILTERS}}
        self._store.write(rules)
        return _keys(name, "PolicyRuleName")

    async def modify(self, keys: Values, values: Values) -> None:
        """Change a rule."""
        self._store.change(keys, self.schema.name, values)

    async def delete(self, keys: Values) -> None:
        """Delete a rule with its filters."""
        rules = self._store.read()
        if rules.pop(str(keys["CreationClassName"]).removeprefix(_PREFIX), None) is None:
            raise not_found()
        self._store.write(rules)

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        """Enable and Disable."""
        if method not in ("Enable", "Disable"):
            return await super().invoke(method, keys, arguments)
        enabled = 1 if method == "Enable" else 2
        self._store.change(require_instance(method, keys), self.schema.name, {"Enabled": enabled})
        return Result(None)


class RuleFilter(ClassProvider):
    """MSFT_NetAddressFilter or MSFT_NetProtocolPortFilter: one for every rule."""

    def __init__(self, class_name: str, store: RuleStore) -> None:
        super().__init__(class_name)
        self._store = store

    async def instances(self) -> list[Values]:
        """The filter of every rule."""
        return [
            self.complete({**_keys(name, "Name"), **parts[self.schema.name], "InstanceID": name})
            for name, parts in self._store.read().items()
        ]

    async def modify(self, keys: Values, values: Values) -> None:
        """Change what it filters by."""
        self._store.change(keys, self.schema.name, values)


class RuleAssociation(ClassProvider):
    """Which filter belongs to which rule."""

    def __init__(self, class_name: str, part: str, store: RuleStore) -> None:
        super().__init__(class_name)
        self._part = part
        self._store = store

    async def instances(self) -> list[Values]:
        """One a rule."""
        space = self.schema.namespace
        return [
            {
                "GroupComponent": Ref(space, "MSFT_NetFirewallRule", _keys(name, "PolicyRuleName")),
                "PartComponent": Ref(space, self._part, _keys(name, "Name")),
            }
            for name in self._store.read()
        ]


def _keys(name: str, last: str) -> dict[str, str]:
    return {
        "SystemCreationClassName": "",
        "SystemName": "",
        "CreationClassName": f"{_PREFIX}{name}",
        last: "",
    }


def firewall(path: Path) -> tuple[ClassProvider, ...]:
    """The classes of the firewall over the rules in a file."""
    store = RuleStore(path)
    return (
        FirewallRule(store),
        RuleFilter("MSFT_NetAddressFilter", store),
        RuleFilter("MSFT_NetProtocolPortFilter", store),
        RuleAssociation("MSFT_NetFirewallRuleFilterByAddress", "MSFT_NetAddressFilter", store),
        RuleAssociation("MSFT_NetFirewallRuleFilterByProtocolPort", "MSFT_NetProtocolPortFilter", store),
    )
