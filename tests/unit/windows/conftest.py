# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the driver tests; the collection is imported in them, once its loader has been set up."""

from __future__ import annotations

import pytest


@pytest.fixture
def windows():
    from windows_world import Windows

    return Windows()


@pytest.fixture
def node(windows):
    from windows_world import NoShell

    from ansible_collections.standby.iis.plugins.module_utils.node import Node

    return Node("server1", windows, NoShell())


@pytest.fixture
def clock():
    from windows_world import Clock

    return Clock()
