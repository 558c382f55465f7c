# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A rule of the Windows firewall that lets some addresses reach one TCP port.

MSFT_NetFirewallRule of ``root/StandardCimv2`` with its filters by address and by port. A rule is made
disabled, narrowed, and enabled last: at no moment does it let in more than it shall. One that is in effect
is changed in its filters alone, so that whom it still lets in is never shut out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..errors import BadDocument, StandbyError
from ..node import Association, ClassPath, Instance, Node, Reference, Value
from .failure import about

_NAMESPACE = "root/StandardCimv2"
RULE = ClassPath(_NAMESPACE, "MSFT_NetFirewallRule")
ADDRESS_FILTER = ClassPath(_NAMESPACE, "MSFT_NetAddressFilter")
PORT_FILTER = ClassPath(_NAMESPACE, "MSFT_NetProtocolPortFilter")
_ASSOCIATIONS: Mapping[ClassPath, str] = {
    ADDRESS_FILTER: "MSFT_NetFirewallRuleFilterByAddress",
    PORT_FILTER: "MSFT_NetFirewallRuleFilterByProtocolPort",
}
_ENABLED, _DISABLED = 1, 2
_INBOUND, _ALLOW = 1, 2
_TCP = "TCP"
# A single address is shown with a mask in some interfaces of the firewall.
_HOST = re.compile(r"/(?:255\.255\.255\.255|32|128)\Z")
_REMEDY = "Look at the rule in wf.msc; a policy of the domain may forbid rules of the machine"


@dataclass(frozen=True)
class Rule:
    """A rule that lets in.

    Attributes:
        name: InstanceID.
        title: what people see.
        port: TCP port of the node.
        addresses: that may reach it, sorted.
        effective: it is enabled, inbound, allows, and is for TCP.
    """

    name: str
    title: str
    port: str
    addresses: tuple[str, ...]
    effective: bool = True


def read_rule(node: Node, name: str) -> Rule | None:
    """A rule, None where there is none of that name.

    Raises:
        BadDocument: it has no filter by address or port.
    """
    with about(node, _resource(name)):
        item = _find(node, name)
        if item is None:
            return None
        ports, addresses = (_filter(node, item, kind) for kind in (PORT_FILTER, ADDRESS_FILTER))
        numbers = (item.number("Enabled", 0), item.number("Direction", 0), item.number("Action", 0))
        return Rule(
            name,
            item.text("ElementName"),
            ",".join(str(port) for port in ports.items("LocalPort")),
            tuple(sorted(_HOST.sub("", str(one)) for one in addresses.items("RemoteAddress"))),
            numbers == (_ENABLED, _INBOUND, _ALLOW) and ports.text("Protocol").upper() in (_TCP, "6"),
        )


def write_rule(node: Node, rule: Rule) -> None:
    """Have a rule, in place of one of the same name.

    Raises:
        StandbyError: Windows refused, or shows another rule afterwards.
    """
    with about(node, _resource(rule.name), _REMEDY):
        found = read_rule(node, rule.name)
        if found is not None and replace(found, port=rule.port, addresses=rule.addresses) == rule:
            _narrow(node, _required(node, rule.name), rule)
        else:
            _make(node, rule)
        if (found := read_rule(node, rule.name)) != rule:
            raise StandbyError(f"the rule is {found} after it was made as {rule}")


def _make(node: Node, rule: Rule) -> None:
    """What is there is not in effect, or of somebody else."""
    delete_rule(node, rule.name)
    made: dict[str, Value] = {
        "InstanceID": rule.name,
        "ElementName": rule.title,
        "Direction": _INBOUND,
        "Action": _ALLOW,
        "Enabled": _DISABLED,
    }
    node.cim.create(RULE, made)
    item = _required(node, rule.name)
    _narrow(node, item, rule)
    node.cim.invoke(_reference(item), "Enable")


def _narrow(node: Node, item: Instance, rule: Rule) -> None:
    """Addresses first: who is let in no more never reaches the new port."""
    node.cim.modify(_reference(_filter(node, item, ADDRESS_FILTER)), {"RemoteAddress": list(rule.addresses)})
    node.cim.modify(
        _reference(_filter(node, item, PORT_FILTER)), {"Protocol": _TCP, "LocalPort": [rule.port]}
    )


def delete_rule(node: Node, name: str) -> bool:
    """Delete a rule; False where there is none of that name."""
    with about(node, _resource(name), _REMEDY):
        item = _find(node, name)
        return item is not None and node.cim.delete(_reference(item))


def _find(node: Node, name: str) -> Instance | None:
    found = node.cim.enumerate(RULE, where={"InstanceID": name})
    return found[0] if found else None


def _required(node: Node, name: str) -> Instance:
    item = _find(node, name)
    if item is None:
        raise StandbyError("the rule is not there after it was made")
    return item


def _filter(node: Node, rule: Instance, kind: ClassPath) -> Instance:
    wanted = Association(_reference(rule), _ASSOCIATIONS[kind], kind.name)
    found = node.cim.enumerate(kind, associated=wanted)
    if len(found) != 1:
        raise BadDocument(f"{RULE.name}: expected one {kind.name}, found {len(found)}")
    return found[0]


def _reference(item: Instance) -> Reference:
    if item.reference is None:
        raise BadDocument(f"{item.class_name} came without an endpoint reference")
    return item.reference


def _resource(name: str) -> str:
    return f"firewall rule {name}"
