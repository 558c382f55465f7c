# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The destination of a mirror: it takes in what its source sends, and whatever else the other node asks."""

from __future__ import annotations

import base64

from .ends import Refused
from .files import delete, digests, put, stamps
from .groups import Group, Status
from .peers import Message, NotReached
from .source import Source


class Destination(Source):
    """What the node answers to others."""

    async def _answer(self, message: Message) -> Message:
        if (self._around.faults.get("mirror") or {}).get("action") == "cut":
            raise NotReached("the mirror's network is cut")
        group = self.groups.named(str(message["group"]))
        if group is None:
            return {"refused": f"There is no replication group {message['group']}."}
        if message["operation"] == "pair":
            return self._be_paired(group, message)
        if message["partnership"] != group.kept.partnership:
            return {"refused": "The partnership is not known here."}
        if message["operation"] == "unpair":
            self._part_with(group)
            return {}
        if message["operation"] == "rpo":
            self._state_rpo(group, int(message["rpo"]))
            return {}
        if message["operation"] == "demote":
            return await self._be_demoted(group, int(message["generation"]))
        return self._take_in(group, message)

    def _be_paired(self, group: Group, message: Message) -> Message:
        if group.kept.partner:
            return {"refused": f"The replication group {group.kept.name} is in a partnership already."}
        if self.part(group).size != message["size"]:
            return {"refused": "Data partition sizes are different in those two groups"}
        names = (str(message[name]) for name in ("partner", "partner_group", "partnership"))
        numbers = (int(message[name]) for name in ("mode", "rpo", "generation"))
        self._take(group, *names, *numbers, primary=False)  # type: ignore[arg-type]
        return {}

    async def _be_demoted(self, group: Group, generation: int) -> Message:
        if not group.kept.primary and group.kept.generation >= generation:
            return {}  # asked before, and the answer was lost
        group.draining = True
        try:
            return await self._drain(group, generation)
        finally:
            group.draining = False

    async def _drain(self, group: Group, generation: int) -> Message:
        """Nothing is written any more; once the other end has what was, it is the source."""
        async with group.lock:
            if not group.live:
                return {"refused": f"The replication group {group.kept.name} is not in sync."}
            try:
                folder = self.part(group).folder
                await self._follow(group, folder)
                while stamps(folder) != group.sent:
                    await self._follow(group, folder)
            except (NotReached, Refused) as error:
                return {"refused": f"The replication group {group.kept.name} has writes left: {error}"}
            self._turn(group, generation, primary=False)
        return {}

    def _take_in(self, group: Group, message: Message) -> Message:
        kept, operation = group.kept, message["operation"]
        if kept.primary and message["generation"] > kept.generation:
            self._turn(group, int(message["generation"]), primary=False)
        if kept.suspended:
            return {"refused": "The replication group is suspended."}
        if operation == "hello":
            return self._greet(group, message)
        if kept.primary or message["generation"] < kept.generation:
            return {"refused": f"The replication group {kept.name} is the source."}
        group.heard = self._around.clock.now()
        folder = self.part(group).folder
        if operation == "put":
            data = base64.b64decode(message["data"])
            put(folder, message["name"], int(message["offset"]), data, end=message["end"])
            group.recovered += len(data)
        elif operation == "delete":
            delete(folder, message["name"])
        elif operation == "complete":
            kept.complete = kept.ever = True
            group.copying = None
            self._save("mirror_complete", group)
        kept.lsn = int(message["lsn"])
        group.remaining = int(message["remaining"])
        late = message["behind"]
        group.behind_since = None if late is None else self._around.clock.now() - float(late)
        if group.copying is None and late is None:
            self._note_in_sync(group)
        return {}

    def _greet(self, group: Group, message: Message) -> Message:
        kept = group.kept
        if kept.primary:
            return {"primary": True, "generation": kept.generation}
        kept.generation = max(kept.generation, int(message["generation"]))
        kept.complete = False
        group.heard = self._around.clock.now()
        group.copying = Status.BLOCK_COPY_FROM_SOURCE if kept.ever else Status.INITIAL_BLOCK_COPY
        group.recovered = 0
        self._save("mirror_copy", group)
        return {
            "primary": False,
            "generation": kept.generation,
            "files": digests(self.part(group).folder),
        }
