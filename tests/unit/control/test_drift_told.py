# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of twins: one sentence for all, dictionaries for programs, warnings that stop nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import drift_notes
from ansible_collections.standby.iis.plugins.module_utils.control.drift import _message, chosen, told
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.drift.model import Difference, Drift, Verdict
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from tests.support.ha_world import CLUSTER


def difference(path: str, verdict: Verdict = Verdict.BREAKS) -> Difference:
    return Difference(path, "here", "there", verdict, "Do it")


def drift(*differences: Difference, warnings: tuple[str, ...] = ()) -> Drift:
    return Drift("Shop", "server1", "server2", differences, warnings)


def test_the_sentence_names_what_breaks_where_and_counts_the_rest() -> None:
    paths = [f"pools[Shop]/{n}" for n in range(5)]
    said = _message([drift(*map(difference, paths))])
    assert said == f'failover would break: "Shop" on server2: {", ".join(paths[:3])} and 2 more'
    assert _message([drift(difference("a", Verdict.COSMETIC))]) == (
        "1 twin is as the original, with 1 difference that breaks nothing"
    )
    assert _message([drift(), drift()]) == "2 twins are as the original"
    assert _message([]) == "there is no twin to compare with"


def test_programs_get_words_and_no_objects() -> None:
    shown = told(drift(difference("a"), warnings=("soon",)))
    assert shown["differences"][0]["verdict"] == "breaks failover"
    assert shown["differences"][0]["verdict"].__class__ is str
    assert (shown["breaks"], shown["warnings"]) == (True, ["soon"])


def test_a_site_that_is_not_protected_is_answered_with_those_that_are() -> None:
    assert [site.name for site in chosen(CLUSTER, None)] == [site.name for site in CLUSTER.sites]
    with pytest.raises(StandbyError, match=CLUSTER.sites[0].name):
        chosen(CLUSTER, "Shoes")


def case(owner: str | None, problem: str | None = None) -> Any:
    facts = {"server1": NodeFacts("server1", problem=problem), "server2": NodeFacts("server2")}
    hierarchy = SimpleNamespace(nodes=("server1", "server2"), sites=CLUSTER.sites)
    return SimpleNamespace(
        found=SimpleNamespace(owner=owner), facts=facts, hierarchy=hierarchy, cluster=CLUSTER
    )


@pytest.mark.parametrize(
    ("owner", "problem", "model"),
    [
        ("server1", None, "server1"),
        (None, None, "server1"),
        (None, "It is off.", None),
        ("server2", None, None),
    ],
)
def test_a_target_is_compared_with_where_the_sites_serve_else_with_another_node(
    owner: str | None, problem: str | None, model: str | None
) -> None:
    assert drift_notes._model(case(owner, problem), "server2") == model


def test_what_cannot_be_compared_is_said_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> Any:
        raise StandbyError("does not answer", node="server2")

    monkeypatch.setattr(drift_notes, "read_all", fail)
    (said,) = drift_notes.before_move(None, case("server1"), "server2")  # type: ignore[arg-type]
    assert said == "the twins on server2 were not compared: server2: does not answer"
