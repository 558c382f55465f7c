# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One mirror that the agents copy, at one of its ends.

The destination fetches: robocopy makes a second folder on its volume the same as the source's volume, digests
say whether it is, and only then the volume itself is made the same, file by file. So a source that dies, or a
robocopy that outlives its agent, leaves the volume with the last verified copy; and no node ever writes to
the volume of another one, whatever it wrongly believes.

A time that one node tells the other comes back to it, and is compared with its own clock alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..control.mirrors import ends_from
from ..errors import StandbyError, foreseen
from ..ha.mirror import MAKE_AGAIN
from ..ha.model import Volume
from ..ha.trees import digest_of
from ..node import Node
from ..windows.copied import Kept, Progress, read_end, read_progress, share_path, write_end, write_progress
from ..windows.mirror import Role
from ..windows.robocopy import SYSTEM_FOLDERS, make_same
from .platform import here
from .tree_files import Folder

# On each volume: what is fetched, and a file that is about to take its place. None of it is content.
OWN = "standby.iis"
# Seconds until what was fetched, and is not what the source told, is fetched again: it has changed, or the
# SMB client answered from its caches, which are ten seconds old at the most as Windows is delivered.
_PAUSES = (0.5, 3.0, 11.0)


@dataclass(frozen=True)
class Ownership:
    """What is known of the hierarchy of a mirror.

    Attributes:
        owns: the record names this node, as far as it knows.
        serves: and its lease holds, and it is up here, or about to be.
        down: nothing of it is up here, for sure.
        epoch: of the record.
        newest: the record names this node as the only one that has the newest data.
    """

    owns: bool = False
    serves: bool = False
    down: bool = False
    epoch: int = 0
    newest: bool = False

    @property
    def gives_way(self) -> bool:
        """Whether another node may have the newest data."""
        return self.down and not self.owns and not self.newest


@dataclass(frozen=True)
class Told:
    """What one end tells the other.

    Attributes:
        role, generation, suspended: as it keeps them.
        at: own clock, before ``digest`` was made; None where it was not asked for.
        digest: of what its volume holds.
        copied: the ``at`` of what the last verified copy holds, as the source told it.
    """

    role: Role
    generation: int
    suspended: bool = False
    at: float | None = None
    digest: str = ""
    copied: float | None = None

    def document(self) -> dict[str, Any]:
        """As it is sent."""
        return {**vars(self), "role": self.role.value}


