# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a topology says of an SMTP virtual server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SmtpServer:
    r"""An SMTP virtual server.

    Attributes:
        number: the last part of its metabase path, ``SmtpSvc/1``.
        comment: ServerComment, the name that people see.
        bindings: ServerBindings, ``ip:port:host`` with ip and host optional.
        mailroot: the folder that Queue, Pickup, Badmail and Drop lie in at first.
        smart_host: SmartHost, where mail is delivered to; without one it stays in the queue.
        remote_port: RemoteSmtpPort, the port there.
        domain: FullyQualifiedDomainName, what it greets with; the computer's name where empty.
        auto_start: ServerAutoStart.
        certificate: it offers STARTTLS, with the lab's certificate.
        relay: it takes mail for everybody.
        retry_seconds: pause before a delivery is tried again (Windows: 15 minutes).
    """

    number: int
    comment: str = ""
    bindings: tuple[str, ...] = (":25:",)
    mailroot: str = "C:\\inetpub\\mailroot"
    smart_host: str = ""
    remote_port: int = 25
    domain: str = ""
    auto_start: bool = True
    certificate: bool = False
    relay: bool = True
    retry_seconds: float = 0.5

    @property
    def names(self) -> tuple[str, ...]:
        """What its certificate has to name: the addresses it listens on, and its domain."""
        addresses = [text.rsplit(":", 2)[0].strip("[]") for text in self.bindings]
        return tuple(name for name in (*addresses, self.domain) if name)
