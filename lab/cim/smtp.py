# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP virtual servers by IIS 6 WMI Compatibility: their state to be read, their settings to be changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.smtp.service import Smtp

from .base import ClassProvider, not_found
from .schema import Embedded, Values

_BINDING = "ServerBinding"


class IIsSmtpServer(ClassProvider):
    """IIsSmtpServer: read-only, without methods."""

    def __init__(self, smtp: Smtp) -> None:
        super().__init__("IIsSmtpServer")
        self._smtp = smtp

    async def instances(self) -> list[Values]:
        """One a virtual server."""
        return [
            self.complete(
                {
                    "Name": path,
                    "DomainRouting": [],
                    "LocalDomains": [],
                    "RoutingSources": [],
                    "ServerState": self._smtp.state(path),
                    "SSLCertHash": [],
                }
            )
            for path in self._smtp.metabase.paths()
        ]


class IIsSmtpServerSetting(ClassProvider):
    """IIsSmtpServerSetting: read and Put."""

    def __init__(self, smtp: Smtp) -> None:
        super().__init__("IIsSmtpServerSetting")
        self._smtp = smtp

    async def instances(self) -> list[Values]:
        """One a virtual server."""
        return [self._values(path) for path in self._smtp.metabase.paths()]

    async def modify(self, keys: Values, values: Values) -> None:
        """Put of some settings."""
        path = self._smtp.metabase.find(str(keys["Name"]))
        if path is None:
            raise not_found()
        changed = self.writable(self._values(path), values)
        if bindings := changed.get("ServerBindings"):
            changed["ServerBindings"] = [_text(one) for one in bindings]
        if changed:
            self._smtp.change(path, changed)

    def _values(self, path: str) -> dict[str, Any]:
        settings: Mapping[str, Any] = self._smtp.metabase.of(path)
        bindings = [_embedded(text) for text in settings["ServerBindings"]]
        return self.complete({**settings, "Name": path, "ServerBindings": bindings})


def _embedded(text: str) -> Embedded:
    address, port, host = text.rsplit(":", 2)
    return Embedded(_BINDING, {"Hostname": host, "IP": address, "Port": port})


def _text(binding: Embedded) -> str:
    values = binding.values
    return f"{values.get('IP') or ''}:{values.get('Port') or ''}:{values.get('Hostname') or ''}"
