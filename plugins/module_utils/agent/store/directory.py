# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The directory store: numbered records in one folder per key, published in a step that never replaces.

``first.json`` creates a key, and stays for good; ``000000000002.json`` and on replace its value. The first
record tells its own number: the milliseconds of the wall clock, or more where other keys have higher ones, so
that numbers rise where a key was deleted and is created anew. To put on version v:

1. write the record to a temporary file that names number v+1,
2. find v+1 absent (for the first record: find no number in a listing),
3. then find v there with the content that is known,
4. give the temporary file the name v+1 where that is absent. The server's answer to this decides, no
   listing does.

A number is never used twice, although old records are pruned and names and listings may be ten seconds old:

- Records are removed in rising order, the two newest never, none before its remover has seen it superseded
  for ten minutes, and before any record all temporary files go that name a number already there.
- If v+1 had been pruned before step 2, v would have been pruned before it, and step 3 fails.
- If v+1 was published after the moment that the answer of step 2 stands for (ten seconds back at most), then
  its remover lists the folder minutes after step 1: step 4 either meets v+1, or finds its temporary file
  gone. This holds however long the writer sleeps between the steps, or its request is on the way.

A put whose answer is lost reads v+1 back. If nothing is there, removing its own temporary file settles it:
where that succeeds, step 4 can never happen any more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from ...ha.ownership.timing import LISTING_AGE
from . import names, record
from .disk import Inspect, Listing, MakeFolder, PublishIfAbsent, Write
from .disk_outage import is_full, outage
from .file_steps import Names, discard, path_of, read, removed, top
from .interface import Conflict, Operation, StoreOutage, Versioned

# Seconds for which a record is kept after its remover has first seen it superseded.
KEPT = 600.0
# Digits of a writer that name its process.
_OF_PROCESS = 16
# Records removed in one go, so that no operation becomes long.
_BATCH = 32


@dataclass(slots=True)
class _Known:
    """The newest record of a key that has been seen.

    Attributes:
        number: its version.
        name: its file.
        data: the content of that file.
        value: what it says, None where it cannot be read.
        mine: this process wrote it, so old records of the key are removed here.
        surveyed: when its folder was last listed.
        missing: since when neither it nor a newer one is found, None where one is.
    """

    number: int
    name: str
    data: bytes
    value: str | None
    mine: bool
    surveyed: float
    missing: float | None = None


