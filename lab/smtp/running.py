# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One SMTP virtual server while it runs: it listens, keeps mail, picks it up and delivers it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.iis import faults
from lab.machine.host import Host
from lab.smtp import mail
from lab.smtp.listening import Ears, Talk
from lab.smtp.mail import Message
from lab.smtp.spec import SmtpServer

_LOOK_SECONDS = 0.1


class RunningServer:
    """A started virtual server.

    Args:
        host: the machine.
        name: what people call it; faults name it so.
        settings: of the metabase, as they were when it started.
        spec: of the topology.
        context: for STARTTLS.
    """

    def __init__(
        self,
        host: Host,
        name: str,
        settings: Mapping[str, Any],
        spec: SmtpServer,
        context: ssl.SSLContext | None,
    ) -> None:
        self._host = host
        self._name = name
        self._settings = dict(settings)
        self._spec = spec
        self._delivering: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._due: dict[Path, float] = {}
        talk = Talk(
            node=host.name,
            greeting=self._settings["FullyQualifiedDomainName"] or host.name,
            limit=self._settings["MaxMessageSize"],
            relay=spec.relay,
            context=context,
            accept=self._accept,
            mute=lambda: faults.hangs(host, name),
            status=lambda: faults.forced_status(host, name),
        )
        self._ears = Ears([_place(text) for text in self._settings["ServerBindings"]], talk, host.record)

    async def start(self) -> None:
        """Listen and deliver; what lies in the queue is delivered too, whoever put it there.

        Raises:
            FileNotFoundError: the queue's volume is not there.
            PermissionError: the machine does not give a port to this user.
        """
        for setting in ("QueueDirectory", "PickupDirectory", "BadMailDirectory", "DropDirectory"):
            self._folder(setting).mkdir(parents=True, exist_ok=True)
        try:
            await self._ears.start(self._host.usable_addresses())
        except PermissionError:
            self._ears.close()
            raise
        self._delivering = asyncio.get_running_loop().create_task(self._deliver())

    async def stop(self) -> None:
        """Stop listening; a delivery under way ends first, so that none is made twice."""
        self.cut()
        if self._delivering is not None:
            await self._delivering

    def cut(self) -> None:
        """Stop listening at once."""
        self._ended.set()
        self._ears.close()

    def follow(self, usable: frozenset[str]) -> None:
        """Addresses have come or gone."""
        self._ears.follow(usable)

    def _folder(self, setting: str) -> Path:
        return self._host.local_path(self._settings[setting])

    def _accept(self, message: Message) -> str:
        kept = mail.keep(self._folder("QueueDirectory"), message)
        self._host.record("smtp.accepted", server=self._name, file=kept.name)
        return kept.stem

    async def _deliver(self) -> None:
        while not self._ended.is_set():
            try:
                await self._look()
            except OSError as error:
                self._host.record("smtp.queue_failed", server=self._name, error=str(error))
            try:
                await asyncio.wait_for(self._ended.wait(), _LOOK_SECONDS)
            except TimeoutError:
                continue

    async def _look(self) -> None:
        """Pick up, and deliver everything that is due."""
        queue = self._folder("QueueDirectory")
        mail.pick_up(self._folder("PickupDirectory"), queue)
        if not self._settings["SmartHost"]:
            return
        for path in mail.waiting(queue):
            if self._ended.is_set():
                return
            if self._host.now() >= self._due.get(path, 0.0):
                await self._send(path)

    async def _send(self, path: Path) -> None:
        message = mail.parse(path.read_bytes())
        try:
            await asyncio.to_thread(
                mail.hand_over,
                message,
                self._settings["SmartHost"].strip("[]"),
                self._settings["RemoteSmtpPort"],
                self._host.name,
            )
        except mail.Refusal as refusal:
            mail.keep(self._folder("BadMailDirectory"), message)
            self._host.record("smtp.bad_mail", server=self._name, file=path.name, said=str(refusal))
        except OSError:
            self._due[path] = self._host.now() + self._spec.retry_seconds
            return
        else:
            self._host.record("smtp.delivered", server=self._name, file=path.name)
        self._due.pop(path, None)
        path.unlink(missing_ok=True)


def _place(binding: str) -> tuple[str | None, int]:
    """Address (None for every one) and port of ``ip:port:host``."""
    address, port, _host = binding.rsplit(":", 2)
    bare = address.strip("[]")
    return bare or None, int(port)
