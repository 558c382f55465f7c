# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of the agent as real processes, and its own machine as a node."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import local
from ansible_collections.standby.iis.plugins.module_utils.agent.local import (
    LocalShell,
    local_node,
    script_text,
    write_script,
)
from ansible_collections.standby.iis.plugins.module_utils.errors import (
    AccessDenied,
    CimError,
    OutcomeUnknown,
    StandbyError,
    Unreachable,
)
from ansible_collections.standby.iis.plugins.module_utils.node import ClassPath
from ansible_collections.standby.iis.plugins.module_utils.windows import iis_run

PYTHON = "C:\\python.exe"
ECHO = """
import os, sys
sys.stdout.buffer.write(sys.stdin.buffer.read() + "|".join(sys.argv[1:]).encode())
sys.stderr.write("told")
told = os.environ.get("STANDBY_EXIT_CODE")
if told: os.write(int(told), b"1168")
sys.exit(1168 & 255)
"""


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("STANDBY_ROOT", str(tmp_path))
    (tmp_path / "C").mkdir()
    (tmp_path / "C" / "python.exe").symlink_to(sys.executable)
    return tmp_path


def test_arguments_streams_and_code_pass_unchanged(root):
    sent = os.urandom(300_000)
    done = LocalShell().run([PYTHON, "-c", ECHO, 'a "b"\\', "", "Käse & %PATH%"], sent)
    assert done.stdout == sent + 'a "b"\\||Käse & %PATH%'.encode()
    assert (done.code, done.stderr) == (1168, b"told")


def test_an_ordinary_exit_code_is_kept(root):
    assert LocalShell().run([PYTHON, "-c", "raise SystemExit(7)"]).code == 7


def test_output_is_told_as_it_comes(root):
    pieces = []
    code = "import sys; print('one', flush=True); sys.stdin.read(); print('two')"
    done = LocalShell().run([PYTHON, "-c", code], b"", on_output=pieces.append)
    assert b"".join(pieces) == done.stdout == b"one\ntwo\n"


def test_a_program_that_is_given_nothing_reads_an_end_at_once(root):
    code = "import sys; print(repr(sys.stdin.read()))"
    assert LocalShell(timeout=20).run([PYTHON, "-c", code]).stdout.strip() == b"''"


def test_a_program_that_reads_nothing_is_no_failure(root):
    assert LocalShell().run([PYTHON, "-c", "print(1)"], b"x" * 1_000_000).stdout == b"1\n"


def test_a_command_that_does_not_end_is_killed(root, tmp_path):
    code = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(3600)"
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown, match=r"server1: run C:\\python.exe has not ended within 2 s"):
        LocalShell(node="server1", timeout=2.0).run([PYTHON, "-c", code])
    assert time.monotonic() - began < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_program_that_is_missing_is_told_by_its_windows_code(root):
    with pytest.raises(CimError) as raised:
        LocalShell(node="server1").run(["C:\\Windows\\none.exe", "x"])
    assert raised.value.provider_code == 0x80070002
    assert raised.value.node == "server1"


def test_without_iis_the_drivers_say_so(root):
    node = local_node("server1", "C:\\")
    with pytest.raises((iis_run.IisMissing, Unreachable)) as raised:
        iis_run.run(node, ["list", "site"], "sites", time)
    assert raised.value.node == "server1"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may execute everything")
def test_a_program_that_may_not_be_run_is_a_missing_right(root):
    (root / "C" / "x.exe").write_bytes(b"")
    with pytest.raises(AccessDenied):
        LocalShell().run(["C:\\x.exe"])


def test_a_file_that_is_no_program_is_refused(root):
    file = root / "C" / "x.exe"
    file.write_bytes(b"nothing to run")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(CimError, match=r"run C:\\x.exe failed"):
        LocalShell().run(["C:\\x.exe"])


@pytest.mark.parametrize("argv", [[], [PYTHON, "a\0b"]])
def test_what_no_process_can_be_given_is_refused(root, argv):
    with pytest.raises(StandbyError, match="without NUL"):
        LocalShell().run(argv)


def test_commands_leave_no_descriptors_behind(root):
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    shell = LocalShell()
    shell.run([PYTHON, "-c", ""])
    before = count()
    for _number in range(5):
        shell.run([PYTHON, "-c", ""])
        with pytest.raises(CimError):
            shell.run(["C:\\none.exe"])
    for thread in threading.enumerate():
        if thread.name == "command":
            thread.join(10)
    assert count() == before


def test_the_script_is_written_where_it_is_missing_or_another(root):
    path = write_script("C:\\")
    file = root / "C" / "cim_bridge.ps1"
    assert path.endswith("\\cim_bridge.ps1")
    assert file.read_bytes() == script_text()
    written = file.stat().st_mtime_ns
    write_script("C:\\")
    assert file.stat().st_mtime_ns == written
    file.write_bytes(b"# something else")
    write_script("C:\\")
    assert file.read_bytes() == script_text()
    assert [one.name for one in (root / "C").iterdir() if "cim_bridge" in one.name] == ["cim_bridge.ps1"]


def test_the_script_is_found_in_an_archive(tmp_path):
    source = Path(local.__file__).parents[1]
    archive = tmp_path / "standby.pyz"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in source.rglob("*.p[ys]*"):
            if file.suffix in (".py", ".ps1"):
                packed.write(file, Path("standby", file.relative_to(source)))
    code = "from standby.agent.local import script_text; print(len(script_text()))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(archive)!r}); {code}"],
        capture_output=True,
        check=True,
    )
    assert int(done.stdout) == len(script_text())


def test_a_folder_that_is_not_there_is_named(root):
    with pytest.raises(StandbyError, match=r"C:\\none\\cim_bridge.ps1 cannot be written"):
        local_node("server1", "C:\\none")


def test_the_node_uses_powershell_and_ends_with_it(root):
    folder = root / "C" / "Windows" / "System32" / "WindowsPowerShell" / "v1.0"
    folder.mkdir(parents=True)
    shell = folder / "powershell.exe"
    shell.write_text('#!/bin/sh\nread line\nprintf "%s " "$@" >&2\n')
    shell.chmod(0o700)
    node = local_node("server1", "C:\\")
    with pytest.raises(Unreachable, match=r"-NoProfile .*-File C:\\+cim_bridge\.ps1") as raised:
        node.cim.enumerate(ClassPath("root/cimv2", "Win32_Service"))
    assert raised.value.node == "server1"
    node.close()
    with pytest.raises(Unreachable, match="has been ended"):
        node.cim.enumerate(ClassPath("root/cimv2", "Win32_Service"))
