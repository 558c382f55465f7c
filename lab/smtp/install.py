# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP Server as it is installed on a node."""

from __future__ import annotations

from lab.certificates import Pair
from lab.iis.listener import tls_contexts
from lab.machine.machine import Machine
from lab.machine.services import ALREADY_RUNNING, OK
from lab.smtp.metabase import Metabase
from lab.smtp.service import SERVICE, Smtp

_POLL_SECONDS = 0.05
# The service control manager gives up on a service after 30 seconds.
_START_SECONDS = 30.0


def installed_smtp(machine: Machine, certificate: Pair) -> Smtp:
    """The virtual servers of a node.

    Args:
        machine: it.
        certificate: what those that offer STARTTLS show.
    """
    servers = machine.node.smtp
    context = None
    if any(one.certificate for one in servers):
        context = tls_contexts({"": (str(certificate.certificate), str(certificate.key))})[""]

    async def start_service() -> bool:
        service = machine.services.find(SERVICE)
        if service is None or machine.services.start(service) not in (OK, ALREADY_RUNNING):
            return False
        end = machine.now() + _START_SECONDS
        while machine.now() < end and not machine.service_running(SERVICE):
            await machine.clock.sleep(_POLL_SECONDS)
        return machine.service_running(SERVICE)

    return Smtp(machine, Metabase(servers, machine.folder / "smtp.json"), start_service, context)
