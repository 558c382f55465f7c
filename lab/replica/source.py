# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source of a mirror: it copies what differs, follows what is written, and says when it is alone."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from pathlib import Path
from typing import Any

from lab.machine.storage import Part

from .ends import Ends, Refused
from .files import digests, put, stamps
from .groups import SYNCHRONOUS, Group, Status
from .peers import NotReached

# Seconds between two looks at a volume.
PACE = 0.1
_CHUNK = 1 << 16


class Source(Ends):
    """What the node does as a source."""

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
        if group.kept.mode != SYNCHRONOUS:
            while group.draining:
                await self._around.clock.sleep(PACE)
            if part.replica:
                raise FileNotFoundError(f"{volume} cannot be used any more")
            group.kept.lsn += 1
            return self._append(part.folder, name, data)  # what is being copied holds up nobody
        async with group.lock:
            if part.replica:
                raise FileNotFoundError(f"{volume} cannot be used any more")
            offset = self._append(part.folder, name, data)
            group.kept.lsn += 1
            if group.live:
                await self._write_through(group, part, name, offset, data)
        if part.replica:
            raise FileNotFoundError(f"{volume} cannot be used any more")
        return offset

    async def _write_through(self, group: Group, part: Part, name: str, offset: int, data: bytes) -> None:
        try:
            await self._send(group, name, offset, data, end=True)
        except NotReached as error:
            self._lose(group, str(error))
        except Refused as error:
            await self._yield_to_newer(group)
            self._lose(group, str(error))
        else:
            stat = (part.folder / name).stat()
            group.sent[name] = (stat.st_size, stat.st_mtime_ns)

    async def _yield_to_newer(self, group: Group) -> None:
        """A source that stood still meanwhile may not be one any more: then nothing is acknowledged."""
        with contextlib.suppress(NotReached, Refused):
            hello = await self._ask(group.kept.partner, self._to_destination(group, "hello"))
            if hello["primary"] and hello["generation"] > group.kept.generation:
                self._turn(group, int(hello["generation"]), primary=False)
                raise FileNotFoundError(f"{group.kept.volume} cannot be used any more")

    @staticmethod
    def _append(folder: Path, name: str, data: bytes) -> int:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        offset = path.stat().st_size if path.exists() else 0
        put(folder, name, offset, data, end=True)
        return offset

    # Copying

    async def _copy(self, group: Group) -> None:
        """Connect, copy what differs, follow; and again."""
        while group.kept.primary and group.kept.partner:
            try:
                await self._session(group)
            except (NotReached, Refused, OSError) as error:
                self._lose(group, str(error))
            await self._around.clock.sleep(2 * PACE)

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
            await self._around.clock.sleep(PACE)
            async with group.lock:
                await self._follow(group, folder)

    async def _catch_up(self, group: Group, folder: Path, there: dict[str, str]) -> None:
        """Copy until nothing differs; then every write goes through.

        An asynchronous copy is complete once it has what was there when the last pass began.
        """
        passed: float | None = None
        group.sent = {}
        own = digests(folder)
        for name in [name for name in there if name not in own]:
            await self._ask(group.kept.partner, self._to_destination(group, "delete", name=name))
        known = stamps(folder)
        group.sent = {name: known[name] for name in own if there.get(name) == own[name] and name in known}
        while True:
            now, scanned = stamps(folder), self._around.clock.now()
            differing = [name for name, stamp in now.items() if group.sent.get(name) != stamp]
            group.remaining = sum(now[name][0] for name in differing)
            if self._wrapped:
                await self._ask(group.kept.partner, self._to_destination(group, "beat"))
                await self._around.clock.sleep(PACE)
                continue
            if differing and passed is not None and group.kept.mode != SYNCHRONOUS:
                group.behind_since = passed
                await self._ask(group.kept.partner, self._to_destination(group, "complete"))
                group.live = True
                return
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
            passed = scanned

    async def _follow(self, group: Group, folder: Path) -> None:
        """What has changed otherwise than by a write that went through, and a sign of life."""
        if self._wrapped:
            raise Refused("the log has wrapped")
        now, scanned = stamps(folder), self._around.clock.now()
        differing = [name for name, stamp in now.items() if group.sent.get(name) != stamp]
        gone = [name for name in group.sent if name not in now]
        if (differing or gone) and group.behind_since is None:
            group.behind_since = scanned
        group.remaining = sum(now[name][0] - group.sent.get(name, (0, 0))[0] for name in differing)
        for name in differing:
            await self._send_file(group, folder, name, now[name], grown=True)
        for name in gone:
            await self._ask(group.kept.partner, self._to_destination(group, "delete", name=name))
            del group.sent[name]
        group.remaining = 0
        group.behind_since = None if stamps(folder) == group.sent else scanned
        await self._ask(group.kept.partner, self._to_destination(group, "beat"))
        self._note_in_sync(group)

    @property
    def _wrapped(self) -> bool:
        """More was written than the log holds before the other node had it: blocks are copied then."""
        return self._around.faults.get("mirror_log") is not None

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

    def _lose(self, group: Group, why: str) -> None:
        """The destination is gone: what is written from now on has to be copied later."""
        if group.live or group.copying:
            group.kept.out_of_sync_at = self._around.wall()
            self._around.record("mirror_lost", group=group.kept.name, why=why)
        was, group.live, group.copying = group.live, False, None
        if was and group.task is not None and group.task is not asyncio.current_task():
            group.task.cancel()
            self._go_on(group)
