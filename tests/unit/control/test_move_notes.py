# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a move warns of in one sentence: certificates are never behind "and more"."""

from __future__ import annotations

from ansible_collections.standby.iis.plugins.module_utils.control.drift_notes import _sentences
from ansible_collections.standby.iis.plugins.module_utils.ha.drift.model import Difference, Drift, Verdict


def difference(path: str) -> Difference:
    return Difference(path, "a", "b", Verdict.BREAKS, "Mend it")


def test_certificates_come_first_among_what_breaks() -> None:
    paths = [f"sections/{number}" for number in range(7)]
    drift = Drift(
        "Shop", "server1", "server2", tuple(map(difference, [*paths, "certificates/https/x/thumbprint"]))
    )
    (told,) = _sentences(drift)
    assert "may break it there: certificates/https/x/thumbprint, sections/0, sections/1" in told
    assert "and 3 more" in told
