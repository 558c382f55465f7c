# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs of agents whose site is an FTP site or an SMTP virtual server."""

from __future__ import annotations

import time
from pathlib import Path

from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.windows.service import start_service, stop_service
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from tests.support.agent_lab import AgentLab
from tests.support.cluster_lab import SHARED
from tests.support.smtp_lab import MAIL, OCTETS, PORT, SECOND

_TOPOLOGIES = Path(__file__).parents[1] / "lab" / "topologies"


class ServiceLab(AgentLab):
    """One site that a service of Windows carries.

    Attributes:
        topology: the lab that it is of.
        service: the service.
    """

    topology: Path
    service: str

    def stop_service(self, name: str) -> None:
        """Stop the service on a node, as an operator would."""
        node = connect(self.cluster.connection(name))
        stop_service(node, self.service, time)
        node.close()

    def recover(self) -> None:
        """As without that service; nobody else starts one that was stopped."""
        super().recover()
        for name in self.cluster.nodes:
            node = connect(self.cluster.connection(name))
            start_service(node, self.service, time)
            node.close()


class FtpAgents(ServiceLab):
    """Two nodes with agents, and one FTP site on one address."""

    topology = _TOPOLOGIES / "ftp.yml"
    service = "FTPSVC"
    site = "FTP & Co"
    last = 202

    @property
    def url(self) -> str:
        return f"ftp://{self.cluster.address(self.last)}:2121/"

    @property
    def deep_check(self) -> Check:
        return Check(self.url, timeout=1.0, verify=False, starttls=True)


class SmtpAgents(ServiceLab):
    """Two nodes with agents, and one SMTP virtual server whose mail lies on a volume of each node's own."""

    topology = _TOPOLOGIES / "smtp.yml"
    service = "SMTPSVC"
    site = SECOND
    last = OCTETS[SECOND]

    @property
    def url(self) -> str:
        return f"smtp://{self.cluster.address(self.last)}:{PORT}/"

    @property
    def deep_check(self) -> Check:
        return Check(self.url, timeout=1.0, recipient="check@example.com")


class QueueAgents(SmtpAgents):
    """The same with a virtual server that offers TLS, and whose mail lies on a shared disk."""

    site = MAIL
    last = OCTETS[MAIL]

    @property
    def deep_check(self) -> Check:
        return Check(self.url, timeout=1.0, verify=False, starttls=True, recipient="check@example.com")

    def declare(self) -> None:
        self.cluster.volume("F:", SHARED)
        super().declare()
