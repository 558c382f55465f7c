# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands for a Windows path where this is not Windows."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.platform import here
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError

ROOT = {"STANDBY_ROOT": "/lab/server1"}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("C:\\a\\b", "/lab/server1/C/a/b"),
        ("c:\\Program Files\\Käse & Co\\x.exe", "/lab/server1/C/Program Files/Käse & Co/x.exe"),
        ("E:\\", "/lab/server1/E"),
        ("C:/a/b", "/lab/server1/C/a/b"),
        ("\\\\files\\witness$\\a\\b", "/lab/server1/UNC/files/witness$/a/b"),
        ("\\\\files\\witness$", "/lab/server1/UNC/files/witness$"),
        ("hostname.exe", "/lab/server1/C/Windows/System32/hostname.exe"),
    ],
)
def test_drives_and_shares_lie_below_the_root(path, found):
    assert here(path, windows=False, environment=ROOT) == found
    assert here(path, windows=True, environment={}) == path


@pytest.mark.parametrize("path", ["a\\b", "C:a", "\\a", "C:\\a\\..\\..\\b", "\\\\files", "", "."])
def test_what_is_no_absolute_path_is_refused(path):
    with pytest.raises(StandbyError, match="is no absolute path of Windows"):
        here(path, windows=False, environment=ROOT)


@pytest.mark.parametrize("environment", [{}, {"STANDBY_ROOT": ""}])
def test_without_a_root_the_message_says_what_to_do(environment):
    with pytest.raises(StandbyError, match=r"C:\\a is a path of Windows.* STANDBY_ROOT"):
        here("C:\\a", windows=False, environment=environment)
