# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A switchover that is struck at each of its steps, before and after the step has taken effect.

Whatever happens: the call ends in bounded time with a message to act on, nothing is ever up twice (the lab's
audit), and the next run finishes the job.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import perform
from ansible_collections.standby.iis.plugins.module_utils.control.outcome import Outcome
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.ha.plan import OUT, Action
from ansible_collections.standby.iis.plugins.module_utils.windows import effect
from ansible_collections.standby.iis.plugins.module_utils.windows.iis import stop_pool
from tests.support.cluster_lab import NODES, SHARED, ClusterLab, check_told, node, site, write_topology

SITE = "shop.example.net"
# Those of a hierarchy on a shared disk: of mirrors and of warm sites there are others.
_OTHERS = {Action.WAIT_MIRROR, Action.TURN_MIRROR, Action.WAKE_SITE}
STEPS = tuple(action for action in perform._OPERATIONS if action not in _OTHERS)
# A move makes some twelve exchanges with a node that may all have to run into their time limit.
BOUND = 60.0
Strike = Callable[[], None]
Arrange = Callable[[Action, bool, Strike], None]
BRINGING_UP = (Action.ONLINE_DISK, Action.ADD_ADDRESS, Action.START_SITE)
# The requests of a move that change something and do not run in the command shell.
REQUESTS = [
    pytest.param("Delete", "MSFT_NetIPAddress", id="remove_address"),
    pytest.param("Offline", "MSFT_Disk", id="offline_disk"),
    pytest.param("Create", "MSFT_NetIPAddress", id="add_address"),
]


@pytest.fixture(scope="module")
def cluster(make_shared_lab, tmp_path_factory) -> ClusterLab:
    """A site on an address, with its content on a shared disk: its move has steps of every kind."""
    sites = [site(SITE, 1, "127.77.1.193", folder=r"F:\web")]
    topology = write_topology(tmp_path_factory.mktemp("bad"), sites, [node(1, content=True), node(2)])
    patience = {"operation_timeout": 1, "read_timeout": 2}
    made = ClusterLab(make_shared_lab(topology), options=patience)
    made.ip(193)
    made.volume("F:", SHARED)
    made.protect(SITE, Check(f"http://{made.address(193)}:8080/", timeout=2.0))
    return made


def at_ease(cluster: ClusterLab) -> ClusterLab:
    """The same lab, with time for everything: nothing is wrong with it now."""
    return replace(cluster, options={})


@pytest.fixture
def home(cluster) -> ClusterLab:
    """The site in service on server1, and its pool stopped on server2, so that the move starts that too."""
    calm = at_ease(cluster)
    calm.put(SITE, "server1")
    with calm.fleet() as fleet, fleet.lease("server2") as windows:
        stop_pool(windows, "Web")
    seen = calm.status(SITE)
    assert (seen["owner"], seen["state"], seen["notes"]) == ("server1", "in_service", [])
    return cluster


@pytest.fixture(autouse=True)
def patience(monkeypatch) -> None:
    """A call that does not end is awaited for seconds, not for half a minute."""
    monkeypatch.setattr(effect, "EFFECT_TIMEOUT", 4.0)


@pytest.fixture
def strike(monkeypatch) -> Iterator[Arrange]:
    """Have something happen just before or just after the first step of a kind."""
    happened: list[bool] = []

    def arrange(action: Action, after: bool, happen: Strike) -> None:
        operation = perform._OPERATIONS[action]

        def struck(windows, step, clock) -> None:
            first = not happened
            happened.append(True)
            if first and not after:
                happen()
            operation(windows, step, clock)
            if first and after:
                happen()

        monkeypatch.setitem(perform._OPERATIONS, action, struck)

    yield arrange
    assert happened


def struck_node(action: Action) -> str:
    """Where a step of a move from server1 to server2 is done."""
    return "server1" if action in OUT else "server2"


def move(cluster: ClusterLab) -> Outcome | StandbyError:
    """Try the move; it ends in time, whatever happens, and an error tells what to do."""
    started = time.monotonic()
    try:
        outcome: Outcome | StandbyError = cluster.put(SITE, "server2")
    except StandbyError as error:
        assert any(name in check_told(error) for name in NODES)
        assert SITE in str(error)
        outcome = error
    assert time.monotonic() - started < BOUND
    return outcome


def check_finished_by_the_next_run(cluster: ClusterLab) -> None:
    """Nothing was ever up twice, and the same command brings about what was asked."""
    calm = at_ease(cluster)
    assert cluster.lab.problems() == []
    assert calm.put(SITE, "server2").data["owner"] == "server2"
    seen = calm.status(SITE)
    assert (seen["owner"], seen["state"], seen["notes"]) == ("server2", "in_service", [])
    assert cluster.lab.problems() == []


def settle(cluster: ClusterLab) -> None:
    """Wait until every request that was given up has taken effect: none strikes what comes next."""
    deadline = time.monotonic() + 30.0
    while any(cluster.lab.status(name).get("late") for name in NODES):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.xdist_group("bad moments")
