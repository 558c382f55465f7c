# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both ends of a mirror that agents copy, for the tests of that."""

from __future__ import annotations

import pytest

from tests.support.copied_world import Ends


@pytest.fixture
def ends(tmp_path, monkeypatch):
    """Nothing is copied yet."""
    ends = Ends(tmp_path, monkeypatch)
    ends.put("server1", "web/index.html", "one")
    return ends
