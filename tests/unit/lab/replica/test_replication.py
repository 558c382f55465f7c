# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage Replica of the lab, two nodes in one process: what is acknowledged and copied, and roles."""

from __future__ import annotations

import asyncio
import json

import pytest

from lab.machine.clock import NodeClock
from lab.machine.faults import Faults
from lab.machine.storage import Storage
from lab.replica.application import missing
from lab.replica.engine import Refused, Replication, Surroundings
from lab.replica.groups import ASYNCHRONOUS, SYNCHRONOUS, Kept, Status
from lab.replica.peers import NotReached
from lab.topology import Disk, Partition

DISKS = (
    Disk("system", 0, system=True, partitions=(Partition(("C:\\",)),)),
    Disk("data", 1, partitions=(Partition(("R:\\",)),)),
)


class Hub:
    """Peers within the process; nodes that are off are not reached."""

    def __init__(self):
        self.handlers, self.off = {}, set()

    def of(self, name):
        hub = self

        class Peers:
            async def serve(self, handler):
                hub.handlers[name] = handler

            async def call(self, computer, message, timeout):
                if {computer, name} & hub.off or computer not in hub.handlers:
                    raise NotReached(computer)
                return json.loads(json.dumps(await hub.handlers[computer](message)))

            async def close(self):
                hub.handlers.pop(name, None)

        return Peers()


class Node:
    def __init__(self, name, folder, hub):
        self.name = name
        self.faults = Faults(lambda _fault: None)
        folder.mkdir(exist_ok=True)
        self.storage = Storage(
            name, DISKS, folder, folder / "shared", 1, lambda *_a, **_k: None, lambda: None
        )
        self.storage.start()
        clock = NodeClock(asyncio.get_running_loop())
        around = Surroundings(name, clock, self.faults, clock.wall, lambda *_a, **_k: None, lambda: None)
        self.replication = Replication(self.storage, folder / "replica.json", hub.of(name), around)
        self.clock = clock

    @property
    def group(self):
        return self.replication.groups.found[f"rg-{self.name}"]

    @property
    def status(self):
        return self.replication.status(self.group)

    @property
    def folder(self):
        return self.replication.part(self.group).folder

    def make(self):
        self.replication.create(Kept(f"rg-{self.name}", "{1}", "R:\\", "L:\\", 1))

    async def write(self, text):
        return await self.replication.write("R:\\", "log.txt", text.encode())

    def text(self):
        file = self.folder / "log.txt"
        return file.read_text() if file.exists() else ""


async def until(holds):
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


class Pair:
    """Two nodes, the first one the source."""

    def __init__(self, folder):
        self.hub = Hub()
        self.folder = folder
        self.one, self.two = (Node(name, folder / name, self.hub) for name in ("one", "two"))

    async def begin(self, mode=SYNCHRONOUS, rpo=30):
        for node in (self.one, self.two):
            await node.replication.start()
            node.make()
        (self.one.folder / "index.html").write_text("hello")
        await self.one.replication.pair(self.one.group, "two", "rg-two", mode, rpo)
        await until(lambda: self.one.group.live and self.two.group.copying is None)

    async def restart(self, node):
        """The node is off and on again, with what it has on its disk."""
        await node.replication.stop()
        fresh = Node(node.name, self.folder / node.name, self.hub)
        await fresh.replication.start()
        return fresh

    async def end(self):
        for node in (self.one, self.two):
            await node.replication.stop()
            node.clock.close()


def play(tmp_path, story, **how):
    async def run():
        pair = Pair(tmp_path)
        await pair.begin(**how)
        try:
            await story(pair)
        finally:
            await pair.end()

    asyncio.run(run())


def test_an_acknowledged_write_is_on_both_nodes(tmp_path):
    async def story(pair):
        for number in range(20):
            assert await pair.one.write(f"{number:03}\n") == 4 * number
            assert pair.two.text().endswith(f"{number:03}\n")
        assert (pair.two.folder / "index.html").read_text() == "hello"
        assert (pair.one.status, pair.two.status) == (Status.CONTINUOUS, Status.CONTINUOUS)

    play(tmp_path, story)


def test_a_destination_cannot_be_used(tmp_path):
    async def story(pair):
        with pytest.raises(FileNotFoundError):
            await pair.two.write("text")
        assert pair.two.replication.part(pair.two.group).replica

    play(tmp_path, story)


def test_a_source_goes_on_alone_and_says_so_and_copies_the_rest_later(tmp_path):
    async def story(pair):
        pair.hub.off.add("two")
        await pair.one.write("alone\n")
        assert pair.one.status is Status.WAITING_FOR_DESTINATION
        assert pair.two.text() == ""
        pair.hub.off.clear()
        await until(lambda: pair.one.group.live)
        assert pair.two.text() == "alone\n"

    play(tmp_path, story)