class Directory:
    """The protocol of the directory store (``interface.StoreProtocol``); its requests are those of ``disk``.

    It remembers what it has seen, and is for one thread at a time.
    """

    def __init__(
        self, where: str, writer: str, monotonic: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        """Take what differs between processes; nothing is asked of the disk yet.

        Args:
            where: the directory, for messages.
            writer: up to 24 hexadecimal digits that nobody else ever uses, on whatever node; the first 16
                tell the process, whose stores all prune what any of them wrote.
            monotonic: a clock in seconds that never goes back.
            wall: seconds since 1970, as ``time.time``.
        """
        self._where = where
        self._writer = writer
        self._process = writer[:_OF_PROCESS]
        self._now = monotonic
        self._wall = wall
        self._puts = 0
        self._inspected = False
        # When the directory itself was last listed: an absent folder is no answer where all of it is gone.
        self._seen_root = -math.inf
        self._known: dict[str, _Known] = {}
        # Key -> the highest number that it ever had here; it outlives ``_forget``.
        self._highest: dict[str, int] = {}
        # Key -> number of a record that a newer one has replaced -> when that was first seen.
        self._superseded: dict[str, dict[int, float]] = {}
        # Folder with a digest as its name -> key.
        self._digests: dict[str, str] = {}

    def get(self, key: str) -> Operation[Versioned | None]:
        """The newest version; see StoreProtocol."""
        try:
            found = yield from self._newest(key)
        except OSError as error:
            raise outage(self._where, error, key) from error
        return None if found is None else Versioned(found.number, found.value)

    def list(self, prefix: str) -> Operation[dict[str, Versioned]]:
        """The newest version of every key with the prefix; see StoreProtocol.

        A key longer than its folder's name can be is left out where none of its records can be read.
        """
        try:
            keys = yield from self._keys()
            found: dict[str, Versioned] = {}
            for key in sorted(key for key in keys if key.startswith(prefix)):
                newest = yield from self._newest(key)
                if newest is not None:
                    found[key] = Versioned(newest.number, newest.value)
        except OSError as error:
            raise outage(self._where, error, prefix) from error
        return found

    def put(self, key: str, version: int, value: str) -> Operation[int]:
        """Replace one version by a new one; see StoreProtocol."""
        try:
            known = yield from self._expected(key, version)
            number = 1 + (known.number if known else max([int(self._wall() * 1000), *self._highest.values()]))
            name = names.record(number) if known else names.FIRST
            self._puts += 1
            writer = f"{self._writer}{self._puts:08x}"
            data = record.encode(record.Record(key, number, writer, value))
            temporary = path_of(key, names.temporary(name, writer))
            yield from self._prepare(key, known, temporary, data)
            yield from self._publish(key, version, temporary, name, data)
        except OSError as error:
            raise outage(self._where, error, key) from error
        self._note(key, name, data)
        return number

    # --- what is there

    def _newest(self, key: str) -> Operation[_Known | None]:
        yield from self._inspect()
        known = self._known.get(key)
        if known is None or known.missing is not None or self._now() - known.surveyed >= LISTING_AGE:
            yield from self._survey(key)
            known = self._known.get(key)
        while known is not None:
            name = names.record(known.number + 1)
            data = yield from read(path_of(key, name))
            if data is None:
                break
            known = self._note(key, name, data)
        return known

    def _survey(self, key: str) -> Operation[None]:
        """Look at the folder as a whole: what probing upwards does not tell."""
        now = self._now()
        files = yield from self._files(key)
        highest = top(files)
        known = self._known.get(key)
        if known is not None:
            known.surveyed = now
            if highest < known.number and not (yield from self._is_there(key, known, now)):
                return
        known = self._known.get(key)
        if known is None or highest > known.number:
            name = names.record(highest) if highest else names.FIRST
            if name not in files:
                return
            data = yield from read(path_of(key, name))
            if data is None:
                raise StoreOutage(
                    f"the witness {self._where} lists {path_of(key, name)} and has no such file",
                    resource=key,
                    remedy="If this lasts, keep other programs out of it, and shorten this node's caches",
                )
            known = self._note(key, name, data)
        yield from self._prune(key, known, files, now)

    def _is_there(self, key: str, known: _Known, now: float) -> Operation[bool]:
        """Whether to go on; a record that is not found is believed in until no cache can be the cause."""
        data = yield from read(path_of(key, known.name))
        if data == known.data:
            known.missing = None
            return True
        if data is not None:
            # The key was deleted and created anew: another record has the name of the first one.
            self._forget(key)
            return True
        if known.missing is None:
            known.missing = now
        if now - known.missing < LISTING_AGE:
            return False
        self._forget(key)
        return True

    def _files(self, key: str) -> Operation[Names]:
        """The files of a key, none where it has no folder."""
        try:
            files: Names = yield Listing(names.folder(key))
        except FileNotFoundError:
            if self._now() - self._seen_root >= LISTING_AGE:
                yield from self._root()
            return []
        return files

    def _root(self) -> Operation[Names]:
        now = self._now()
        folders: Names = yield Listing("")
        self._seen_root = now
        return folders

    def _keys(self) -> Operation[set[str]]:
        """The keys that have a folder, and those that had one: a listing may lag behind."""
        yield from self._inspect()
        keys = set(self._known)
        for name in (yield from self._root()):
            key = names.key_of(name) or self._digests.get(name)
            if key is None and names.is_digest(name):
                key = yield from self._key_inside(name)
            if key is not None:
                keys.add(key)
        return keys

    def _key_inside(self, folder: str) -> Operation[str | None]:
        """The key of a folder whose name is a digest, from the first of its records that can be read."""
        try:
            files: Names = yield Listing(folder)
        except FileNotFoundError:
            return None
        for name in sorted(files, reverse=True):
            if name == names.FIRST or names.number_of(name):
                found = record.decode((yield from read(f"{folder}/{name}")) or b"")
                if found is not None and names.folder(found.key) == folder:
                    self._digests[folder] = found.key
                    return found.key
        return None

    def _inspect(self) -> Operation[None]:
        if self._inspected:
            return
        problem = yield Inspect()
        if problem is not None:
            raise StoreOutage(
                f"the witness {self._where} cannot be used: {problem}",
                remedy="Give the witness a directory of its own on one server, named by that server",
                permanent=True,
            )
        self._inspected = True

    # --- putting

    def _expected(self, key: str, version: int) -> Operation[_Known | None]:
        """The record of the version expected, None for 0; refuses any other."""
        yield from self._inspect()
        known = self._known.get(key)
        if (known.number if known else 0) != version:
            known = yield from self._newest(key)
            if (known.number if known else 0) != version:
                raise Conflict(key, version, known.number if known else None)
        return known

    def _prepare(self, key: str, known: _Known | None, temporary: str, data: bytes) -> Operation[None]:
        """Steps 1 to 3."""
        if known is None:
            with suppress(FileExistsError):
                yield MakeFolder(names.folder(key))
        try:
            yield Write(temporary, data)
            yield from self._check(key, known)
        except Conflict:
            yield from discard(temporary)
            raise
        except FileNotFoundError:
            # The folder went away under us; where the whole directory did, that is what the caller hears.
            yield from self._root()
            if known is None:
                raise
            raise (yield from self._conflict(key, known.number)) from None
        except OSError as error:
            if is_full(error):
                yield from discard(temporary)
            raise

    def _check(self, key: str, known: _Known | None) -> Operation[None]:
        """Steps 2 and 3."""
        if known is None or known.name == names.FIRST:
            files: Names = yield Listing(names.folder(key))
            newer = bool(top(files)) or (known is None and names.FIRST in files)
        else:
            newer = (yield from read(path_of(key, names.record(known.number + 1)))) is not None
        if known is not None and not newer:
            data = yield from read(path_of(key, known.name))
            newer = data != known.data
            if newer and data is not None:
                self._forget(key)
        if newer:
            raise (yield from self._conflict(key, known.number if known else 0))

    def _conflict(self, key: str, version: int) -> Operation[Conflict]:
        """The refusal of a put, with what is there now."""
        known = self._known.get(key)
        if known is not None:
            known.surveyed = -math.inf
        newest = yield from self._newest(key)
        return Conflict(key, version, newest.number if newest and newest.number != version else None)

    def _publish(self, key: str, version: int, temporary: str, name: str, data: bytes) -> Operation[None]:
        """Step 4."""
        try:
            yield PublishIfAbsent(temporary, path_of(key, name))
        except OSError as error:
            found = yield from self._settle(key, temporary, name, error)
            if found is None:
                raise Conflict(key, version, None) from error
            if found != data:
                yield from discard(temporary)
                raise Conflict(key, version, self._note(key, name, found).number) from error

    def _settle(self, key: str, temporary: str, name: str, error: OSError) -> Operation[bytes | None]:
        """What stands where a record was to be published, after step 4 without a good answer.

        Returns:
            The content, None where it cannot be read and is somebody else's.

        Raises:
            StoreOutage: it was not published, or that cannot be told.
        """
        target = path_of(key, name)
        try:
            found = yield from read(target)
            if found is None and (yield from removed(temporary)):
                if isinstance(error, FileExistsError):
                    return None
                raise outage(self._where, error, key)
            if found is None:
                found = yield from read(target)
        except OSError as failure:
            raise outage(self._where, error, key, uncertain=True) from failure
        if found is None:
            raise outage(self._where, error, key, uncertain=True)
        return found

    # --- what is remembered, and what is pruned

    def _note(self, key: str, name: str, data: bytes) -> _Known:
        """Remember the newest record; its file's name has its number, but the first record tells its own."""
        found = record.decode(data)
        number = names.number_of(name) or (found.number if found and found.key == key else 1)
        if found is not None and (found.key, found.number) != (key, number):
            found = None
        before = self._known.get(key)
        known = _Known(
            number,
            name,
            data,
            found.value if found else None,
            found is not None and found.writer.startswith(self._process),
            before.surveyed if before else self._now(),
        )
        self._known[key] = known
        self._highest[key] = max(number, self._highest.get(key, 0))
        return known

    def _forget(self, key: str) -> None:
        """Begin anew with a key; the numbers that were seen stay used."""
        self._known.pop(key, None)
        self._superseded.pop(key, None)

    def _prune(self, key: str, known: _Known, files: Iterable[str], now: float) -> Operation[None]:
        """Remove what nobody needs any more, where this process wrote the newest record.

        A failure ends it and is told to nobody: it is tried again after the next listing.
        """
        older = sorted(
            number for name in files if (number := names.number_of(name) or known.number) < known.number
        )
        before = self._superseded.get(key, {})
        seen = self._superseded[key] = {number: before.get(number, now) for number in older}
        if not known.mine:
            return
        highest = top(files)
        dead = [name for name in files if (target := names.target_of(name)) is not None and target <= highest]
        old = [names.record(number) for number in older[:-1] if now - seen[number] >= KEPT]
        with suppress(OSError):
            for name in (*dead, *old[:_BATCH]):
                yield from removed(path_of(key, name))
