# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``standby.pyz``: everything an agent needs is in it, and it runs from there alone."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import bundle
from ansible_collections.standby.iis.plugins.module_utils.agent.local import script_text

_ROOT = Path(bundle.__file__).parents[1]


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("program") / "standby.pyz"
    path.write_bytes(bundle.archive())
    return path


def run(*arguments: str, **variables: str) -> str:
    """What a Python says that knows nothing but its standard library."""
    command = [sys.executable, "-I", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **variables})
    return ran.stdout


def test_every_source_and_every_script_is_in_it(program):
    packed = zipfile.ZipFile(program)
    files = [one for one in _ROOT.rglob("*") if one.is_file() and "__pycache__" not in one.parts]
    expected = {f"standby_iis/{one.relative_to(_ROOT).as_posix()}": one.read_bytes() for one in files}
    assert {one.rpartition(".")[2] for one in expected} == {"py", "ps1"}  # the archive knows no more kinds
    assert {name: packed.read(name) for name in packed.namelist() if name != "__main__.py"} == expected


def test_it_runs_and_tells_its_version(program):
    told = run(str(program), "version", "--home", "C:\\standby", STANDBY_ROOT=str(program.parent))
    assert json.loads(told)["python"].startswith(f"{sys.version_info[0]}.")


def test_the_agents_part_in_powershell_is_found_in_it(program):
    code = (
        f"import sys; sys.path.insert(0, {str(program)!r}); "
        "from standby_iis.agent.local import script_text; sys.stdout.write(script_text().hex())"
    )
    assert bytes.fromhex(run("-c", code)) == script_text()


def test_the_same_sources_make_the_same_archive(tmp_path):
    for name in ("a.py", "agent/b.ps1", "agent/c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    made = bundle.archive(tmp_path)
    for one in tmp_path.rglob("*.*"):
        one.touch()
    assert bundle.archive(tmp_path) == made
    assert zipfile.ZipFile(io.BytesIO(made)).namelist() == [
        "__main__.py",
        "standby_iis/a.py",
        "standby_iis/agent/b.ps1",
    ]
