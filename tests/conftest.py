# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection is imported through Ansible's own loader, whichever tests are run.

pytest reads this file before any other conftest: one that imports the collection by itself would otherwise be
quicker than pytest-ansible, and the loader would not know the package that is there already.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytest_ansible.units import inject_only

os.environ.setdefault("ANSIBLE_COLLECTIONS_PATH", str(Path(__file__).parents[1] / ".collections"))
inject_only()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse to run where pytest-xdist leaves groups apart: tests would get each other's lab in turn."""
    grouped = (item for item in items if item.get_closest_marker("xdist_group"))
    if getattr(config.option, "loadgroup", False) and any("@" not in item.nodeid for item in grouped):
        raise pytest.UsageError("pytest-xdist does not keep groups together on this version of pytest")
