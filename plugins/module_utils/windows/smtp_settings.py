# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An SMTP virtual server as data, from IIsSmtpServerSetting, and what makes one like another.

Properties: IIS 6.0 SDK, Metabase Property Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ..node import Instance, Reference, Scalar, Value

STARTED, STOPPED = "Started", "Stopped"
# ServerState (IIS 6.0 SDK, ServerState).
STATES: Mapping[int, str] = MappingProxyType(
    {1: "Starting", 2: STARTED, 3: "Stopping", 4: STOPPED, 5: "Pausing", 6: "Paused", 7: "Continuing"}
)

STATE_DEFAULT = 4  # the property is volatile; where it is not set, the virtual server is stopped

_TEXTS = (
    "BadMailDirectory",
    "DefaultDomain",
    "DropDirectory",
    "FullyQualifiedDomainName",
    "PickupDirectory",
    "QueueDirectory",
    "SmartHost",
)
_NUMBERS = (
    "MaxMessageSize",
    "MaxRecipients",
    "MaxSessionSize",
    "RelayForAuth",
    "RemoteSmtpPort",
    "SmartHostType",
)
_BYTES = ("RelayIpList",)
_DIRECTORIES = ("QueueDirectory", "PickupDirectory", "BadMailDirectory", "DropDirectory")
_BINDINGS = "ServerBindings"


@dataclass(frozen=True)
class SmtpServer:
    """An SMTP virtual server.

    Attributes:
        path: its place in the metabase, such as ``SmtpSvc/1``.
        comment: the name that the IIS 6 console shows, or empty.
        state: Started, Stopped, Starting, Stopping, Paused ...; empty where not known.
        auto_start: ServerAutoStart: it starts with the SMTP service.
        bindings: where it listens, ``ip:port:host``.
        settings: property -> value of what has to be the same on every node, bindings apart.
        reference: the instance.
    """

    path: str
    comment: str = ""
    state: str = ""
    auto_start: bool = False
    bindings: tuple[str, ...] = ()
    settings: Mapping[str, Value] = field(default_factory=dict)
    reference: Reference | None = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        """What it is called: its comment, else its path."""
        return self.comment or self.path

    @property
    def number(self) -> int:
        """The last part of its path."""
        last = self.path.rpartition("/")[2]
        return int(last) if last.isascii() and last.isdigit() else 0

    def text(self, setting: str) -> str:
        """A setting as text, empty where it is not set."""
        return str(self.settings.get(setting) or "")

    @property
    def directories(self) -> tuple[str, ...]:
        """The folders its mail lies in, the queue first; those that are not set are left out."""
        found = (self.text(name) for name in _DIRECTORIES)
        return tuple(path for path in found if path)


def server_of(item: Instance, state: str) -> SmtpServer:
    """An instance of IIsSmtpServerSetting.

    Args:
        item: it.
        state: of IIsSmtpServer, by name.

    Raises:
        BadDocument: a value is not of its type.
    """
    settings: dict[str, Value] = {name: item.text(name) for name in _TEXTS}
    settings |= {name: item.number(name, 0) for name in _NUMBERS}
    settings |= {name: [int(str(one)) for one in item.items(name)] for name in _BYTES}
    return SmtpServer(
        path=item.text("Name"),
        comment=item.text("ServerComment"),
        state=state,
        auto_start=item.flag("ServerAutoStart"),
        bindings=tuple(_information(one) for one in item.items(_BINDINGS)),
        settings=settings,
        reference=item.reference,
    )


def changes_of(server: SmtpServer, model: SmtpServer) -> dict[str, Value]:
    """The properties that make a virtual server like its model; folders and domains compared without case."""
    changed: dict[str, Value] = {
        name: value
        for name, value in model.settings.items()
        if _comparable(server.settings.get(name)) != _comparable(value)
    }
    if {one.lower() for one in server.bindings} != {one.lower() for one in model.bindings}:
        changed[_BINDINGS] = [_embedded(one) for one in model.bindings]
    return changed


def _comparable(value: Any) -> Any:
    return value.rstrip("\\").casefold() if isinstance(value, str) else value


def _information(binding: Scalar) -> str:
    """``ip:port:host``: an embedded ServerBinding, or the text that the metabase keeps."""
    if isinstance(binding, Instance):
        return f"{binding.text('IP')}:{binding.text('Port')}:{binding.text('Hostname')}"
    return str(binding)


def _embedded(binding: str) -> Instance:
    address, port, host = (["", "", *binding.rsplit(":", 2)])[-3:]
    return Instance("ServerBinding", {"Hostname": host, "IP": address, "Port": port})
