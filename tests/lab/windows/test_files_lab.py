# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the monitor role needs of a node, over WinRM: files, rights, the firewall, caches of SMB."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows import acl, files, firewall, smb_client
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from tests.support.cluster_lab import ClusterLab

SCRIPT = Path(files.__file__).parent / "scripts" / files.SCRIPT
HOME = "C:\\ProgramData\\standby [x] & co"
RULE = firewall.Rule("standby-iis", "standby.iis: agents", "7790", ("10.0.0.11", "10.0.0.12"))


@pytest.fixture
def node(lab) -> Iterator[Node]:
    made = connect(ClusterLab(lab).connection("server1"))
    yield made
    made.close()


@pytest.fixture
def there(node) -> Iterator[files.Files]:
    made = files.Files(node, SCRIPT.read_text())
    made.make_folder(HOME)
    yield made
    made.remove([HOME])


def test_files_arrive_whole_and_are_replaced_and_removed(there):
    large, path, empty = bytes(range(256)) * 1200, f"{HOME}\\a.bin", f"{HOME}\\empty"
    there.put({path: b"old", empty: b""})
    there.put({path: large})
    seen = there.look([path, empty, f"{HOME}\\none", HOME])
    assert seen[path].sha256 == hashlib.sha256(large).hexdigest()
    assert seen[empty].exists
    assert not seen[f"{HOME}\\none"].exists
    assert sorted(seen[HOME].names) == ["a.bin", "empty"]
    assert there.read(path) == large
    there.remove([HOME, HOME])
    assert not there.look([HOME])[HOME].exists


def test_an_archive_is_unpacked(there):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("python.exe", "x")
    there.put({f"{HOME}\\a.zip": packed.getvalue()})
    there.expand(f"{HOME}\\a.zip", f"{HOME}\\python")
    there.move([(f"{HOME}\\python", f"{HOME}\\moved")])
    assert there.look([f"{HOME}\\moved"])[f"{HOME}\\moved"].names == ("python.exe",)


def test_what_cannot_be_written_names_node_and_file(there):
    with pytest.raises(StandbyError, match="none") as failure:
        there.put({f"{HOME}\\none\\x": b""})
    assert failure.value.node == "server1"
    assert failure.value.resource == f"file {HOME}\\none\\x.new"
    assert failure.value.remedy


def test_a_folder_becomes_private(node, there):
    before = there.look([HOME])[HOME].sddl
    assert not acl.is_private(before)
    acl.make_private(node, HOME)
    assert acl.is_private(there.look([HOME])[HOME].sddl)
    with pytest.raises(StandbyError, match="exit code 2"):
        acl.make_private(node, "C:\\none")


def test_a_rule_of_the_firewall_is_made_changed_and_deleted(node):
    assert firewall.read_rule(node, RULE.name) is None
    firewall.write_rule(node, RULE)
    assert firewall.read_rule(node, RULE.name) == RULE
    other = firewall.Rule(RULE.name, RULE.title, "7791", ("10.0.0.12",))
    firewall.write_rule(node, other)
    assert firewall.read_rule(node, RULE.name) == other
    assert firewall.delete_rule(node, RULE.name)
    assert not firewall.delete_rule(node, RULE.name)


def test_the_caches_of_the_smb_client_are_read_and_set(node):
    was = smb_client.read_cache_lifetimes(node)
    assert was == {
        "DirectoryCacheLifetime": 10,
        "FileInfoCacheLifetime": 10,
        "FileNotFoundCacheLifetime": 5,
    }
    smb_client.write_cache_lifetimes(node, dict.fromkeys(smb_client.LIFETIMES, 0))
    assert set(smb_client.read_cache_lifetimes(node).values()) == {0}
    smb_client.write_cache_lifetimes(node, was)
