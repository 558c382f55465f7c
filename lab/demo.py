# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration: the real playbooks on a lab, with the outage measured from outside.

It runs ``ansible-playbook`` as an operator would, and fails where a playbook fails, where a site that is not
moved is disturbed, or where two nodes answer for a site at once.
"""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
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
THERE = "server2"


class DemoFailed(RuntimeError):
    """Something did not go as it should; the message says what."""


@dataclass(frozen=True)
class Act:
    """One measured part of the demonstration."""

    title: str
    moved: str
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
        acts = list(_acts(lab))
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


def _acts(lab: Lab) -> Iterator[Act]:
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
    yield Act(f"switchover of {MOVED} to {THERE}", MOVED, prober.report())
    _title("switchback to the primary, likewise")
    with _probed(lab, targets) as prober:
        _play(lab, "switchback", "-e", f"hierarchy={MOVED}")
    yield Act(f"switchback of {MOVED}", MOVED, prober.report())
    _title("status")
    _play(lab, "status")


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
        if target.name != act.moved and target.gaps:
            raise DemoFailed(f"{act.title}: {target.name}, which does not move, had a gap: {target.gaps}")
    if len(_moved(act).answers) < 2:
        raise DemoFailed(f"{act.title}: {act.moved} was answered by {', '.join(_moved(act).answers)} alone")


def _moved(act: Act) -> TargetReport:
    return next(target for target in act.report.targets if target.name == act.moved)


def _summary(acts: list[Act], seconds: float) -> None:
    _title("In short")
    for act in acts:
        moved = _moved(act)
        _say(
            f"{act.title}: outage {moved.longest:.2f} s (measured with {RATE_HZ:.0f} requests a second), "
            f"the other {len(act.report.targets) - 1} sites without a gap"
        )
    _say(f"no address was held by two nodes; everything took {seconds:.0f} s; the lab is ended and removed")


def _title(text: str) -> None:
    _say(f"\n=== {text}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
