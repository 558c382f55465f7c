# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's program on two lab nodes: supervisors, workers that are killed, and the command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import settings
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.keys import new_key
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS, bound
from lab.prober import Prober, Target
from tests.support.agent_process import WORKER
from tests.support.cluster_lab import ClusterLab
from tests.support.server_process import free_port

TIMERS = PRESETS["lan"]
BOUND = bound(TIMERS, nodes=2) + 10.0
SITE = "survey.example.org"

_ROOT = Path(__file__).parents[2]
_PATHS = {**os.environ, "PYTHONPATH": f"{_ROOT / '.collections'}{os.pathsep}{_ROOT}"}

pytestmark = pytest.mark.alone


class Agent:
    """The agent of one node, as a process."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        with (self.home / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [*WORKER, "run", "--home", str(self.home)], stdout=output, stderr=output, env=_PATHS
            )

    def do(self, *arguments: str) -> subprocess.CompletedProcess:
        command = [*WORKER, arguments[0], "--home", str(self.home), *arguments[1:]]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, env=_PATHS, check=False)

    def worker(self) -> int:
        """Process id of the worker, 0 where there is none at the moment."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return int(children[0]) if children else 0

    def wait(self) -> int:
        assert self._process is not None
        return self._process.wait(30)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def output(self) -> str:
        return "".join(one.read_text() for one in self.home.glob("output"))

    @property
    def told(self) -> dict:
        try:
            return json.loads((self.home / "status.json").read_text())["hierarchies"].get(SITE, {})
        except (OSError, ValueError):
            return {}


class Agents:
    """A cluster with an agent on each node."""

    def __init__(self, lab, folder: Path) -> None:
        self.lab, self.cluster = lab, ClusterLab(lab)
        self.of = {name: Agent(folder / name) for name in self.cluster.nodes}
        key, port = new_key(), free_port()
        addresses = {name: (lab.topology.node(name).address,) for name in self.cluster.nodes}
        (folder / "witness").mkdir()
        for name, agent in self.of.items():
            agent.home.mkdir()
            told = Settings(name, "web", str(folder / "witness"), addresses=addresses, port=port)
            (agent.home / "agent.json").write_text(settings.write(told))
            (agent.home / "cluster.key").write_text(key)
            connection = asdict(self.cluster.connection(name))
            (agent.home / "connection.json").write_text(json.dumps(connection))

    def owner(self) -> str | None:
        for name in self.cluster.nodes:
            held = [one["address"] for one in self.lab.status(name).get("addresses", ())]
            if self.cluster.address(195) in held:
                return name
        return None

    def serves(self, name: str) -> Callable[[], bool]:
        return lambda: self.of[name].told.get("reason") == "in_service" and self.owner() == name

    def until(self, holds: Callable[[], bool], seconds: float = BOUND) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, {name: (one.told, one.output) for name, one in self.of.items()}
            time.sleep(0.05)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Clients are answered meanwhile, every one, and by one node."""
        prober = Prober([Target("site", f"http://{self.cluster.address(195)}:8080/")])
        prober.start()
        yield
        time.sleep(0.2)
        (seen,) = prober.stop().targets
        assert seen.samples > 10
        # A request that this busy machine forgot for a second is no outage: those fail at once, and many.
        failed = Counter(outcome for gap in seen.gaps for outcome in Counter(gap.failed).elements())
        assert failed.total() == failed["timeout"] <= 2
        assert not seen.overlaps


@pytest.fixture
def agents(make_lab, tmp_path) -> Iterator[Agents]:
    lab = make_lab()
    cluster = ClusterLab(lab)
    cluster.ip(195, 16)
    cluster.volume("E:")
    cluster.protect(SITE)
    made = Agents(lab, tmp_path)
    yield made
    for one in made.of.values():
        one.kill()


def test_the_life_of_a_cluster_with_agents(agents):
    first, second = agents.of["server1"], agents.of["server2"]
    first.start()
    agents.until(agents.serves("server1"))
    second.start()
    agents.until(lambda: second.told.get("reason") == "elsewhere")

    with agents.answering():  # a worker that dies, and one that hangs, are replaced without a gap
        for number in (signal.SIGKILL, signal.SIGSTOP):
            before = first.worker()
            os.kill(before, number)
            agents.until(lambda old=before: first.worker() not in (0, old) and agents.serves("server1")())
            time.sleep(2 * TIMERS.interval)

    moved = first.do("switchover", SITE, "server2")
    assert (moved.returncode, moved.stderr) == (0, "")
    agents.until(agents.serves("server2"))
    refused = first.do("switchover", SITE, "server3")
    assert refused.returncode == 1
    assert "none of its nodes" in refused.stderr

    shown = json.loads(second.do("status", "--json").stdout)
    assert shown["hierarchies"][SITE]["owner"] == "server2"
    assert shown["here"]["standing"] == "member"
    assert SITE in second.do("explain", SITE).stdout
    assert "If server2 dies now" in first.do("what-if", "server2").stdout

    assert second.do("leave").returncode == 0
    assert second.wait() == 10
    agents.until(agents.serves("server1"))

    first.kill()  # nobody is left: Windows drops the address
    agents.until(lambda: agents.owner() is None, TIMERS.ttl + 5.0)
