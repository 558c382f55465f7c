# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes: checks run apart from the caller, each at most once at a time; what is late or hangs is seen."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack
from dataclasses import replace
from queue import Empty, Queue

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import probes as probes_module
from ansible_collections.standby.iis.plugins.module_utils.agent.probes import (
    OUTSIDE_THREADS,
    Probes,
)
from ansible_collections.standby.iis.plugins.module_utils.ha import quick
from ansible_collections.standby.iis.plugins.module_utils.ha.check_times import CheckSettings, idle_interval
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from ansible_collections.standby.iis.plugins.module_utils.ha.health import Verdict
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check, Hierarchy
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import BadTimers, timers
from ansible_collections.standby.iis.plugins.module_utils.ha.quick import Failing
from ansible_collections.standby.iis.plugins.module_utils.ha.views import View, Where, cause
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows.adapter import Adapter
from ansible_collections.standby.iis.plugins.module_utils.windows.deepcheck import Verdict as Answer
from lab.certificates import Authority, Pair
from tests.support.caller import PlayedCaller
from tests.support.ha_world import SHOP, WHOLE, World
from tests.support.talks import OK, answering, closing, encrypted, late, server, silent

LAN = timers("lan")
ONE = replace(WHOLE, sites=(SHOP,))
EXACT = CheckSettings(quick={"fall": 2, "rise": 1}, deep={"fall": 2, "rise": 1})


class Bench:
    """Probes of server1 with everything beside them played."""

    def __init__(self, hierarchies=(ONE,), settings=EXACT, threads=4, ask=None, name="server1", spread=float):
        self.world = World().up("server1")
        self.name = name
        self.facts: NodeFacts | Exception | None = self.world.facts()[name]
        self.caller = PlayedCaller(spread)
        self.told: list[tuple[str, Verdict]] = []
        self.asked: Queue[Check] = Queue()
        self.answers: dict[str, object] = {}
        self.reads = 0
        self.free = threading.Event()
        self.probes = Probes(
            Node(name, None, None),
            hierarchies,
            LAN,
            self.caller,
            lambda hierarchy, verdict: self.told.append((hierarchy, verdict)),
            settings=settings,
            threads=threads,
            ask=ask or self.answer,
        )

    def gather(self, node, scope):
        self.reads += 1
        if self.facts is None:
            self.free.wait(20)
            return self.world.facts()[self.name]
        if isinstance(self.facts, Exception):
            raise self.facts
        return self.facts

    def answer(self, check):
        self.asked.put(check)
        answer = self.answers.get(check.url, True)
        if answer == "hang":
            self.free.wait(20)
            answer = True
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer, f"{check.url} answered {200 if answer else 500}", 0.1)

    def went_to(self) -> list[str]:
        """What was asked since the last time."""
        found = []
        while True:
            try:
                found.append(self.asked.get_nowait().url)
            except Empty:
                return found

    @property
    def verdict(self) -> Verdict:
        return self.probes.verdict("Shop")


@pytest.fixture
def bench(monkeypatch):
    with ExitStack() as stack:

        def made(*args, **options):
            one = Bench(*args, **options)
            monkeypatch.setattr(probes_module, "gather", one.gather)
            stack.callback(one.free.set)
            stack.callback(one.probes.close)
            return one

        yield made


def test_a_hierarchy_in_service_is_checked_at_once_and_again_every_interval(bench):
    one = bench()
    one.probes.restarted("Shop")
    one.caller.receive(2)
    assert one.reads == 1
    assert one.went_to() == ["http://10.0.0.50/"]
    assert one.told == [("Shop", Verdict(True, "all checks answer"))] * 2
    one.caller.pass_time(LAN.interval)
    one.caller.receive(1)
    assert (one.reads, one.went_to()) == (2, [])
    one.caller.pass_time(LAN.interval)
    one.caller.receive(2)
    assert (one.reads, one.went_to()) == (3, ["http://10.0.0.50/"])


