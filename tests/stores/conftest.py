# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Places for stores: a local directory, a directory on a Samba server, three members of etcd."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from tests.support.etcd_members import EtcdMembers
from tests.support.samba import Samba
from tests.support.server_process import need
from tests.support.store_worker import Place


@pytest.fixture(scope="session")
def samba(tmp_path_factory) -> Iterator[Samba]:
    need(Samba.missing())
    server = Samba(tmp_path_factory.mktemp("samba"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def etcd(tmp_path_factory) -> Iterator[EtcdMembers]:
    need(EtcdMembers.missing())
    members = EtcdMembers(tmp_path_factory.mktemp("etcd"))
    members.start()
    members.protect()
    yield members
    members.kill()


@pytest.fixture
def directory_place(tmp_path) -> Place:
    return Place("directory", {"path": str(tmp_path)})


@pytest.fixture
def samba_place(samba: Samba) -> Place:
    """An empty folder of the share."""
    folder = secrets.token_hex(4)
    (samba.folder / "share" / folder).mkdir()
    return Place("samba", {"share": asdict(samba.share), "folder": folder})


@pytest.fixture
def etcd_place(etcd: EtcdMembers) -> Place:
    """The members, all up, without a key."""
    etcd.restore()
    etcd.empty()
    return Place("etcd", asdict(etcd.access))


@pytest.fixture(
    params=[
        pytest.param("directory", marks=pytest.mark.xdist_group("stores of files")),
        pytest.param("samba", marks=pytest.mark.xdist_group("stores of files")),
        pytest.param("etcd", marks=pytest.mark.xdist_group("stores of etcd")),
    ]
)
def place(request) -> Place:
    """One of all places; what holds for one holds for each."""
    return request.getfixturevalue(f"{request.param}_place")
