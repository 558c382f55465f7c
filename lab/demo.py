# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration: the real playbooks and agents on a lab, with every outage measured from outside.

It runs ``ansible-playbook`` as an operator would, then has agents meet a dead server and a broken site. It
fails where a playbook fails, where a site that is not concerned is disturbed, where what should happen does
not, or where two nodes answer for a site at once.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.iis.document import parse
from lab.iis.model import read
from lab.probe_report import Report, TargetReport
from lab.prober import Prober, Target, render
from lab.runner import Lab
from lab.topology import move

ROOT = Path(__file__).parent.parent
NETWORK = "127.88"  # beside the default lab, not in its way
RATE_HZ = 50.0
MOVED = "shop.example.net"
HERE, THERE = "server1", "server2"
# What each of the nodes serves of the sites that the lab's inventory protects.
OF_HERE = (MOVED, "survey.example.org")
OF_THERE = ("LIBRARY", "archive.example.net")
PATIENCE = 90.0  # seconds for anything that agents do by themselves
STABILITY = 15  # seconds: so long a server is well before it gets its sites back by itself
AGENTS = {
    "monitor_cluster": "demo",
    "monitor_interpreter": r"C:\Python313\python.exe",
    "monitor_directory": r"\\files\witness$\demo",
    "monitor_preset": "fast",
    "monitor_timers": {"stability": STABILITY},
    "monitor_hierarchies": {"": {"switchback": "automatic"}},
}


class DemoFailed(RuntimeError):
    """Something did not go as it should; the message says what."""


@dataclass(frozen=True)
class Act:
    """One measured part of the demonstration.

    Attributes:
        title: what happens.
        concerned: the sites that it concerns; no other one has a gap.
        nodes: how many nodes answer for the first of these in its course.
        report: what was seen from outside.
    """

    title: str
    concerned: tuple[str, ...]
    nodes: int
    report: Report


def run(folder: Path) -> int:
    """Show it all; 1 where something failed. The lab is ended in any case."""
    began = time.monotonic()
    lab = Lab(folder, bound=True)
    if lab.state.settings.exists():
        lab.down()
    try:
        _title(f"The lab: two emulated Windows servers on {NETWORK}.0.0/16")
        lab.up(network=NETWORK)
        acts = [*_moves(lab), *_failures(lab)]
        _title("Measured from outside")
        for act in acts:
            _say(f"{act.title}\n{render(act.report)}\n")
            _judge(act)
        problems = lab.problems()
        if problems:
            raise DemoFailed("; ".join(problems))
        _summary(acts, time.monotonic() - began)
    except (DemoFailed, subprocess.CalledProcessError) as failure:
        _say(f"\nThe demonstration failed: {failure}")
        return 1
    finally:
        lab.down()
    return 0


def _moves(lab: Lab) -> Iterator[Act]:
    """Without agents: the playbooks alone."""
    targets = _targets(lab)
    _title("configure: protect the sites that server1 serves, active/active on both nodes")
    _play(lab, "configure")
    _title("configure again, in check mode: nothing is left to do")
    _play(lab, "configure", "--check")
    _title(f"switchover of {MOVED} to {THERE}: first the plan, in check mode")
    wanted = ("-e", f"hierarchy={MOVED}", "-e", f"to={THERE}")
    _play(lab, "switchover", *wanted, "--check", "--diff")
    _title("switchover, while every site is asked fifty times a second")
    with _probed(lab, targets) as prober:
        _play(lab, "switchover", *wanted)
    yield Act(f"switchover of {MOVED} to {THERE}", (MOVED,), 2, prober.report())
    _title("switchback to the primary, likewise")
    with _probed(lab, targets) as prober:
        _play(lab, "switchback", "-e", f"hierarchy={MOVED}")
    yield Act(f"switchback of {MOVED}", (MOVED,), 2, prober.report())


