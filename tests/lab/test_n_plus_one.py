# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One standby for all: provisioned from nothing, node after node, while the earlier ones are asked."""

from __future__ import annotations

import json

import pytest

from lab.prober import Prober, Target
from playbooks import Played, play
from tests.support import n_plus_one
from tests.support.n_plus_one import name_of, url_of

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("n_plus_one")]


class Pipeline:
    """What provisions nodes, and the results it reads."""

    def __init__(self, lab, folder) -> None:
        self.lab, self.folder = lab, folder
        self.result = folder / "result.json"

    def add(self, number: int, actives: tuple[int, ...], *arguments: str) -> Played:
        inventory = n_plus_one.inventory(self.folder / "inventory", self.lab.network, actives)
        given = ("-e", f"node=server{number}", "-e", f"result_file={self.result}", *arguments)
        return play(self.lab.state.folder, "standby.iis.provision_n_plus_one", *given, inventory=inventory)

    @property
    def told(self) -> dict:
        return json.loads(self.result.read_text())


@pytest.fixture(scope="module")
def pipeline(make_shared_lab, tmp_path_factory) -> Pipeline:
    folder = tmp_path_factory.mktemp("n_plus_one")
    return Pipeline(make_shared_lab(n_plus_one.topology(folder, (1, 2))), folder)


def test_nodes_are_added_one_after_the_other_and_the_others_serve_on(pipeline):
    first = pipeline.add(1, (1,))
    assert (first.code, pipeline.told["added"]) == (0, [name_of(1)]), first.text
    assert pipeline.told["put_in_service"] == [name_of(1)]

    prober = Prober([Target("first", url_of(1, pipeline.lab.network))])
    prober.start()
    second = pipeline.add(2, (1, 2))
    (seen,) = prober.stop().targets
    assert second.code == 0, second.text
    assert seen.samples > 10
    assert not seen.gaps
    told = pipeline.told
    assert (told["node"], told["changed"], told["added"]) == ("server2", True, [name_of(2)])
    assert [(one["name"], one["owner"], one["nodes"]) for one in told["hierarchies"]] == [
        (name_of(1), "server1", ["server1", "server9"]),
        (name_of(2), "server2", ["server2", "server9"]),
    ]


def test_a_node_that_is_none_is_refused(pipeline):
    refused = pipeline.add(7, (1, 2))
    assert refused.code != 0
    assert "Say which host of the inventory is to be added" in refused.text


@pytest.mark.faults
def test_check_mode_declares_nothing_and_a_second_run_changes_nothing(make_lab, tmp_path):
    pipeline = Pipeline(make_lab(n_plus_one.topology(tmp_path, (1,))), tmp_path)
    checked = pipeline.add(1, (1,), "--check")
    assert (checked.code, pipeline.result.exists()) == (0, False), checked.text
    assert name_of(1) in checked.changed_items

    assert pipeline.add(1, (1,)).changed > 0
    again = pipeline.add(1, (1,))
    assert (again.code, again.changed) == (0, 0), again.text
    assert (pipeline.told["changed"], pipeline.told["added"]) == (False, [])
