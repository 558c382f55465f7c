# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A witness directory on a real SMB server: killed in the middle of a put, and wrong in every way."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.store import samba as product
from ansible_collections.standby.iis.plugins.module_utils.agent.store.directory import Directory
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import (
    Conflict,
    Store,
    StoreOutage,
    Versioned,
)
from tests.support.crowd import Crowd, check, count
from tests.support.server_process import free_port
from tests.support.smb_disk import Share, SmbDisk
from tests.support.smb_publishers import publish_at_once

pytestmark = pytest.mark.xdist_group("stores of files")


@pytest.fixture(autouse=True)
def running(samba):
    """The server, up before and after each test."""
    yield
    samba.kill()
    samba.start()


class Struck:
    """A disk whose server loses its power at one request, before or after that is carried out."""

    def __init__(self, samba, place) -> None:
        self._samba = samba
        self._disk = SmbDisk(Share(**place.where["share"]), place.where["folder"])
        self.left: int | None = None
        self.after = False

    def __call__(self, request: Any) -> Any:
        strike = self.left == 0
        if self.left is not None:
            self.left -= 1
        if strike and not self.after:
            self._samba.kill()
        try:
            return self._disk(request)
        finally:
            if strike:
                self._samba.kill()
                raise ConnectionResetError("the server is gone")


@pytest.mark.parametrize("after", [False, True])
def test_a_server_killed_at_any_request_of_a_put_leaves_the_old_or_the_new_value(samba, samba_place, after):
    disk = Struck(samba, samba_place)
    store = Store(Directory("the share", "aa", time.monotonic, time.time), disk)
    version = store.put("nodes/server1", 0, "value 0")
    version = store.put("nodes/server1", version, "value 1")
    for request in range(4):
        disk.left, disk.after = request, after
        with pytest.raises(StoreOutage) as outage:
            store.put("nodes/server1", version, f"struck at {request}")
        # The last request publishes: nobody knows of it, and what came before it has changed nothing.
        assert outage.value.uncertain == (request == 3)
        disk.left = None
        samba.start()
        found = samba_place.open("bb").get("nodes/server1")
        done = after and request == 3
        assert found == Versioned(version + done, f"struck at {request}" if done else found.value)
        assert store.get("nodes/server1") == found
        version = store.put("nodes/server1", found.version, f"value {request + 2}")


def test_of_all_who_publish_at_the_same_moment_one_does(samba, samba_place):
    published = publish_at_once(samba_place.where, clients=4, turns=200)
    assert sorted(published) == list(range(200))


def test_the_server_tells_that_it_is_samba(samba, samba_place, monkeypatch):
    disk = SmbDisk(Share(**samba_place.where["share"]))
    monkeypatch.setattr(product, "_object_id", lambda _root: (0, disk.object_id()))
    assert product.is_samba("\\\\127.0.0.1\\witness$")


def test_processes_go_on_through_a_server_that_is_killed_again_and_again(samba, samba_place):
    crowd = Crowd([samba_place] * 3, seconds=5.0)
    for _kill in range(3):
        time.sleep(1.2)
        samba.kill()
        samba.start()
    lines = crowd.history()
    check(lines)
    assert count(lines, "swapped") > 2
    assert count(lines, "failed") + count(lines, "uncertain") > 0


@pytest.mark.parametrize(
    ("change", "said", "permanent"),
    [
        ({"password": "wrong"}, "refuses the credentials", True),
        ({"name": "readonly$"}, "refuses access", True),
        ({"port": free_port()}, "does not work", False),
    ],
)
def test_a_share_that_cannot_be_used_is_an_outage_that_says_why(samba, samba_place, change, said, permanent):
    share = replace(Share(**samba_place.where["share"]), **change)
    store = Store(
        Directory("\\\\files\\witness$", "aa", time.monotonic, time.time),
        SmbDisk(share, samba_place.where["folder"]),
    )
    with pytest.raises(StoreOutage, match=said) as outage:
        store.put("nodes/server1", 0, "value")
    assert (outage.value.permanent, outage.value.uncertain) == (permanent, False)
    assert "wrong" not in str(outage.value)


def test_a_folder_deleted_on_the_server_is_a_conflict_for_who_knew_a_version(samba, samba_place):
    store = samba_place.open("aa")
    version = store.put("nodes/server1", 0, "value")
    for path in sorted((samba.folder / "share" / samba_place.where["folder"]).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    with pytest.raises(Conflict):
        store.put("nodes/server1", version, "other")
    assert samba_place.open("bb").put("nodes/server1", 0, "new") > 1_700_000_000