def _failures(lab: Lab) -> Iterator[Act]:
    """With agents, which see to everything by themselves."""
    targets = [target for target in _targets(lab) if target.name in (*OF_HERE, *OF_THERE)]
    _title("monitor: agents on both nodes, with a file share as witness")
    (lab.state.share("files") / "demo").mkdir()
    _play(lab, "monitor", "-e", json.dumps(AGENTS))
    _title("whatever the agent took that was first up goes to the node that it belongs to")
    with _probed(lab, targets) as prober:
        _until(
            lambda: _all_on(prober, OF_HERE, HERE) and _all_on(prober, OF_THERE, THERE),
            "every site is served where it comes first",
        )
    _title(f"the power of {HERE} fails under load")
    with _probed(lab, targets) as prober:
        lab.power_off(HERE)
        _until(lambda: _all_on(prober, OF_HERE, THERE), f"{THERE} serves what {HERE} had")
    yield Act(f"power loss of {HERE}", OF_HERE, 2, prober.report())
    _title(f"{HERE} is back, and gets its sites back once it has been well for {STABILITY} s")
    with _probed(lab, targets) as prober:
        lab.power_on(HERE)
        _until(lambda: _all_on(prober, OF_HERE, HERE), f"{HERE} serves its sites again")
    yield Act(f"switchback to {HERE} by itself", OF_HERE, 2, prober.report())
    _title(f"{MOVED} crashes: its agent starts it again where it is")
    with _probed(lab, targets) as prober:
        broken = prober.now()
        lab.fault(HERE, "site_crash", site=MOVED)
        _until(lambda: _answered_since(prober, MOVED, broken + 0.5), f"{MOVED} serves again")
    yield Act(f"crash of {MOVED}", (MOVED,), 1, prober.report())
    _title("status")
    _play(lab, "status")


def _all_on(prober: Prober, sites: tuple[str, ...], node: str) -> bool:
    """The last good answers came from that node, which tells its computer name."""
    answers = (prober.last_good(site) for site in sites)
    return all(last is not None and last.node.casefold() == node for last in answers)


def _answered_since(prober: Prober, site: str, when: float) -> bool:
    last = prober.last_good(site)
    return last is not None and last.sent > when


def _until(true: Callable[[], bool], what: str) -> None:
    """Wait for what agents do.

    Raises:
        DemoFailed: they do not, within PATIENCE.
    """
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise DemoFailed(f"not within {PATIENCE:.0f} s: {what}")
        time.sleep(0.1)


def _targets(lab: Lab) -> list[Target]:
    """One address of every site that the first node's configuration holds."""
    topology = lab.topology
    node = topology.nodes[0]
    text = (topology.base / (node.config or "")).read_text(encoding="utf-8-sig")
    sites = read(parse(move(text, NETWORK).encode())).sites
    return [Target(site.name, "http://{}:{}/".format(*site.web_bindings[0].endpoint[:2])) for site in sites]


@contextmanager
def _probed(lab: Lab, targets: list[Target]) -> Iterator[Prober]:
    context = ssl.create_default_context(cafile=str(lab.state.ca))
    prober = Prober(targets, rate_hz=RATE_HZ, context=context)
    prober.start()
    time.sleep(0.5)
    try:
        yield prober
        time.sleep(0.5)
    finally:
        prober.stop()


def _play(lab: Lab, playbook: str, *arguments: str) -> None:
    """Run a playbook of the collection as an operator types it."""
    command = ["ansible-playbook", "-i", "inventories/lab", f"playbooks/{playbook}.yml", *arguments]
    _say(f"$ {' '.join(command)}")
    sys.stdout.flush()
    environment = os.environ | {"STANDBY_LAB_STATE": str(lab.state.folder.resolve())}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    subprocess.run(command, cwd=ROOT, env=environment | {"PATH": path}, check=True)  # noqa: S603


def _judge(act: Act) -> None:
    """Refuse what must not happen.

    Raises:
        DemoFailed: another site was disturbed, nothing was measured, or two nodes answered at once.
    """
    for target in act.report.targets:
        if target.overlaps:
            raise DemoFailed(f"{act.title}: two nodes answered for {target.name} at once")
        if not target.answers:
            raise DemoFailed(f"{act.title}: {target.name} never answered")
        if target.name not in act.concerned and target.gaps:
            raise DemoFailed(f"{act.title}: {target.name}, which is not concerned, had a gap: {target.gaps}")
    if len(answers := _first(act).answers) != act.nodes:
        raise DemoFailed(f"{act.title}: {act.concerned[0]} was answered by {', '.join(answers)}")


def _first(act: Act) -> TargetReport:
    return next(target for target in act.report.targets if target.name == act.concerned[0])


def _summary(acts: list[Act], seconds: float) -> None:
    _title("In short")
    for act in acts:
        outages = [target.longest for target in act.report.targets if target.name in act.concerned]
        _say(
            f"{act.title}: outage {max(outages):.2f} s (measured with {RATE_HZ:.0f} requests a second), "
            f"the other {len(act.report.targets) - len(outages)} sites without a gap"
        )
    _say(f"no address was held by two nodes; everything took {seconds:.0f} s; the lab is ended and removed")


def _title(text: str) -> None:
    _say(f"\n=== {text}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
