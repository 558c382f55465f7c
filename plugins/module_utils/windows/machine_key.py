# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The machine key of ASP.NET: as machine.config and the root web.config of a framework set it.

https://learn.microsoft.com/previous-versions/dotnet/netframework-4.0/w8h3skw9(v=vs.100) (machineKey element).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..wsman.xml import parse
from .iis_config import digest

_KEYS = ("validationKey", "decryptionKey")
_GENERATED = "autogenerate"


@dataclass(frozen=True)
class MachineKey:
    """What one file says.

    Attributes:
        settings: attributes that are no secrets: algorithms, and keys that are generated.
        digests: of keys that are written out, comparable within this process only.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict, repr=False)


# Location without case, empty for all sites -> what is said there.
MachineKeys = Mapping[str, MachineKey]


def parse_machine_keys(document: bytes, name: str) -> MachineKeys:
    """What a file says of machine keys.

    Args:
        document: machine.config or web.config of a framework.
        name: what to call the document in errors.

    Raises:
        BadDocument: malformed XML.
    """
    root = parse(document, name)
    places = [("", root), *((one.get("path", "").casefold(), one) for one in root.findall("location"))]
    found = {path: element for path, place in places for element in place.findall("system.web/machineKey")}
    return {path: _machine_key(element.attrib) for path, element in found.items()}


def _machine_key(found: Mapping[str, str]) -> MachineKey:
    secrets = {key for key in _KEYS if key in found and not found[key].casefold().startswith(_GENERATED)}
    return MachineKey(
        settings={key: value for key, value in found.items() if key not in secrets},
        digests={key: digest(found[key].upper()) for key in secrets},
    )