def test_rounds_are_spread_as_the_caller_wants(bench):
    one = bench(spread=lambda interval: interval / 2)
    one.probes.restarted("Shop")
    one.caller.receive(2)
    one.caller.pass_time(LAN.interval / 2)
    one.caller.receive(1)
    assert one.reads == 2


def test_two_failed_answers_are_told_and_make_it_unhealthy(bench):
    one = bench()
    one.answers["http://10.0.0.50/"] = False
    one.probes.restarted("Shop")
    one.caller.receive(2)
    assert one.verdict.healthy
    one.caller.pass_time(2 * LAN.interval)
    one.caller.receive(2)
    assert one.verdict == Verdict(False, "http://10.0.0.50/ answered 500", Failing.SITE)
    assert one.told[-1] == ("Shop", one.verdict)


def test_what_shows_nothing_new_is_not_looked_at_anew_and_still_counts(bench, monkeypatch):
    looks: list[bool] = []

    def look(hierarchy, facts):
        looks.append(facts.adapters[0].up)
        return quick.look(hierarchy, facts)

    monkeypatch.setattr(probes_module, "look", look)
    one = bench()
    one.probes.restarted("Shop")
    one.caller.receive(2)
    one.caller.pass_time(LAN.interval)
    one.caller.receive(1)
    assert (one.reads, looks) == (2, [True])
    one.facts = replace(one.facts, adapters=(Adapter("Ethernet", 12, False),))
    for answers in (2, 1):  # quick and deep, then quick
        one.caller.pass_time(LAN.interval)
        one.caller.receive(answers)
    assert (one.reads, looks) == (4, [True, False])
    assert one.verdict.failing is Failing.NIC  # two reads said so
    one.facts = replace(one.world.facts()["server1"])
    one.caller.pass_time(LAN.interval)
    one.caller.receive(2)
    assert one.verdict.healthy
    assert looks == [True, False, True]


def test_an_adapter_that_went_down_is_no_fault_of_the_site(bench):
    one = bench()
    one.probes.restarted("Shop")
    one.caller.receive(2)
    one.facts = replace(one.facts, adapters=(Adapter("Ethernet", 12, False),))
    for answers in (1, 2):  # quick, then quick and deep
        one.caller.pass_time(LAN.interval)
        one.caller.receive(answers)
    assert one.verdict.failing is Failing.NIC


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            NodeFacts("server1", problem="The node did not answer."),
            "server1 cannot be read: The node did not",
        ),
        (RuntimeError("boom"), "an unexpected RuntimeError: boom"),
    ],
)
def test_a_node_that_cannot_be_read_is_unhealthy_and_blocked(bench, facts, words):
    one = bench((replace(ONE, sites=(replace(SHOP, checks=()),)),))
    one.facts = facts
    one.probes.restarted("Shop")
    one.caller.receive(1)
    one.caller.pass_time(LAN.interval)
    one.caller.receive(1)
    assert one.verdict.failing is Failing.SYSTEM
    assert words in one.verdict.sentence
    assert one.probes.blocked("Shop").startswith("it cannot be read: ")


def test_a_read_that_hangs_is_not_begun_again_and_does_not_look_healthy(bench):
    one = bench((replace(ONE, sites=(replace(SHOP, checks=()),)),))
    one.facts = None
    one.probes.restarted("Shop")
    for _each in range(8):
        one.caller.pass_time(LAN.interval)
    assert one.caller.drain() == 0
    assert one.verdict == Verdict(False, "quick check has not answered for 8 s", Failing.SYSTEM)
    assert one.probes.blocked("Shop") == "its state has not been read for 8 s"
    one.free.set()
    one.caller.receive(1)
    assert one.reads == 1
    assert not one.verdict.healthy, "an answer that comes late does not count"
    assert one.probes.blocked("Shop") == ""


