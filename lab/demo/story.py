# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens in the demonstration, in order.

It runs ``ansible-playbook`` as an operator would, then has agents meet dead servers and a broken site. It
fails where a playbook fails, where a service that is not concerned is disturbed, where something does
not happen, or where two nodes answer for a service at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from lab.demo.acts import Act, DemoFailed, judge, summary
from lab.demo.clients import RATE_HZ, all_on, answered_since, clients, until
from lab.demo.services import HERE, NETWORK, SERVICES, THERE, Service, at_home
from lab.prober import render
from lab.runner import Lab

ROOT = Path(__file__).parents[2]
STABILITY = 5  # seconds: so long a server is well before it gets its sites back by itself
AGENTS = {
    "monitor_cluster": "demo",
    "monitor_interpreter": r"C:\Python313\python.exe",
    "monitor_directory": r"\\files\witness$\demo",
    "monitor_preset": "fast",
    "monitor_timers": {"stability": STABILITY},
    "monitor_hierarchies": {"": {"switchback": "automatic"}},
}


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
            judge(act)
        problems = lab.problems()
        if problems:
            raise DemoFailed("; ".join(problems))
        _title("In short")
        _say(summary(acts))
        _say(f"measured with {RATE_HZ:.0f} requests a second: pages, logins with listings, EHLO")
        took = time.monotonic() - began
        _say(f"no address was held by two nodes; everything took {took:.0f} s; the lab is ended and removed")
    except (DemoFailed, subprocess.CalledProcessError) as failure:
        _say(f"\nThe demonstration failed: {failure}")
        return 1
    finally:
        lab.down()
    return 0


def _moves(lab: Lab) -> Iterator[Act]:
    """Without agents: the playbooks alone."""
    _title(f"configure: protect what {HERE} serves, active/active on both nodes")
    _play(lab, "configure")
    web, *_rest = SERVICES
    _title(f"switchover of {web.name} to {web.away}: first the plan, in check mode")
    _play(lab, "switchover", *_move(web, web.away), "--check", "--diff")
    # Whatever comes first on THERE gets there for the first time.
    for service in SERVICES:
        _title(f"switchover of {service.name} to {THERE}, while clients use all four")
        with clients() as prober:
            _play(lab, "switchover", *_move(service, THERE))
        yield Act(f"switchover of {service.name} to {THERE}", (service.name,), 2, prober.report())
    _title(f"switchback: {HERE} gets back what comes first there")
    with clients() as prober:
        _play(lab, "switchback")
    yield Act(f"switchback to {HERE}", at_home(HERE), 2, prober.report())


def _move(service: Service, node: str) -> tuple[str, ...]:
    return ("-e", f"hierarchy={service.name}", "-e", f"to={node}")


def _failures(lab: Lab) -> Iterator[Act]:
    """With agents, which see to everything by themselves."""
    _title("monitor: agents on both nodes, with a file share as witness")
    (lab.state.share("files") / "demo").mkdir()
    _play(lab, "monitor", "-e", json.dumps(AGENTS))
    _title("whatever the agent took that was first up goes to the node that it belongs to")
    with clients() as prober:
        until(
            lambda: all(all_on(prober, at_home(node), node) for node in (HERE, THERE)),
            "every service is where it comes first",
        )
    for node, other in ((HERE, THERE), (THERE, HERE)):
        yield from _power_fails(lab, node, other)
    crashes = SERVICES[0].name
    _title(f"{crashes} crashes: its agent starts it again where it is")
    with clients() as prober:
        broken = prober.now()
        lab.fault(HERE, "site_crash", site=crashes)
        until(lambda: answered_since(prober, crashes, broken + 0.5), f"{crashes} serves again")
    yield Act(f"crash of {crashes}", (crashes,), 1, prober.report())
    _title("status")
    _play(lab, "status")


def _power_fails(lab: Lab, node: str, other: str) -> Iterator[Act]:
    """What a node had goes to the other one, and back."""
    concerned = at_home(node)
    _title(f"the power of {node} fails under load")
    with clients() as prober:
        lab.power_off(node)
        until(lambda: all_on(prober, concerned, other), f"{other} serves what {node} had")
    yield Act(f"power loss of {node}", concerned, 2, prober.report())
    _title(f"{node} is back, and gets its sites back once it has been well for {STABILITY} s")
    with clients() as prober:
        lab.power_on(node)
        until(lambda: all_on(prober, concerned, node), f"{node} serves its sites again")
    yield Act(f"switchback to {node} by itself", concerned, 2, prober.report())


def _play(lab: Lab, playbook: str, *arguments: str) -> None:
    """Run a playbook of the collection as an operator types it."""
    command = ["ansible-playbook", "-i", "inventories/lab", f"playbooks/{playbook}.yml", *arguments]
    _say(f"$ {' '.join(command)}")
    environment = os.environ | {"STANDBY_LAB_STATE": str(lab.state.folder.resolve())}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    subprocess.run(command, cwd=ROOT, env=environment | {"PATH": path}, check=True)  # noqa: S603


def _title(text: str) -> None:
    _say(f"\n=== {text}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
