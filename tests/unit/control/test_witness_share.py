# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done so that a folder on a file server is the witness of some accounts and of nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.witness_share import (
    Act,
    ShareRequest,
    There,
    refuse_own,
    steps,
)
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.windows.acl import is_for
from ansible_collections.standby.iis.plugins.module_utils.windows.files import Found
from ansible_collections.standby.iis.plugins.module_utils.windows.smb_share import Entry, Share

ONE, TWO = "EXAMPLE\\server1$", "EXAMPLE\\server2$"
SIDS = ("S-1-5-21-1-2-3-1101", "S-1-5-21-1-2-3-1102")
ASKED = ShareRequest("witness-web$", "D:\\witness\\web", "web", (ONE, TWO))
SHARE = Share(
    "witness-web$",
    "D:\\witness\\web",
    0,
    True,
    f"O:SYG:SYD:(A;;0x1301bf;;;{SIDS[0]})(A;;0x1301bf;;;{SIDS[1]})",
    (Entry(ONE, 1, True), Entry(TWO, 1, True)),
)
OWN = "O:BAG:SYD:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)"
RIGHTS = OWN + "".join(f"(A;OICI;0x1301bf;;;{sid})" for sid in SIDS)
THERE = There(SHARE, Found(sddl=RIGHTS))


def acts(there, asked=ASKED):
    return [step.act for step in steps(asked, there)]


def test_a_server_with_all_of_it_is_left_alone():
    assert acts(THERE) == []
    shouted = replace(ASKED, accounts=(ONE.upper(), TWO))
    assert acts(THERE, shouted) == []


def test_an_empty_server_gets_everything_in_order():
    assert acts(There()) == [Act.FOLDER, Act.SHARE, Act.RIGHTS]


@pytest.mark.parametrize(("caching", "encrypted"), [(1, True), (0, False)])
def test_a_share_that_clients_may_cache_or_read_along_is_set(caching, encrypted):
    assert acts(replace(THERE, share=replace(SHARE, caching=caching, encrypted=encrypted))) == [Act.SETTINGS]


def test_whom_it_is_not_for_loses_it_and_the_folder_follows():
    everyone = replace(SHARE, entries=(*SHARE.entries, Entry("Everyone", 2, True)))
    revoke, rights = steps(ASKED, replace(THERE, share=everyone))
    assert (revoke.act, revoke.accounts, rights.act) == (Act.REVOKE, ("Everyone",), Act.RIGHTS)


def test_another_right_than_change_is_taken_and_granted_anew():
    full = replace(SHARE, entries=(Entry(ONE, 0, True), Entry(TWO, 1, True)))
    assert [(step.act, step.accounts) for step in steps(ASKED, replace(THERE, share=full))][:2] == [
        (Act.REVOKE, (ONE,)),
        (Act.GRANT, (ONE,)),
    ]


def test_a_new_node_is_granted_what_the_others_have():
    three = replace(ASKED, accounts=(ONE, TWO, "EXAMPLE\\server3$"))
    assert acts(THERE, three) == [Act.GRANT, Act.RIGHTS]


@pytest.mark.parametrize(
    "sddl",
    [
        OWN,
        RIGHTS.replace("D:PAI", "D:AI"),
        RIGHTS.replace("O:BA", "O:S-1-5-21-1-2-3-1001"),
        RIGHTS.replace(SIDS[1], "S-1-5-21-1-2-3-9999"),
        f"{RIGHTS}(A;OICI;0x1301bf;;;WD)",
        f"{RIGHTS}(A;;0x1200a9;;;BU)",
        RIGHTS.replace("0x1301bf", "0x1200a9", 1),
        RIGHTS.replace("(A;OICI;FA;;;SY)", ""),
    ],
)
def test_a_folder_that_others_may_use_or_the_nodes_may_not_is_given_to_them_alone(sddl):
    assert is_for(RIGHTS, SIDS)
    assert acts(replace(THERE, whole=Found(sddl=sddl))) == [Act.RIGHTS]


def test_a_server_that_is_one_of_the_nodes_is_refused():
    refuse_own(ASKED, "FILES")
    refuse_own(ASKED, "SERVER11")
    with pytest.raises(StandbyError, match=r"EXAMPLE\\server2\$ is the account of the server itself"):
        refuse_own(ASKED, "SERVER2")


def test_a_name_that_another_share_has_is_refused():
    other = replace(THERE, share=replace(SHARE, path="E:\\files"))
    with pytest.raises(StandbyError, match=r"share witness-web\$: it is there, and shares E:\\files"):
        steps(ASKED, other)


def test_a_share_that_is_denied_to_somebody_is_refused():
    denied = replace(SHARE, entries=(*SHARE.entries, Entry(TWO, 0, False)))
    with pytest.raises(StandbyError, match=r"denied to EXAMPLE\\server2\$.*Unblock-SmbShareAccess"):
        steps(ASKED, replace(THERE, share=denied))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"path": "\\\\files\\witness"}, r"path cannot be .*D:\\witness"),
        ({"path": "D:\\"}, "path cannot be"),
        ({"path": "witness"}, "path cannot be"),
        ({"share": "a\\b"}, "share cannot be"),
        ({"folder": ".."}, "folder cannot be"),
        ({"folder": ""}, "folder cannot be"),
        ({"accounts": ("server1$",)}, r"accounts cannot be 'server1\$'.*EXAMPLE"),
        ({"accounts": ("server1$@example.com",)}, "accounts cannot be"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(changes, told):
    ASKED.check()
    with pytest.raises(StandbyError, match=told):
        replace(ASKED, **changes).check()
