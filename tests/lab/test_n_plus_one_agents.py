# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One standby for three, with agents: added while the others serve, and two of the three die."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath

import pytest

from lab.audit import overlaps, read_logs
from lab.prober import Prober, Target
from playbooks import Played, play
from tests.support import n_plus_one
from tests.support.agent_lab import PYTHON
from tests.support.n_plus_one import STANDBY, name_of, url_of
from tests.support.witnesses import PATH as WITNESS

pytestmark = [pytest.mark.alone, pytest.mark.faults]

AGENTS = {"monitor_cluster": "web", "monitor_directory": WITNESS, "monitor_interpreter": PYTHON}
PATIENCE = 120.0


class Pipeline:
    """What provisions nodes with agents, and what clients see meanwhile."""

    def __init__(self, lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self.inventory = folder / "inventory"

    def add(self, number: int, *actives: int) -> Played:
        """Add one of these."""
        n_plus_one.inventory(self.inventory, self.lab.network, actives)
        given = ("-e", f"node=server{number}", "-e", json.dumps(AGENTS))
        played = play(
            self.lab.state.folder, "standby.iis.provision_n_plus_one", *given, inventory=self.inventory
        )
        assert played.code == 0, played.text
        return played

    @contextmanager
    def asking(self, *numbers: int) -> Iterator[None]:
        """Clients of these sites are answered meanwhile, but for what a busy machine forgets."""
        prober = Prober([Target(name_of(number), url_of(number, self.lab.network)) for number in numbers])
        prober.start()
        yield
        for seen in prober.stop().targets:
            failed = Counter(outcome for gap in seen.gaps for outcome in Counter(gap.failed).elements())
            assert seen.samples > 10
            assert failed.total() == failed["timeout"] <= 2, (seen.name, failed)

    def reason(self, node: str, number: int) -> str:
        """What the agent of a node says of a site."""
        home = self.lab.state.node(node) / "drives" / "C" / "ProgramData" / "standby.iis"
        try:
            shown = json.loads((home / "status.json").read_text())
        except (OSError, ValueError):
            return ""
        return str(shown["hierarchies"].get(name_of(number), {}).get("reason", ""))

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.1)


@pytest.fixture
def pipeline(make_lab, tmp_path) -> Pipeline:
    lab = make_lab(n_plus_one.topology(tmp_path, (1, 2, 3)))
    lab.expected = True
    (lab.state.share("files") / PureWindowsPath(WITNESS).name).mkdir()
    return Pipeline(lab, tmp_path)


def test_three_are_provisioned_and_the_standby_serves_two_that_die(pipeline):
    pipeline.add(1, 1)
    with pipeline.asking(1):
        pipeline.add(2, 1, 2)
    with pipeline.asking(1, 2):
        pipeline.add(3, 1, 2, 3)
    with pipeline.asking(1, 2, 3):
        assert pipeline.add(3, 1, 2, 3).changed == 0

    for number in (1, 2):
        pipeline.lab.power_off(f"server{number}")
        pipeline.until(lambda number=number: pipeline.reason(STANDBY, number) == "in_service")
    with pipeline.asking(1, 2, 3):
        time.sleep(5.0)
    assert pipeline.reason("server3", 3) == "in_service"
    found = overlaps(read_logs(pipeline.lab.state), time.monotonic())
    assert not [one for one in found if not one.hung]