def told_in(payload: Mapping[str, Any]) -> Told:
    """What the other end tells.

    Raises:
        StandbyError: nothing of the kind.
    """
    try:
        at, copied = payload["at"], payload["copied"]
        return Told(
            Role(payload["role"]),
            int(payload["generation"]),
            payload["suspended"] is True,
            None if at is None else float(at),
            str(payload["digest"]),
            None if copied is None else float(copied),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise StandbyError(f"what the other node tells of the mirror makes no sense ({error!r})") from error


class CopiedVolume:
    """One end.

    Args:
        node: this machine.
        volume: the mirrored volume.
        ask: tells the other end something, and gives what it tells; ``fresh`` asks for its digest.
        ownership: of the hierarchy, now.
        wall: seconds since 1970.
        sleep: waits for seconds.
    """

    def __init__(
        self,
        node: Node,
        volume: Volume,
        ask: Callable[[Told, bool], Told],
        ownership: Callable[[], Ownership],
        wall: Callable[[], float],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._node, self._ask, self._ownership, self._wall = node, ask, ownership, wall
        self._sleep = sleep
        self.own, self.other = ends_from(volume, node.name)
        self._live = Folder(volume.path, (OWN, *SYSTEM_FOLDERS))
        self._fetched = Folder(f"{volume.path}{OWN}\\copy")
        self._part = Path(here(f"{volume.path}{OWN}")) / "part"
        # Fetching may take long, and is no secret to anybody: who turns the mirror without the other node
        # does not wait for it. What is written to the volume, and who is source, is under the other lock.
        self._fetching, self._turning = threading.Lock(), threading.Lock()
        self.source = False  # this end is the source, as far as it has been looked at

    def round(self) -> None:
        """What is done from time to time: tell and hear; and fetch, where this is the destination."""
        end = self._end()
        if end is None or end.role is Role.UNPAIRED:
            return
        fetches = end.role is Role.DESTINATION
        ownership = self._ownership()
        if not fetches and ownership.serves and end.generation < ownership.epoch:
            end = self._stay_source() or end
        try:
            if fetches:
                self._go_on()
            began = self._wall()
            heard = self._exchange(end, fresh=fetches and not end.suspended)
            end = self._heed(heard) or end
            if not fetches or end.role is not Role.DESTINATION or self._ownership().owns:
                return
            if heard.suspended:
                raise StandbyError("its source is suspended")
            self._fetch(heard, began)
            self._exchange(end, fresh=False)
        except Exception as error:
            self._failed(foreseen(error, self._node.name), reached=not isinstance(error, NotReached))

    def answer(self, told: Told, fresh: bool) -> Told:
        """The other end tells something, and asks what is here.

        Raises:
            StandbyError: this node has no such end, or its volume cannot be read.
        """
        end = self._heed(told)
        if end is None:
            raise StandbyError("this node has no such end of a mirror")
        self._take_report(end, told)
        return self._telling(end, fresh=fresh)

    def turn(self, *, promote: bool) -> None:
        """Have this end be the source.

        Args:
            promote: with what the last verified copy holds. Else with all that the source has, which is
                fetched first.

        Raises:
            StandbyError: it cannot be fetched; the other end stays the source.
        """
        end = self._end()
        if end is None or end.role is Role.UNPAIRED:
            raise StandbyError("is not mirrored there", remedy=MAKE_AGAIN)
        if end.role is Role.SOURCE:
            self._stay_source()
            return
        heard = None
        if not promote:
            self._go_on()
            began = self._wall()
            heard = self._exchange(end, fresh=True)
            if heard.role is not Role.SOURCE:
                raise StandbyError(f"the other end is {heard.role.value}, so that nobody has its newest data")
            self._fetch(heard, began)
        with self._turning:
            self._finish()
            end = self._end() or end
            known = max(end.generation, heard.generation if heard is not None else 0)
            end = replace(end, role=Role.SOURCE, generation=max(known + 1, self._ownership().epoch))
            write_progress(self._node, end.group, Progress())
            self._keep(end)
        if not promote:
            self._told_quietly(end)

    def _stay_source(self) -> Kept | None:
        """An end that is the source already may have been it long ago: from now on it is the newest one."""
        with self._turning:
            end, epoch = self._end(), self._ownership().epoch
            if end is not None and end.role is Role.SOURCE and end.generation < epoch:
                end = replace(end, generation=epoch)
                self._keep(end)
            return end

    # What passes between the ends

    def _exchange(self, end: Kept, *, fresh: bool) -> Told:
        copied = self._progress().at if end.role is Role.DESTINATION else None
        return self._ask(replace(self._telling(end, fresh=False), copied=copied), fresh)

    def _told_quietly(self, end: Kept) -> None:
        """The former source learns at once that it is none; else with the next round."""
        try:
            self._exchange(end, fresh=False)
        except StandbyError:
            return

    def _telling(self, end: Kept, *, fresh: bool) -> Told:
        at = self._wall()  # before the look: what was there then is in it
        digest = digest_of(self._live.tree()) if fresh else ""
        return Told(end.role, end.generation, end.suspended, at if fresh else None, digest)

    def _heed(self, told: Told) -> Kept | None:
        """Follow the other end's generation; of two sources one becomes the destination.

        Never the one whose node owns the hierarchy, whether it serves now or not, or had it last and alone.
        """
        with self._turning:
            end, ownership = self._end(), self._ownership()
            if end is None or told.role is not Role.SOURCE:
                return end
            if end.role is Role.SOURCE and ownership.serves:
                # Whoever serves is the source, whatever another node wrongly believes.
                wanted = replace(end, generation=max(end.generation, told.generation + 1, ownership.epoch))
            elif end.role is Role.SOURCE and told.generation > end.generation and ownership.gives_way:
                write_progress(self._node, end.group, Progress())
                wanted = replace(end, role=Role.DESTINATION, generation=told.generation)
            elif end.role is Role.DESTINATION and told.generation > end.generation:
                wanted = replace(end, generation=told.generation)
            else:
                return end
            if wanted != end:
                self._keep(wanted)
            return wanted

    def _take_report(self, end: Kept, told: Told) -> None:
        """The destination tells how far its verified copy is."""
        with self._turning:
            fits = told.role is Role.DESTINATION and told.generation == end.generation
            if end.role is Role.SOURCE and fits and told.copied is not None:
                write_progress(self._node, end.group, Progress(told.copied))

    # Fetching

    def _fetch(self, heard: Told, began: float) -> None:
        """Have the volume hold what the source's held at a time that it told.

        Args:
            heard: from the source, with its digest.
            began: own clock before the source was asked.

        Raises:
            StandbyError: that is not so; the volume holds what it held, or is being made the same.
        """
        with self._fetching:
            for pause in (*_PAUSES, None):
                end = self._end()
                if end is None or heard.role is not Role.SOURCE or heard.generation < end.generation:
                    raise StandbyError(f"the other end is {heard.role.value}, and no newer source than this")
                if self._is_same(heard):
                    self._verified(heard, began)
                    return
                if pause is not None:
                    self._sleep(pause)
                    began = self._wall()
                    heard = self._exchange(end, fresh=True)
        raise StandbyError(
            "what was copied is not what the source has: that changes all the time, or has what is not copied"
        )

    def _is_same(self, heard: Told) -> bool:
        """Fetch once; whether the volume holds then what the source told."""
        if digest_of(self._live.tree()) != heard.digest:
            share = share_path(self.other)
            make_same(self._node, share, self._fetched.path, [f"{share}\\{OWN}"])
            tree = self._fetched.tree()
            if digest_of(tree) != heard.digest:
                return False
            with self._turning:
                self._require_destination()
                write_progress(self._node, self.own.group, replace(self._progress(), applying=heard.digest))
                self._finish()
        return True

    def _go_on(self) -> None:
        """Finish what was begun to be written, though the source be gone; before anything else is fetched.

        Where the copy is not what it was, only what is fetched anew can help.
        """
        with self._turning:
            self._require_destination()
            applying = self._progress().applying
            if applying and digest_of(self._fetched.tree()) == applying:
                self._finish()

    def _finish(self) -> None:
        """Have the volume hold what was fetched and verified, where that was begun.

        Raises:
            StandbyError: it cannot.
        """
        progress = self._progress()
        if not progress.applying:
            return
        tree = self._fetched.tree()
        if digest_of(tree) != progress.applying:
            raise StandbyError("the copy that was being taken over is not there any more as it was verified")
        self._live.become(tree, self._fetched, self._part)
        if digest_of(self._live.tree()) != progress.applying:
            raise StandbyError("the volume does not hold what was written to it")
        write_progress(self._node, self.own.group, replace(progress, applying=""))

    def _verified(self, heard: Told, began: float) -> None:
        with self._turning:
            self._require_destination()
            write_progress(self._node, self.own.group, Progress(began, heard.at))

    def _require_destination(self) -> None:
        """Right before something is written: this node may have become the source meanwhile.

        Raises:
            StandbyError: it has.
        """
        end = self._end()
        if end is None or end.role is not Role.DESTINATION:
            raise StandbyError("it is not the destination any more")

    def _failed(self, error: StandbyError, *, reached: bool) -> None:
        with self._turning:
            end = self._end()
            if end is not None and end.role is Role.DESTINATION:
                told = replace(self._progress(), problem=error.problem.rstrip("."), failed=reached)
                write_progress(self._node, end.group, told)

    def _end(self) -> Kept | None:
        found = read_end(self._node, self.own.group)
        self.source = found is not None and found.role is Role.SOURCE
        return found

    def _keep(self, end: Kept) -> None:
        write_end(self._node, end)
        self.source = end.role is Role.SOURCE

    def _progress(self) -> Progress:
        return read_progress(self._node, self.own.group)


class NotReached(StandbyError):
    """The other node's agent did not answer."""