def test_a_deep_check_that_hangs_is_not_begun_again_and_holds_up_nothing_else(bench):
    urls = [f"http://10.0.0.50:{port}/" for port in (80, 81)]
    one = bench((replace(ONE, sites=(replace(SHOP, checks=tuple(map(Check, urls))),)),), threads=2)
    one.answers[urls[0]] = "hang"
    one.probes.restarted("Shop")
    one.caller.receive(2)
    for _each in range(7):
        one.caller.pass_time(2 * LAN.interval)
        one.caller.receive(2)
    assert one.went_to().count(urls[0]) == 1
    assert not one.verdict.healthy
    assert one.verdict.failing is Failing.SITE
    assert one.verdict.sentence == f'check 1 of site "Shop" ({urls[0]}) has not answered for 14 s'


def test_more_checks_than_threads_wait_for_each_other(bench):
    checks = tuple(Check(f"http://10.0.0.50:{port}/") for port in range(80, 90))
    one = bench((replace(ONE, sites=(replace(SHOP, checks=checks),)),), threads=3)
    one.answers = {check.url: "hang" for check in checks}
    before = threading.active_count()
    one.probes.restarted("Shop")
    for _each in range(3):
        one.asked.get(timeout=10)
    assert threading.active_count() == before
    assert one.went_to() == []
    one.free.set()
    one.caller.receive(11)
    assert len(one.went_to()) == 7


def test_an_answer_from_before_a_restart_counts_no_more(bench):
    one = bench(settings=CheckSettings(deep={"fall": 1}))
    one.answers["http://10.0.0.50/"] = False
    one.probes.restarted("Shop")
    one.asked.get(timeout=10)
    one.probes.restarted("Shop")
    one.caller.receive(2)
    assert one.told == []
    assert one.verdict.healthy
    one.caller.pass_time(2 * LAN.interval)
    one.caller.receive(2)
    assert not one.verdict.healthy


def test_what_was_stopped_is_checked_no_more(bench):
    one, views = bench(), []
    one.probes.restarted("Shop")
    one.probes.stopped("Shop")
    one.caller.receive(2)
    one.caller.pass_time(4 * LAN.interval)
    one.probes.look_outside("Shop", views.append)
    one.caller.receive(2)
    assert one.told == []
    assert views == [View(True, "all sites are reached", 0.0)], "no check of its own was under way"
    assert len(one.went_to()) == 2


def test_a_process_that_stood_still_blames_no_check(bench):
    one = bench()
    one.probes.restarted("Shop")
    one.caller.receive(2)
    one.caller.now += 3600
    one.probes.woken()
    assert one.verdict.healthy
    assert one.probes.blocked("Shop") == ""


def test_a_standby_tells_what_is_in_the_way_and_looks_less_often(bench):
    one = bench(name="server2")
    assert one.probes.blocked("Shop") == "its state has not been read yet"
    one.facts = replace(one.facts, disks=())
    one.probes.begin()
    one.caller.receive(2)
    assert one.probes.blocked("Shop") == "volume F:\\: the disk disk-of-f is not visible"
    one.facts = one.world.facts()["server2"]
    one.caller.pass_time(idle_interval(LAN) - 0.5)
    assert one.reads == 1
    one.caller.pass_time(0.5)
    one.caller.receive(2)
    assert one.reads == 2
    assert one.probes.blocked("Shop") == ""


def test_a_standby_sees_the_owners_sites_from_outside_and_how_old_that_is(bench):
    one = bench(name="server2")
    assert one.probes.outside("Shop") == View(None, "server2 has not looked yet")
    one.probes.begin()
    one.caller.receive(2)
    one.caller.pass_time(3.0)
    assert one.probes.outside("Shop") == View(True, "all sites are reached", 3.0)
    one.answers["http://10.0.0.50/"] = False
    one.caller.pass_time(idle_interval(LAN))
    one.caller.receive(2)
    told = one.probes.outside("Shop")
    assert (told.healthy, told.age) == (False, 3.0)
    assert told.sentence == 'site "Shop": http://10.0.0.50/ answered 500'


