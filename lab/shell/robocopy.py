# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
r"""robocopy.exe: a folder or share is really copied to a folder of this node, with the documented exit codes.

Source: MicrosoftDocs, windows-server/administration/windows-commands/robocopy. Files are the same where size
and time of the last change are. Switches beside those below are a loud fault.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.machine.host import Host
from lab.shell.builtins import say
from lab.shell.program import Streams

COPIED, EXTRA, MISMATCHED, FAILED, FATAL = 1, 2, 4, 8, 16
_FLAGS = frozenset({"/e", "/purge", "/xj", "/np", "/nfl", "/ndl", "/njh", "/njs", "/copy:dat"})
_NEEDED = frozenset({"/e", "/purge"})  # without them it would not mirror, which is all that the lab does
_NUMBER = re.compile(r"/([rw]):(\d+)", re.IGNORECASE)
_USUAL = {"r": 1_000_000, "w": 30}
_PIECE = 1 << 16

# The folder behind a UNC path; OSError where nobody answers there, or lets this node in.
Reach = Callable[[str], Path]


@dataclass
class _Job:
    """One run.

    Attributes:
        source: gives the source folder, as long as it can be reached.
        excluded: names and whole paths of folders, in lower case.
        retries, wait: how often a file is tried again, and seconds between.
        code: the exit code so far.
        told: lines of output.
    """

    source: Callable[[], Path]
    named: str
    excluded: frozenset[str]
    retries: int
    wait: int
    code: int = 0
    told: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Robocopy:
    """robocopy.exe.

    Attributes:
        host: the machine.
        reach: see Reach.
    """

    host: Host
    reach: Reach

    async def __call__(self, argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
        """Copy."""
        del environment
        found = self._job(list(argv[1:]))
        if found is None:
            self.host.record("unknown-request", kind="program", program="robocopy", arguments=list(argv[1:]))
            say(streams.err, "ERROR : Invalid Parameter (as far as the lab goes)")
            return FATAL
        job, target = found
        self.host.record("robocopy", source=argv[1], destination=argv[2])
        try:
            destination = self.host.local_path(target)
            destination.mkdir(parents=True, exist_ok=True)
            await self._folder(job, job.source(), destination, "")
        except OSError as error:
            job.code |= FATAL
            job.told.append(f"ERROR 53 (0x00000035) Accessing Source Directory {job.named}: {error}")
        for line in job.told:
            say(streams.out, line)
        self.host.record("robocopy_ended", source=argv[1], code=job.code)
        return job.code

    def _job(self, words: list[str]) -> tuple[_Job, str] | None:
        """What is asked for; None where the lab does not know it."""
        if len(words) < 2 or any(word.startswith("/") for word in words[:2]):
            return None
        source, target, *switches = words
        at = next((n for n, word in enumerate(switches) if word.casefold() == "/xd"), len(switches))
        excluded, numbers = switches[at + 1 :], dict(_USUAL)
        flags = set()
        for word in switches[:at]:
            if number := _NUMBER.fullmatch(word):
                numbers[number[1].lower()] = int(number[2])
            else:
                flags.add(word.casefold())
        if not _NEEDED <= flags <= _FLAGS or any(word.startswith("/") for word in excluded):
            return None
        left_out = frozenset(word.casefold() for word in excluded)
        return _Job(lambda: self._source(source), source, left_out, numbers["r"], numbers["w"]), target

    def _source(self, path: str) -> Path:
        if (self.host.fault("mirror") or {}).get("action") == "cut":
            raise OSError(f"{path} is cut off")
        folder = self.reach(path) if path.startswith("\\\\") else self.host.local_path(path)
        if not folder.is_dir():
            raise FileNotFoundError(f"{path} is no folder")
        return folder

    async def _folder(self, job: _Job, source: Path, destination: Path, below: str) -> None:
        there = {path.name: path for path in _entries(job, source, below)}
        for name in sorted(os.listdir(destination)):  # noqa: PTH208 - names alone
            one, other = destination / name, there.get(name)
            if other is None or other.is_dir() != one.is_dir():
                job.code |= EXTRA if other is None else MISMATCHED
                shutil.rmtree(one) if one.is_dir() else one.unlink()
        for name, path in sorted(there.items()):
            job.source()  # still there
            if path.is_dir():
                (destination / name).mkdir(exist_ok=True)
                await self._folder(job, path, destination / name, f"{below}\\{name}")
            else:
                await self._file(job, path, destination / name)

    async def _file(self, job: _Job, source: Path, destination: Path) -> None:
        for attempt in range(job.retries + 1):
            try:
                if not _same(source, destination):
                    await self._copy(job, source, destination)
                    job.code |= COPIED
                return
            except OSError as error:
                job.told.append(f"ERROR {error.errno} Copying File {source.name}: {error.strerror or error}")
                if attempt < job.retries:
                    await asyncio.sleep(job.wait)
        job.code |= FAILED

    async def _copy(self, job: _Job, source: Path, destination: Path) -> None:
        """In place, piece after piece; the time of the last change comes last."""
        stat = source.stat()
        with source.open("rb") as there, destination.open("wb") as here:
            while piece := there.read(_PIECE):
                here.write(piece)
                here.flush()
                await asyncio.sleep(self._lateness())
                job.source()
        os.utime(destination, ns=(stat.st_mtime_ns, stat.st_mtime_ns))

    def _lateness(self) -> float:
        fault = self.host.fault("mirror") or {}
        return float(str(fault.get("seconds", 0.1))) if fault.get("action") == "slow" else 0.0


def _entries(job: _Job, folder: Path, below: str) -> Iterator[Path]:
    """What a folder has, but for what is left out."""
    for path in folder.iterdir():
        whole = f"{job.named}{below}\\{path.name}".casefold()
        left_out = path.name.casefold() in job.excluded or whole in job.excluded
        if not (path.is_dir() and (left_out or path.is_symlink())):
            yield path


def _same(source: Path, destination: Path) -> bool:
    one = source.stat()
    try:
        other = destination.stat()
    except FileNotFoundError:
        return False
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)