def test_a_move_has_a_step_of_every_kind(home):
    done = {step["action"] for step in home.put(SITE, "server2").data["steps"]}

    assert {action.value for action in STEPS} <= done


def check_survived(cluster: ClusterLab, strike: Arrange, action: Action, after: bool, kind: str) -> None:
    """A move during which WinRM of the node concerned fails from one step on, until it is mended."""
    name = struck_node(action)
    strike(action, after, lambda: cluster.lab.fault(name, kind))
    try:
        move(cluster)
    finally:
        cluster.lab.clear(name, kind)
    check_finished_by_the_next_run(cluster)


@pytest.mark.xdist_group("bad moments of silence")
@pytest.mark.parametrize("action", STEPS, ids=lambda action: action.value)
def test_winrm_that_falls_silent_before_a_step(home, strike, action):
    check_survived(home, strike, action, False, "stall")


@pytest.mark.xdist_group("bad moments of silence")
@pytest.mark.parametrize("action", BRINGING_UP, ids=lambda action: action.value)
def test_winrm_that_falls_silent_after_a_step_that_brings_something_up(home, strike, action):
    check_survived(home, strike, action, True, "stall")


@pytest.mark.long
@pytest.mark.xdist_group("bad moments of lost answers")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("action", STEPS, ids=lambda action: action.value)
def test_winrm_that_does_as_told_and_cuts_its_answers_from_a_step_on(home, strike, action, after):
    check_survived(home, strike, action, after, "reset")


@pytest.mark.xdist_group("bad moments of lost answers")
@pytest.mark.parametrize("performed", [False, True], ids=["not done", "done"])
@pytest.mark.parametrize("kind", ["stall", "reset"])
@pytest.mark.parametrize(("method", "resource"), REQUESTS)
def test_one_answer_that_is_lost(home, method, resource, kind, performed):
    """The request that changes something is done, or not, and never answered; what follows is answered."""
    for name in NODES:
        home.lab.fault(name, kind, method=method, resource=resource, performed=performed)
    try:
        move(home)
    finally:
        for name in NODES:
            home.lab.clear(name, kind)
    check_finished_by_the_next_run(home)


@pytest.mark.xdist_group("bad moments performed late")
@pytest.mark.parametrize(("method", "resource"), REQUESTS)
def test_one_request_that_is_performed_late(home, method, resource):
    """Its answer is given up, and then it is done all the same, as a slow disk or a node under load does."""
    for name in NODES:
        home.lab.fault(name, "stall", method=method, resource=resource, late=3.5)
    try:
        moved = move(home)
    finally:
        for name in NODES:
            home.lab.clear(name, "stall")
    assert isinstance(moved, Outcome)
    settle(home)
    check_finished_by_the_next_run(home)


@pytest.mark.xdist_group("bad moments performed late")
@pytest.mark.parametrize(("method", "resource"), REQUESTS)
def test_one_request_that_is_performed_too_late_to_be_awaited(home, method, resource, monkeypatch):
    """Where an address or a disk may still come up on the target, the source is not brought up again."""
    monkeypatch.setattr(effect, "EFFECT_TIMEOUT", 0.5)
    name = "server1" if method in ("Delete", "Offline") else "server2"
    home.lab.fault(name, "stall", method=method, resource=resource, late=8.0)
    try:
        failed = move(home)
    finally:
        home.lab.clear(name, "stall")
    assert isinstance(failed, StandbyError)
    if name == "server2":
        assert "may still take effect" in str(failed)
        assert "Nothing was brought up on server1 again" in str(failed)
    settle(home)
    check_finished_by_the_next_run(home)


@pytest.mark.xdist_group("bad moments performed late")
def test_a_disk_that_is_slower_than_its_call_may_take(make_lab, tmp_path):
    nodes = [node(1, content=True), node(2, windows={"disk_seconds": 3.0})]
    lab = make_lab(
        write_topology(tmp_path / "slow", [site(SITE, 1, "127.77.1.193", folder=r"F:\web")], nodes)
    )
    cluster = ClusterLab(lab, options={"operation_timeout": 1, "read_timeout": 2})
    cluster.ip(193)
    cluster.volume("F:", SHARED)
    cluster.protect(SITE, Check(f"http://{cluster.address(193)}:8080/", timeout=2.0))
    cluster.put(SITE, "server1")

    assert isinstance(move(cluster), Outcome)
    check_finished_by_the_next_run(cluster)
    assert cluster.put(SITE, "server1").data["owner"] == "server1"


@pytest.mark.long
@pytest.mark.xdist_group("bad moments of restarts")
@pytest.mark.parametrize("name", NODES)
@pytest.mark.parametrize("action", STEPS, ids=lambda action: action.value)
def test_a_node_that_restarts_before_a_step(home, strike, action, name):
    strike(action, False, lambda: home.lab.reboot(name))
    move(home)

    check_finished_by_the_next_run(home)


@pytest.mark.xdist_group("bad moments of restarts")
@pytest.mark.parametrize("name", NODES)
def test_a_node_that_restarts_after_the_last_step(home, strike, name):
    strike(Action.START_SITE, True, lambda: home.lab.reboot(name))
    move(home)

    check_finished_by_the_next_run(home)
