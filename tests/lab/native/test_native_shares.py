# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The share of a witness as real processes see it, and drives that come and go."""

from __future__ import annotations

import errno

import pytest

_CALLS = """
handle = open(f"{SHARE}/kept", "w")
os.makedirs(f"{SHARE}/folder", exist_ok=True)
rounds = 0

def write():
    with open(f"{SHARE}/new{rounds}", "w") as file:
        file.write("x")

# Names of their own for every round: one that a fault cut short leaves nothing in the way of the next.
CALLS = {
    "open": lambda: open(f"{SHARE}/kept").close(),
    "write": write,
    "listdir": lambda: len(os.listdir(SHARE)),
    "scandir": lambda: len(list(os.scandir(SHARE))),
    "stat": lambda: os.stat(SHARE).st_mode,
    "fsync": lambda: os.fsync(handle.fileno()),
    "mkdir": lambda: os.mkdir(f"{SHARE}/made{rounds}"),
    "rmdir": lambda: os.rmdir(f"{SHARE}/made{rounds}"),
    "rename": lambda: os.rename(f"{SHARE}/new{rounds}", f"{SHARE}/renamed{rounds}"),
    "link": lambda: os.link(f"{SHARE}/renamed{rounds}", f"{SHARE}/linked{rounds}"),
    "remove": lambda: [os.remove(f"{SHARE}/{name}{rounds}") for name in ("renamed", "linked")],
    "by_address": lambda: len(os.listdir(SHARE.replace("/files/", "/ADDRESS/"))),
    "local": lambda: len(os.listdir(f"{ROOT}/C")),
}

while True:
    rounds += 1
    tell("results", {name: failure(call) for name, call in CALLS.items()})
    time.sleep(0.02)
"""


@pytest.fixture
def caller(lab, program):
    return program(_CALLS.replace("ADDRESS", lab.topology.witnesses[0].address))


def now(caller):
    for _rest in range(2):
        (caller._drive / f"{caller.name}.results").unlink(missing_ok=True)
        caller.told("results")
    return caller.told("results")


def test_the_share_of_a_witness_is_one_folder_for_all_nodes(lab, program):
    program('open(f"{SHARE}/from_one", "w").close(); tell("done", 1)').told("done")
    second = program('tell("seen", os.listdir(SHARE))', "server2")
    assert "from_one" in second.told("seen")
    assert (lab.state.share("files") / "from_one").exists()


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [("witness", {"action": "cut", "timeout": 0.1}), ("partition", {"peers": "files"}), ("nic", {})],
)
def test_a_share_that_cannot_be_reached_fails_as_a_redirector_does(lab, caller, fault, parameters):
    assert {kind for kind, _errno, _seconds in now(caller).values()} == {"fine"}
    if fault != "witness":
        lab.fault("server1", "witness", action="slow", seconds=0.0, timeout=0.1)
    lab.fault("server1", fault, **parameters)
    results = now(caller)
    assert results.pop("local")[0] == "fine"
    for name, (kind, number, seconds) in results.items():
        assert (name, kind, number) == (name, "TimeoutError", errno.ETIMEDOUT)
        assert 0.1 <= seconds < 1.0
    lab.clear("server1", fault)
    assert {kind for kind, _errno, _seconds in now(caller).values()} == {"fine"}


def test_another_node_keeps_its_way_to_the_witness(lab, program, caller):
    other = program(_CALLS.replace("ADDRESS", lab.topology.witnesses[0].address), "server2")
    now(caller)
    lab.fault("server1", "witness", action="cut", timeout=0.1)
    assert now(caller)["open"][0] == "TimeoutError"
    assert now(other)["open"][0] == "fine"


def test_a_full_share_takes_nothing_more_and_can_be_read(lab, caller):
    now(caller)
    lab.fault("server1", "witness", action="full")
    results = now(caller)
    assert [results[name][1] for name in ("write", "mkdir")] == [errno.ENOSPC, errno.ENOSPC]
    assert [results[name][0] for name in ("open", "listdir", "stat", "local")] == ["fine"] * 4


def test_a_slow_share_delays_every_call(lab, caller):
    lab.fault("server1", "witness", action="slow", seconds=0.1)
    results = now(caller)
    assert results["local"][2] < 0.1
    assert all(results[name][2] >= 0.1 for name in ("open", "listdir", "stat", "mkdir"))


def test_drives_are_there_while_their_disk_is_online(lab, program):
    from test_drivers_lab import SHARED, session

    from ansible_collections.standby.iis.plugins.module_utils.windows import disk

    looker = program(
        'while True: tell("drives", sorted(d for d in os.listdir(ROOT) if len(d) == 1)); time.sleep(0.02)'
    )

    def drives():
        for _rest in range(2):
            (looker._drive / "program.drives").unlink(missing_ok=True)
            looker.told("drives")
        return looker.told("drives")

    assert drives() == ["C", "E", "F"]
    node = session(lab)
    disk.take_offline(node, disk.find_disk(disk.read_disks(node), SHARED))
    assert drives() == ["C", "E"]
    disk.bring_online(node, disk.find_disk(disk.read_disks(node), SHARED))
    assert drives() == ["C", "E", "F"]
    node.close()
