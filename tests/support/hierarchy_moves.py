# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves of the hierarchy of a ControlWorld, and what is where after them."""

from __future__ import annotations

from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import (
    put_in_service,
    take_out_of_service,
)
from tests.support.ha_world import Ticks, World

START = 'start site "Shop" on server2'


def put(world, to=None, check=False, reason=None, name="Shop"):
    with world.fleet() as fleet:
        return put_in_service(fleet, name, to, check, reason, clock=Ticks())


def out(world, check=False, reason=None):
    with world.fleet() as fleet:
        return take_out_of_service(fleet, "Shop", check, reason, clock=Ticks())


def held(world):
    return {name: server.held for name, server in world.servers.items()}


def whole(name):
    return held(World().up(name))