def test_an_asynchronous_write_is_acknowledged_before_it_is_copied(tmp_path):
    async def story(pair):
        pair.one.faults.set("mirror", {"action": "slow", "seconds": 0.3})
        await pair.one.write("late\n")
        assert pair.two.text() == ""
        await until(lambda: pair.one.status is Status.OUT_OF_RPO)
        pair.one.faults.clear("mirror")
        await until(lambda: pair.two.text() == "late\n")
        await until(lambda: pair.one.status is Status.IN_RPO)

    play(tmp_path, story, mode=ASYNCHRONOUS, rpo=0)


def test_a_reversal_takes_the_last_write_along(tmp_path):
    async def story(pair):
        (pair.one.folder / "last.txt").write_text("last")
        await pair.two.replication.reverse(pair.two.group)
        assert (pair.two.folder / "last.txt").read_text() == "last"
        assert pair.one.replication.part(pair.one.group).replica
        await pair.two.write("new source\n")
        await until(lambda: pair.two.group.live)

    play(tmp_path, story)


def test_a_reversal_without_a_complete_copy_is_refused(tmp_path):
    async def story(pair):
        pair.hub.off.add("two")
        await pair.one.write("alone\n")
        pair.hub.off.clear()
        pair.one.faults.set("mirror", {"action": "slow", "seconds": 0.4})
        await until(lambda: pair.two.group.copying is Status.BLOCK_COPY_FROM_SOURCE)
        with pytest.raises(Refused):
            await pair.two.replication.reverse(pair.two.group)
        assert pair.one.group.kept.primary

    play(tmp_path, story)


def test_an_old_source_that_comes_back_gives_up_what_it_alone_had(tmp_path):
    async def story(pair):
        await pair.one.write("both\n")
        pair.hub.off.add("two")
        await pair.one.write("one alone\n")
        pair.hub.off = {"one"}
        await pair.two.replication.reverse(pair.two.group)
        await pair.two.write("two\n")
        assert pair.two.text() == "both\ntwo\n"
        pair.one = await pair.restart(pair.one)
        assert pair.one.group.kept.primary  # until it hears of the other one
        pair.hub.off.clear()
        await until(lambda: pair.two.group.live)
        assert not pair.one.group.kept.primary
        assert pair.one.text() == "both\ntwo\n"

    play(tmp_path, story)


def test_a_source_that_stood_still_acknowledges_nothing_once_the_other_node_is_the_source(tmp_path):
    async def story(pair):
        await pair.one.write("both\n")
        task = pair.one.group.task
        task.cancel()  # it stands still, and takes itself for the source of a mirror in sync
        pair.hub.off.add("one")
        await pair.two.replication.reverse(pair.two.group)
        pair.two.group.task.cancel()
        pair.hub.off.clear()
        assert pair.one.group.live
        with pytest.raises(FileNotFoundError):
            await pair.one.write("old source\n")
        assert not pair.one.group.kept.primary

    play(tmp_path, story)


def test_a_log_that_has_wrapped_has_blocks_copied_while_writes_go_on(tmp_path):
    async def story(pair):
        pair.one.faults.set("mirror_log", {})
        await until(lambda: pair.one.status is Status.BLOCK_COPY_TO_DESTINATION)
        await pair.one.write("alone\n")
        await until(lambda: pair.two.status is Status.BLOCK_COPY_FROM_SOURCE and pair.two.group.remaining)
        with pytest.raises(Refused, match="no complete copy"):
            await pair.two.replication.reverse(pair.two.group)
        pair.one.faults.clear("mirror_log")
        await until(lambda: pair.one.status is pair.two.status is Status.CONTINUOUS)
        assert pair.two.text() == pair.one.text() == "alone\n"

    play(tmp_path, story)


def test_a_promotion_can_be_refused(tmp_path):
    async def story(pair):
        pair.hub.off.add("one")
        pair.two.faults.set("mirror_promote", {"action": "refuse"})
        with pytest.raises(Refused, match="not available"):
            await pair.two.replication.reverse(pair.two.group)
        with pytest.raises(NotReached):
            await pair.two.replication.unpair(pair.two.group, alone=False)
        await pair.two.replication.unpair(pair.two.group, alone=True)
        assert pair.two.replication.part(pair.two.group).replica
        part = pair.two.replication.part(pair.two.group)
        pair.two.replication.remove(pair.two.group)
        assert not part.replica

    play(tmp_path, story)


def test_the_account_tells_what_a_volume_does_not_hold(tmp_path):
    account = tmp_path / "account"
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # of hello
    entry = {"node": "one", "path": "R:\\web\\a.txt", "offset": 2, "size": 5, "digest": digest}
    account.write_text(json.dumps(entry) + "\n")
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "a.txt").write_text("> hello")
    assert missing(account, tmp_path) == []
    (tmp_path / "web" / "a.txt").write_text("> help")
    assert missing(account, tmp_path) == [entry]
