# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fences as operators give them: three providers, in short and in full; what is wrong is said by node."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.bmc import Bmc, Login
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings, parse, write
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.codec import Codec
from ansible_collections.standby.iis.plugins.module_utils.monitor.fence_options import (
    fences_of,
    files_of,
    harmless,
    has_controllers,
    shown,
)

HOME = "C:\\ProgramData\\standby.iis"
REDFISH = {
    "provider": "redfish",
    "url": "https://10.0.0.21",
    "system": 1,
    "user": "fence",
    "password": "SECRETWORD",
    "ca_file": "/srv/bmc.pem",
}
GIVEN = {
    "server1": REDFISH,
    "server2": ["C:\\off.exe", "server2", "--key", "SECRETWORD"],
    "server3": "manual",
    "server4": {"provider": "manual"},
    "server5": {"provider": "command", "command": ["C:\\off.exe", 5]},
}


def test_every_provider_becomes_a_setting_and_its_secrets_files():
    found = fences_of(GIVEN, HOME)
    files = files_of(GIVEN, lambda path: f"read {path}".encode())
    assert found["fences"] == {
        "server2": ["C:\\off.exe", "server2", "--key", "SECRETWORD"],
        "server5": ["C:\\off.exe", "5"],
    }
    assert found["manual"] == ["server3", "server4"]
    (password, authorities) = sorted(files, key=lambda name: name.endswith("pem"))
    assert files == {password: b"SECRETWORD\n", authorities: b"read /srv/bmc.pem"}
    bmc = Codec().unpack(Bmc, found["bmcs"]["server1"], "x")
    assert bmc == Bmc(
        "https://10.0.0.21", "1", "fence", f"{HOME}\\{password}", Login.BASIC, f"{HOME}\\{authorities}"
    )
    assert "SECRETWORD" not in str(found["bmcs"])


def test_without_fences_the_settings_have_none():
    assert fences_of(None, HOME) == fences_of({}, HOME) == {}
    assert files_of(None, pytest.fail) == {}
    assert shown(None) is None


def test_settings_with_fences_of_every_kind_are_read_as_they_were_written():
    told = Codec().unpack(
        Settings,
        {"node": "server2", "cluster": "web", "directory": "C:\\w", "addresses": {"server2": ["10.0.0.2"]}}
        | fences_of(GIVEN, HOME),
        "settings",
    )
    assert parse(write(told)) == told
    assert told.options.fences == {"server1", "server2", "server5"}
    assert told.options.manual == {"server3", "server4"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("C:\\off.exe SECRETWORD", "is no command line, no dictionary, and not 'manual'"),
        ({}, "has provider ''"),
        ({"provider": "ipmi"}, "has provider 'ipmi'"),
        ({"provider": "manual", "url": "x"}, "has 'url', which manual does not know"),
        ({**REDFISH, "verfy": False}, "has 'verfy', which redfish does not know"),
        ({**REDFISH, "password": None}, "has no password"),
        ({**REDFISH, "user": ""}, "has no user"),
        ({**REDFISH, "login": "kerberos"}, "has login 'kerberos'"),
        ({**REDFISH, "verify": "maybe"}, "has verify 'maybe'"),
        ({**REDFISH, "verify_name": 7}, "has verify_name 7"),
        ({"provider": "command", "command": "C:\\off.exe SECRETWORD"}, "is no list"),
    ],
)
def test_what_makes_no_sense_is_refused_by_node_and_option(given, told):
    with pytest.raises(StandbyError, match=f"the (command of the )?fence of server1 {told}") as failed:
        fences_of({"server1": given}, HOME)
    assert failed.value.remedy
    assert "SECRETWORD" not in str(failed.value)


def test_a_node_has_one_fence():
    text = write(Settings("server2", "web", "C:\\w", addresses={"server2": ("10.0.0.2",)}))
    twice = text.replace('"manual": []', '"manual": ["server1"]').replace(
        '"fences": {}', '"fences": {"server1": ["C:\\\\off.exe"]}'
    )
    with pytest.raises(StandbyError, match="server1 has two fences"):
        parse(twice)


def test_messages_may_hold_all_but_secrets():
    assert "SECRETWORD" not in harmless(GIVEN)
    assert {"https://10.0.0.21", "fence", "server1", "manual", "C:\\off.exe", "redfish"} <= harmless(GIVEN)
    assert "same-word" not in harmless({"server1": {**REDFISH, "user": "same-word", "password": "same-word"}})
    assert "SECRETWORD" not in str(shown(GIVEN))
    assert sorted(shown(GIVEN)) == sorted(GIVEN)


def test_controllers_can_be_asked():
    assert has_controllers(GIVEN)
    assert not has_controllers({**GIVEN, "server1": "manual"})
    assert not has_controllers(None)