def test_a_peer_that_asks_gets_a_view_of_now_and_shares_it_with_others_who_ask(bench):
    one, views = bench(name="server2"), []
    one.probes.look_outside("Shop", views.append)
    one.probes.look_outside("Shop", views.append)
    assert views == []
    one.caller.receive(1)
    assert views == [View(True, "all sites are reached", 0.0)] * 2
    assert one.went_to() == ["http://10.0.0.50/"]


def test_the_sites_of_a_dead_node_hold_up_no_check_of_what_is_in_service_here(bench):
    dead = tuple(Check(f"http://10.0.0.51:{port}/") for port in range(80, 120))
    other = replace(ONE, name="Wiki", sites=(replace(SHOP, name="Wiki", checks=dead),))
    one = bench((ONE, other))
    one.answers = {check.url: "hang" for check in dead}
    one.probes.restarted("Shop")
    one.caller.receive(2)
    one.went_to()
    one.probes.begin()
    for _each in range(OUTSIDE_THREADS):
        assert one.asked.get(timeout=10) in dead
    one.caller.pass_time(2 * LAN.interval)
    assert one.asked.get(timeout=10) == SHOP.checks[0]
    one.caller.receive(2)
    assert one.told[-1] == ("Shop", Verdict(True, "all checks answer"))


def test_a_view_comes_also_where_a_check_hangs_and_later_ones_do_not_begin_it_again(bench):
    one, views = bench(name="server2"), []
    one.answers["http://10.0.0.50/"] = "hang"
    one.probes.look_outside("Shop", views.append)
    one.caller.pass_time(60.0)
    assert [view.sentence for view in views] == ['site "Shop": a check did not end']
    one.probes.look_outside("Shop", views.append)
    assert len(views) == 2
    one.free.set()
    one.caller.receive(1)
    assert len(views) == 2
    assert len(one.went_to()) == 1


def test_what_is_in_service_here_is_not_looked_at_from_outside(bench):
    one, views = bench(), []
    one.probes.restarted("Shop")
    one.probes.look_outside("Shop", views.append)
    one.caller.receive(3)
    assert views == [View(None, "it is in service on server1 itself")]
    assert len(one.went_to()) == 1


def test_what_came_into_service_here_keeps_the_view_that_there_was_before(bench):
    one = bench()
    one.probes.begin()
    one.caller.receive(2)
    one.probes.restarted("Shop")
    one.caller.receive(2)
    one.caller.pass_time(idle_interval(LAN))
    one.probes.stopped("Shop")
    assert one.probes.outside("Shop") == View(True, "all sites are reached", idle_interval(LAN))


def test_a_site_without_checks_has_no_view_from_outside(bench):
    one, views = bench((Hierarchy("Shop", ONE.nodes, ONE.ips),), name="server2"), []
    one.probes.look_outside("Shop", views.append)
    one.caller.receive(1)
    assert views[0].healthy is None


def test_an_error_in_a_check_is_a_failed_check(bench):
    one = bench(settings=CheckSettings(deep={"fall": 1}))
    one.answers["http://10.0.0.50/"] = RuntimeError("boom")
    one.probes.restarted("Shop")
    one.caller.receive(2)
    assert not one.verdict.healthy
    assert "an unexpected RuntimeError: boom" in one.verdict.sentence


def test_a_check_whose_timeout_does_not_fit_the_preset_is_made_and_told_of(bench):
    slow = Check("http://10.0.0.50/", timeout=60.0)
    one = bench((replace(ONE, sites=(replace(SHOP, checks=(slow,)),)),))
    (told,) = one.probes.problems
    assert told.startswith('check 1 of site "Shop" (http://10.0.0.50/): deep check: recovery_attempts x ')
    one.probes.restarted("Shop")
    one.caller.receive(2)
    assert one.told[-1] == ("Shop", Verdict(True, "all checks answer"))
    assert bench().probes.problems == []


