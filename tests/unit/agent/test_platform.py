# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands for a Windows path where this is not Windows."""

from __future__ import annotations

import contextlib
import subprocess

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import (
    body_search,
    bridge_child,
    commands,
    local,
    platform,
    supervisor,
)
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


# CREATE_NO_WINDOW, and with ABOVE_NORMAL_PRIORITY_CLASS
NORMAL, ABOVE_NORMAL = 0x08000000, 0x08008000


@pytest.mark.parametrize(
    ("begin", "flags"),
    [
        (lambda: supervisor.Supervisor(["x"], 1.0, print)._one(), ABOVE_NORMAL),
        (lambda: bridge_child.ChildProcess(["x.exe"]), ABOVE_NORMAL),
        (lambda: local._start(["appcmd.exe"], platform.WholeCode(), fed=False), NORMAL),
        (lambda: commands.run(["fence"], b"", 1.0), NORMAL),
        (lambda: body_search.BodySearch(1.0)("a+", "b"), NORMAL),
    ],
    ids=["worker", "bridge", "appcmd", "fence", "search"],
)
def test_what_must_not_come_late_runs_above_normal_and_nothing_else(monkeypatch, begin, flags):
    """Windows gives a child the normal class where it is given none."""
    given = []

    def popen(*_args, **options):
        given.append(options["creationflags"])
        raise OSError(2, "nothing is started here")

    monkeypatch.setattr(platform, "WINDOWS", True)
    monkeypatch.setenv(platform.ROOT, "/nowhere")
    monkeypatch.setattr(subprocess, "Popen", popen)
    with contextlib.suppress(Exception):
        begin()
    assert given == [flags]


def test_elsewhere_than_on_windows_there_are_no_flags():
    assert (platform.creation_flags(), platform.creation_flags(prompt=True)) == (0, 0)
