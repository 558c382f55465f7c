# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the stores of the tests reach etcd."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import Store
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_etcd

USER, PASSWORD = "standby", "S3cret-of-etcd"


@dataclass(frozen=True)
class Access:
    """How the members are reached; goes to worker processes."""

    endpoints: tuple[str, ...]
    ca_file: str
    user: str = USER
    password: str = PASSWORD
    seconds: float = 6.0

    def open(self) -> Store:
        return open_etcd(
            self.endpoints,
            "test",
            credentials=(self.user, self.password),
            ca_file=self.ca_file,
            seconds=self.seconds,
        )
