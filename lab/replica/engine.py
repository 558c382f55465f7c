# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage Replica at work: the source copies its volume to the destination, which nobody can use meanwhile.

What the documentation leaves open is chosen so that a client which relies on the kinder reading fails here:
a destination shows its drive letter; a source whose destination is gone goes on acknowledging writes (its log
is there "to allow an interruption in service between source and destination"); a reversal is refused unless
the copy is complete.
"""

from __future__ import annotations

import asyncio
import base64
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.machine.clock import Clock
from lab.machine.faults import Faults
from lab.machine.storage import Part, Storage

from .files import delete, digests, put, stamps
from .groups import SYNCHRONOUS, Group, Groups, Kept, Status
from .peers import Message, NotReached, Peers

# Seconds between two looks at a volume, without an answer until a destination counts as gone, and for a
# source to send the rest before it is none any more.
_PACE, _PATIENCE, _LAST_WRITES = 0.1, 1.0, 20.0
# Seconds without a word from the source until a destination shows that it is not connected.
SILENCE = 1.0
_CHUNK = 1 << 16


class Refused(RuntimeError):
    """What was asked cannot be done; the message says why."""


@dataclass(frozen=True)
class Surroundings:
    """What replication needs of its machine.

    Attributes:
        computer: its name.
        wall: time of day, seconds since 1970.
        record: event log.
        changed: called when a volume came or went.
    """

    computer: str
    clock: Clock
    faults: Faults
    wall: Callable[[], float]
    record: Callable[..., None]
    changed: Callable[[], None]


class Replication:
    """The replication of one node.

    Args:
        storage: its volumes.
        path: file of its groups.
        peers: the other nodes'.
        around: the machine.
    """

    def __init__(self, storage: Storage, path: Path, peers: Peers, around: Surroundings) -> None:
        self._storage, self._peers, self._around = storage, peers, around
        self.groups = Groups(path)

    # Power

    async def start(self) -> None:
        """Boot: destinations are not mounted, sources go on copying."""
        for group in self.groups.found.values():
            self._place(group)
            self._go_on(group)
        await self._peers.serve(self._answer)

    async def stop(self) -> None:
        """Shut down."""
        await self._peers.close()
        for group in self.groups.found.values():
            self._halt(group)

    def part(self, group: Group) -> Part:
        """The data partition of a group.

        Raises:
            Refused: there is none.
        """
        found = self._storage.owner_of(group.kept.volume)
        if found is None:
            raise Refused(f"The volume {group.kept.volume} of {group.kept.name} was not found.")
        return found

    def status(self, group: Group) -> Status:
        """What a group shows."""
        return group.status(self._around.clock.now(), SILENCE)

    # What an operator asks for

    def create(self, kept: Kept) -> Group:
        """A new group, in no partnership."""
        group = self.groups.found[kept.name] = Group(kept)
        self._save("mirror_group", group)
        return group

    async def pair(self, group: Group, partner: str, other: str, mode: int, rpo: int) -> None:
        """Make a partnership with this node as its source.

        Raises:
            NotReached, Refused: the other node cannot be reached or does not fit.
        """
        size = self.part(group).size
        identity = "{" + str(uuid.uuid4()) + "}"
        generation = group.kept.generation + 1
        message = {
            "operation": "pair",
            "group": other,
            "partner": self._around.computer,
            "partner_group": group.kept.name,
            "partnership": identity,
            "mode": mode,
            "rpo": rpo,
            "generation": generation,
            "size": size,
        }
        await self._ask(partner, message)
        self._take(group, partner, other, identity, mode, rpo, generation, primary=True)

    async def reverse(self, group: Group) -> None:
        """Have this node be the source.

        Raises:
            Refused: the copy is not complete, or was never.
        """
        kept = group.kept
        if not kept.partner:
            raise Refused(f"The replication group {kept.name} is in no partnership.")
        if kept.primary:
            return
        if self.status(group) is Status.INITIAL_BLOCK_COPY or not kept.ever or not kept.complete:
            raise Refused(f"The replication group {kept.name} holds no complete copy of its source.")
        generation = kept.generation + 1
        message = {"operation": "demote", "group": kept.partner_group, "generation": generation}
        try:
            await self._ask(kept.partner, {**message, "partnership": kept.partnership}, _LAST_WRITES)
        except NotReached as silent:
            fault = self._around.faults.get("mirror_promote") or {}
            await self._around.clock.sleep(float(str(fault.get("seconds", 0.3))))
            if fault.get("action") == "refuse":
                raise Refused(f"The source {kept.partner} is not available.") from silent
        self._turn(group, generation, primary=True)

    async def unpair(self, group: Group, *, alone: bool) -> None:
        """End a partnership, at both ends or here alone.

        Raises:
            NotReached: the other end cannot be reached, and it was not said that this does not matter.
        """
        kept = group.kept
        try:
            await self._ask(
                kept.partner,
                {"operation": "unpair", "group": kept.partner_group, "partnership": kept.partnership},
            )
        except (NotReached, Refused):
            if not alone:
                raise
        self._part_with(group)

    def remove(self, group: Group) -> None:
        """Remove a group that is in no partnership; its volume is mounted again."""
        self._halt(group)
        part = self.part(group)
        del self.groups.found[group.kept.name]
        self._mount(part, replica=False)
        self._save("mirror_group_removed", group)

    def suspend(self, group: Group, suspended: bool) -> None:
        """Stop copying, or go on."""
        group.kept.suspended = suspended
        group.live = False
        self._save("mirror_suspended" if suspended else "mirror_resumed", group)
        self._halt(group)
        self._go_on(group)

    # Writes

    async def write(self, volume: str, name: str, data: bytes) -> int:
        """A program appends to a file of a volume; gives the offset once the write counts as done.

        Raises:
            FileNotFoundError: nobody can use the volume here.
        """
        part = self._storage.owner_of(volume)
        if (
            part is None
            or part.replica
            or not any(part is mounted for _d, mounted in self._storage.mounted())
        ):
            raise FileNotFoundError(f"{volume} cannot be used")
        group = self.groups.of_volume(volume)
        if group is None:
            return self._append(part.folder, name, data)
        async with group.lock:
            if part.replica:
                raise FileNotFoundError(f"{volume} cannot be used any more")
            offset = self._append(part.folder, name, data)
            group.kept.lsn += 1
            if group.live and group.kept.mode == SYNCHRONOUS:
                await self._write_through(group, part, name, offset, data)
        if part.replica:
            raise FileNotFoundError(f"{volume} cannot be used any more")
        return offset

    async def _write_through(self, group: Group, part: Part, name: str, offset: int, data: bytes) -> None:
        try:
            await self._send(group, name, offset, data, end=True)
        except (NotReached, Refused) as error:
            self._lose(group, str(error))
        else:
            stat = (part.folder / name).stat()
            group.sent[name] = (stat.st_size, stat.st_mtime_ns)

    @staticmethod
    def _append(folder: Path, name: str, data: bytes) -> int:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        offset = path.stat().st_size if path.exists() else 0
        put(folder, name, offset, data, end=True)
        return offset

    # The source

    def _go_on(self, group: Group) -> None:
        kept = group.kept
        if kept.partner and kept.primary and not kept.suspended:
            group.task = asyncio.get_running_loop().create_task(self._copy(group))

    @staticmethod
    def _halt(group: Group) -> None:
        group.live, group.copying = False, None
        if group.task is not None:
            group.task.cancel()
            group.task = None

    async def _copy(self, group: Group) -> None:
        """Connect, copy what differs, follow; and again."""
        while group.kept.primary and group.kept.partner:
            try:
                await self._session(group)
            except (NotReached, Refused, OSError) as error:
                self._lose(group, str(error))
            await self._around.clock.sleep(2 * _PACE)

    async def _session(self, group: Group) -> None:
        kept = group.kept
        hello = await self._ask(kept.partner, self._to_destination(group, "hello"))
        if hello["primary"]:
            if hello["generation"] > kept.generation:
                self._turn(group, int(hello["generation"]), primary=False)
                return
            raise Refused("both ends are sources")
        folder = self.part(group).folder
        group.copying = Status.BLOCK_COPY_TO_DESTINATION
        await self._catch_up(group, folder, dict(hello["files"]))
        kept.ever = True
        group.copying, group.remaining = None, 0
        self._note_in_sync(group)
        self._save("mirror_in_sync", group)
        while True:
            await self._around.clock.sleep(_PACE)
            async with group.lock:
                await self._follow(group, folder)

    async def _catch_up(self, group: Group, folder: Path, there: dict[str, str]) -> None:
        """Copy until nothing differs; then every write goes through."""
        group.sent = {}
        own = digests(folder)
        for name in [name for name in there if name not in own]:
            await self._ask(group.kept.partner, self._to_destination(group, "delete", name=name))
        known = stamps(folder)
        group.sent = {name: known[name] for name in own if there.get(name) == own[name] and name in known}
        while True:
            now = stamps(folder)
            differing = [name for name, stamp in now.items() if group.sent.get(name) != stamp]
            group.remaining = sum(now[name][0] for name in differing)
            if not differing:
                async with group.lock:
                    if stamps(folder) != {**group.sent}:
                        gone = set(group.sent) - set(stamps(folder))
                        for name in gone:
                            await self._ask(
                                group.kept.partner, self._to_destination(group, "delete", name=name)
                            )
                            del group.sent[name]
                        continue
                    await self._ask(group.kept.partner, self._to_destination(group, "complete"))
                    group.live = True
                    return
            for name in differing:
                await self._send_file(group, folder, name, now[name])

    async def _follow(self, group: Group, folder: Path) -> None:
        """What has changed otherwise than by a write that went through, and a sign of life."""
        now = stamps(folder)
        differing = [name for name, stamp in now.items() if group.sent.get(name) != stamp]
        gone = [name for name in group.sent if name not in now]
        if (differing or gone) and group.behind_since is None:
            group.behind_since = self._around.clock.now()
        group.remaining = sum(now[name][0] - group.sent.get(name, (0, 0))[0] for name in differing)
        for name in differing:
            await self._send_file(group, folder, name, now[name], grown=True)
        for name in gone:
            await self._ask(group.kept.partner, self._to_destination(group, "delete", name=name))
            del group.sent[name]
        group.remaining, group.behind_since = 0, None
        await self._ask(group.kept.partner, self._to_destination(group, "beat"))
        self._note_in_sync(group)

    async def _send_file(
        self, group: Group, folder: Path, name: str, stamp: tuple[int, int], *, grown: bool = False
    ) -> None:
        before = group.sent.get(name, (0, 0))[0]
        start = before if grown and stamp[0] > before else 0
        try:
            content = (folder / name).read_bytes()[: stamp[0]]
        except FileNotFoundError:
            return
        for offset in range(start, max(len(content), start + 1), _CHUNK):
            data = content[offset : offset + _CHUNK]
            await self._send(group, name, offset, data, end=offset + _CHUNK >= len(content))
            group.remaining = max(0, group.remaining - len(data))
            group.recovered += len(data)
        group.sent[name] = stamp

    async def _send(self, group: Group, name: str, offset: int, data: bytes, *, end: bool) -> None:
        fault = self._around.faults.get("mirror") or {}
        seconds = float(str(fault.get("seconds", 0.0)))
        if "bytes_per_second" in fault:
            seconds += len(data) / float(str(fault["bytes_per_second"]))
        if seconds:
            await self._around.clock.sleep(seconds)
        text = base64.b64encode(data).decode("ascii")
        more: dict[str, Any] = {"name": name, "offset": offset, "data": text, "end": end}
        await self._ask(group.kept.partner, self._to_destination(group, "put", **more))

    def _to_destination(self, group: Group, operation: str, **more: Any) -> dict[str, Any]:
        kept = group.kept
        return {
            "operation": operation,
            "group": kept.partner_group,
            "partnership": kept.partnership,
            "generation": kept.generation,
            "lsn": kept.lsn,
            "remaining": group.remaining,
            "behind": group.behind_since is not None,
            **more,
        }

    async def _ask(self, computer: str, message: Message, patience: float = _PATIENCE) -> Message:
        if (self._around.faults.get("mirror") or {}).get("action") == "cut":
            raise NotReached("the mirror's network is cut")
        answer = await self._peers.call(computer, message, patience)
        if "refused" in answer:
            raise Refused(str(answer["refused"]))
        return answer

    def _lose(self, group: Group, why: str) -> None:
        """The destination is gone: what is written from now on has to be copied later."""
        if group.live or group.copying:
            group.kept.out_of_sync_at = self._around.wall()
            self._around.record("mirror_lost", group=group.kept.name, why=why)
        was, group.live, group.copying = group.live, False, None
        if was and group.task is not None and group.task is not asyncio.current_task():
            group.task.cancel()
            self._go_on(group)

    def _note_in_sync(self, group: Group) -> None:
        group.kept.in_sync_at = self._around.wall()

    # The destination

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
        async with group.lock:
            if not group.live:
                return {"refused": f"The replication group {group.kept.name} is not in sync."}
            try:
                await self._follow(group, self.part(group).folder)
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
        late = bool(message["behind"])
        group.behind_since = (group.behind_since or self._around.clock.now()) if late else None
        if group.copying is None and not late:
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

    # Changes of a group

    def _take(
        self,
        group: Group,
        partner: str,
        partner_group: str,
        partnership: str,
        mode: int,
        rpo: int,
        generation: int,
        *,
        primary: bool,
    ) -> None:
        kept = group.kept
        kept.partner, kept.partner_group, kept.partnership = partner, partner_group, partnership
        kept.mode, kept.rpo, kept.ever, kept.suspended = mode, rpo, False, False
        self._turn(group, generation, primary=primary)

    def _turn(self, group: Group, generation: int, *, primary: bool) -> None:
        kept = group.kept
        kept.primary, kept.generation = primary, generation
        self._save("mirror_source" if primary else "mirror_destination", group)
        current = asyncio.current_task()
        if group.task is not current:
            self._halt(group)
        group.live, group.copying, group.task = False, None, None
        self._place(group)
        self._go_on(group)

    def _part_with(self, group: Group) -> None:
        """A destination stays dismounted until its group is removed."""
        self._halt(group)
        group.kept.partner = group.kept.partner_group = group.kept.partnership = ""
        self._save("mirror_unpaired", group)

    def _place(self, group: Group) -> None:
        kept = group.kept
        self._mount(self.part(group), replica=bool(kept.partner) and not kept.primary)

    def _mount(self, part: Part, *, replica: bool) -> None:
        if part.replica is not replica:
            part.replica = replica
            self._around.changed()

    def _save(self, event: str, group: Group) -> None:
        self.groups.save()
        self._around.record(event, group=group.kept.name, generation=group.kept.generation)
