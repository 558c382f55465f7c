# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab node's WinRM, and a session to it."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from tests.support.wsman_lab import Lab


@pytest.fixture
def lab(tmp_path):
    running = Lab(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def node(lab):
    lab.start()
    opened = connect(lab.connection())
    yield opened
    opened.close()