def test_settings_that_do_not_fit_the_preset_are_refused():
    for settings in (CheckSettings(quick={"timeout": 60.0}), CheckSettings(deep={"fall": 0})):
        with pytest.raises(BadTimers):
            Probes(Node("server1", None, None), (ONE,), LAN, PlayedCaller(), print, settings=settings)


# Real sites on loopback


def failing(connection: socket.socket, over: threading.Event) -> None:
    answering(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")(connection, over)


def real(talk, stack, scheme="http", **options):
    url = f"{scheme}://127.0.0.1:{stack.enter_context(server(talk))}/"
    return Check(url, **{"timeout": 2.0, **options})


@pytest.mark.parametrize(
    ("talk", "options", "words"),
    [
        (answering(OK), {}, None),
        (answering(OK), {"body": "(r+)eady"}, None),
        (answering(OK), {"body": "(r+)etired"}, "its body does not hold"),
        (silent, {"timeout": 0.3}, "did not answer within 0.3 s"),
        (failing, {}, "answered 500, expected a status below 400"),
        (late(0.3), {"latency": 0.1}, "later than 0.1 s"),
        (closing, {}, "gave no answer"),
        (answering(b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 60000), {"body": "(a+)+b"}, "did not end in time"),
    ],
)
def test_real_sites_that_answer_hang_fail_are_late_or_close_at_once(bench, talk, options, words):
    with ExitStack() as stack:
        check = real(talk, stack, **options)
        one = bench(
            (replace(ONE, sites=(replace(SHOP, checks=(check,)),)),),
            settings=CheckSettings(deep={"fall": 1}),
            ask=probes_module.ask_bounded,
        )
        one.probes.restarted("Shop")
        one.caller.receive(2)
        assert one.verdict.healthy is (words is None)
        if words is not None:
            assert words in one.verdict.sentence
            assert one.verdict.failing is Failing.SITE


def test_a_site_whose_certificate_has_expired_serves_and_somebody_is_told(bench, tmp_path):
    authority, pair = Authority(tmp_path), Pair.at(tmp_path, "old")
    authority.issue_server(pair, "shop.example", ["shop.example"], days=-3)
    (tmp_path / "both.pem").write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
    with ExitStack() as stack:
        check = real(encrypted(tmp_path / "both.pem", []), stack, "https", verify=False)
        one = bench((replace(ONE, sites=(replace(SHOP, checks=(check,)),)),), ask=probes_module.ask_bounded)
        one.probes.restarted("Shop")
        one.caller.receive(2)
        assert one.verdict.healthy
        assert "has expired on" in one.verdict.notices[0]


def test_a_worker_that_accepts_and_never_answers_is_told_from_a_network_that_is_cut(bench):
    with socket.create_server(("127.0.0.1", 0)) as hung:
        check = Check(f"http://127.0.0.1:{hung.getsockname()[1]}/", timeout=0.3)
        sites = (replace(SHOP, checks=(check,)),)
        owner = bench(
            (replace(ONE, sites=sites),), CheckSettings(deep={"fall": 1}), ask=probes_module.ask_bounded
        )
        owner.probes.restarted("Shop")
        owner.caller.receive(2)
        standby, views = (
            bench((replace(ONE, sites=sites),), name="server2", ask=probes_module.ask_bounded),
            [],
        )
        standby.probes.look_outside("Shop", views.append)
        standby.caller.receive(1)
    assert cause(owner.verdict, views[0], 10.0).where is Where.SITE
    assert cause(Verdict(True, "all checks answer"), views[0], 10.0).where is Where.NETWORK


def test_each_reading_tells_of_what_is_not_in_service_here_and_of_nothing_else(bench):
    one = bench(hierarchies=(replace(ONE, sites=(replace(SHOP, checks=()),)),))
    idle = []
    one.probes._idling = lambda hierarchy, facts: idle.append((hierarchy.name, facts))
    one.probes.begin()
    one.caller.receive(1)
    assert idle == [("Shop", one.facts)]
    one.probes.restarted("Shop")
    one.caller.receive(1)
    assert (len(idle), one.reads) == (1, 2)
