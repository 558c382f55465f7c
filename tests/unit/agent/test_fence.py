# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fence of a node: what it ends with, and that nothing it starts holds up the agent."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import commands
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.agent.surroundings import fence
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError


def run(code: str, seconds: float = 30.0) -> None:
    command = ("C:\\fence.exe", "-c", code, "server1")
    fence(Settings("server2", "web", fences={"server1": command}, fence_timeout=seconds), "server1", here)


def here(path: str) -> Path:
    assert path == "C:\\fence.exe"
    return Path(sys.executable)


def test_a_fence_that_ends_with_0_is_sure_and_knows_the_node():
    run("import sys; sys.exit(sys.argv[1] != 'server1')")


def test_a_fence_that_fails_says_what_it_said_and_what_to_do():
    with pytest.raises(StandbyError) as failed:
        run("import sys; sys.exit('no answer from the controller.')")
    assert str(failed.value) == (
        "server1: its fence C:\\fence.exe: it ended with code 1 and said: no answer from the controller. "
        "Make sure that the node is off, then ask for what it had with force; mend the fence."
    )


def test_a_fence_that_finds_no_room_for_its_words_says_so(monkeypatch):
    full = Mock(side_effect=OSError(28, "No space left on device"))
    monkeypatch.setattr(commands.tempfile, "TemporaryFile", full)
    with pytest.raises(StandbyError, match="its input and output cannot be kept: No space left on device"):
        run("")


def test_a_fence_that_does_not_end_is_killed_with_what_it_has_started():
    began = time.monotonic()
    with pytest.raises(StandbyError, match=r"did not end within 0\.5 s and was killed"):
        run(
            "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])",
            0.5,
        )
    assert time.monotonic() - began < 30
