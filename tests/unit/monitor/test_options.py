# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the module `agent` become a request, or a sentence that says what is wrong with them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins import module_utils
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import parse, write
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Switchback
from ansible_collections.standby.iis.plugins.module_utils.monitor.options import (
    AGENT_SPEC,
    ETCD_SPEC,
    harmless,
    request_from,
    script,
    shown,
)

NAMES = ("server1", "server2")
GIVEN = {
    "cluster": "web",
    "directory": "\\\\files\\witness$\\web",
    "interpreter": "C:\\Python313\\python.exe",
    "addresses": {"server1": "10.0.0.1", "server2": ["10.0.0.2", "fd00::2"]},
    "source": str(Path(module_utils.__path__[0])),
}


def options(**given):
    return {name: one.get("default") for name, one in AGENT_SPEC.items()} | GIVEN | given


def etcd(**given):
    return dict.fromkeys(ETCD_SPEC) | {"endpoints": ["https://10.0.0.9:2379"]} | given


def hook(url, headers=None, ca_file=None):
    return {"url": url, "headers": headers, "ca_file": ca_file}


def telling(*hooks):
    return {"event_log": True, "webhooks": list(hooks), "commands": None, "quiet": 300.0}


def embeddable(tmp_path, *names):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    path = tmp_path / "python.zip"
    path.write_bytes(packed.getvalue())
    return {
        "interpreter": None,
        "archive": str(path),
        "archive_checksum": hashlib.sha256(packed.getvalue()).hexdigest(),
    }


def test_every_node_gets_settings_of_its_own_that_the_agent_reads():
    given = options(
        preset="fast",
        timers={"stability": "400"},
        limits={"server2": "1"},
        hierarchies={"": {"switchback": "automatic"}},
        fences={"server1": ["fence", "server1"]},
    )
    asked = request_from(given, NAMES)
    assert asked.home == "C:\\ProgramData\\standby.iis"
    for name, told in asked.settings.items():
        assert parse(write(told)) == told
        assert (told.node, told.cluster, told.preset, told.timers) == (
            name,
            "web",
            "fast",
            {"stability": 400},
        )
        assert told.addresses == {"server1": ("10.0.0.1",), "server2": ("10.0.0.2", "fd00::2")}
        assert told.hierarchies[""].switchback is Switchback.AUTOMATIC
        assert told.limits == {"server2": 1}
    assert asked.program.startswith(b"PK")
    assert "$input" in script(given)


def test_an_agent_that_has_read_its_settings_writes_the_same_text():
    """It shows the digest of that, which is compared with the file's."""
    given = options(
        timers={"stability": 400},
        checks={"quick": {"interval": 3, "timeout": 2}, "deep": {"interval": 15}, "votes": {"shop": 2}},
        hierarchies={"shop": {"switchback": "automatic", "window": [120, 300]}},
        fence_timeout=30,
        notifications={**telling(hook("https://10.0.0.9/")), "quiet": 60},
    )
    told = write(request_from(given, NAMES).settings["server1"])
    assert write(parse(told)) == told


def test_secrets_of_the_witness_become_files_and_the_settings_name_them(tmp_path):
    for name in ("ca.pem", "client.pem", "client.key"):
        (tmp_path / name).write_text(name)
    witness = etcd(
        user="web",
        password="pass word",
        ca_file=str(tmp_path / "ca.pem"),
        certificate_file=str(tmp_path / "client.pem"),
        key_file=str(tmp_path / "client.key"),
    )
    asked = request_from(options(directory=None, etcd=witness), NAMES)
    assert asked.secrets == {
        "witness.password": b"pass word",
        "witness_ca.pem": b"ca.pem",
        "witness_client.pem": b"client.pem",
        "witness_client.key": b"client.key",
    }
    told = write(asked.settings["server1"])
    assert "pass word" not in told
    assert "witness.password" in told
    assert "pass word" not in repr(asked)


def test_an_archive_is_taken_with_its_checksum(tmp_path):
    given = embeddable(tmp_path, "python.exe", "python313.zip")
    assert request_from(options(**given), NAMES).interpreter.archive == Path(given["archive"]).read_bytes()
    given["archive_checksum"] = f"sha256:{given['archive_checksum'].upper()}"
    request_from(options(**given), NAMES)


def test_checks_and_notifications_are_those_of_the_agent_and_their_secrets_lie_in_files(tmp_path):
    (tmp_path / "ca.pem").write_text("ca")
    hooks = [
        hook(
            "https://chat.example.com/T0/secret",
            headers=["Authorization: Bearer x"],
            ca_file=tmp_path / "ca.pem",
        ),
        hook("http://10.0.0.9/"),
    ]
    asked = request_from(
        options(
            checks={"votes": {"Shop": 2}},
            notifications={
                "event_log": False,
                "webhooks": hooks,
                "commands": [["C:\\tell.exe", 7]],
                "quiet": 60.0,
            },
        ),
        NAMES,
    )
    told = asked.settings["server2"]
    assert parse(write(told)) == told
    assert told.checks.votes == {"Shop": 2}
    assert told.notifications.commands == (("C:\\tell.exe", "7"),)
    assert (told.notifications.event_log, told.notifications.quiet) == (False, 60.0)
    first, second = told.notifications.webhooks
    assert first.url is None
    assert first.url_file == f"{asked.home}\\webhook_1.url"
    assert (second.headers_file, second.ca_file) == (None, None)
    assert asked.secrets == {
        "webhook_1.url": b"https://chat.example.com/T0/secret\n",
        "webhook_1.headers": b"Authorization: Bearer x\n",
        "webhook_1_ca.pem": b"ca",
        "webhook_2.url": b"http://10.0.0.9/\n",
    }
    assert "secret" not in write(told)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"cluster": None}, "no name"),
        ({"directory": None}, "no witness"),
        ({"etcd": etcd()}, "two witnesses"),
        ({"directory": None, "etcd": etcd(user="web")}, "user without password"),
        ({"directory": None, "etcd": etcd(ca_file="/none/ca.pem")}, "/none/ca.pem cannot be read"),
        ({"interpreter": None}, "one interpreter"),
        ({"interpreter": "python.exe"}, "no absolute path"),
        ({"home": "C:\\"}, "no folder for agents alone"),
        ({"home": "C:\\standby"}, "no folder for agents alone"),
        ({"home": "C:\\x\\..\\Windows"}, "no folder for agents alone"),
        ({"addresses": {"server1": "10.0.0.1"}}, "server2: no address"),
        ({"addresses": {**GIVEN["addresses"], "server3": "10.0.0.3"}}, "server3, which is no node"),
        ({"addresses": {**GIVEN["addresses"], "server2": "server2.example.com"}}, "is no address"),
        ({"timers": {"ttl": "soon"}}, "ttl is 'soon'"),
        ({"timers": {"ttl": 1}}, "ttl"),
        ({"hierarchies": {"x": "automatic"}}, "no dictionary"),
        ({"hierarchies": {"x": {"switchbak": "manual"}}}, "switchbak.*Correct that option"),
        ({"fences": {"server1": []}}, "the fence of server1 is empty"),
        ({"port": 70000}, "port 70000"),
        ({"checks": {"quickly": {}}}, "quickly"),
        ({"notifications": telling(hook("ftp://x/secret"))}, "webhook 1 is not of the form"),
        (
            {"notifications": telling(hook("http://x/", headers=["A: b"]))},
            "webhook 1 would be sent unprotected",
        ),
        ({"source": "/none"}, "/none does not hold"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(given, why):
    with pytest.raises(StandbyError, match=why) as failure:
        request_from(options(**given), NAMES)
    assert failure.value.remedy


def test_an_archive_without_its_checksum_or_its_python_is_refused(tmp_path):
    given = embeddable(tmp_path, "python.exe")
    with pytest.raises(StandbyError, match="archive_checksum is not given"):
        request_from(options(**given | {"archive_checksum": None}), NAMES)
    with pytest.raises(StandbyError, match=r"no python\.exe at its top"):
        request_from(options(**embeddable(tmp_path, "python-3.13/python.exe")), NAMES)


FENCES = {"server1": ["C:\\fence\\off.exe", "server1", "-p", "BMCSECRET"], "server2": "C:\\off.exe BMCSECRET"}


def test_arguments_of_fences_are_not_shown():
    told = shown(options(fences=FENCES))
    assert "BMCSECRET" not in str(told)
    assert sorted(told["fences"]) == ["server1", "server2"]
    assert told["port"] == 7790
    assert shown(options(fences=None))["fences"] is None


def test_what_is_hidden_of_fences_leaves_messages_readable():
    assert harmless(options(fences=FENCES)) == {"C:\\fence\\off.exe", "server1", "-p", "server2"}
    assert harmless(options(fences=None)) == set()


def test_ansible_itself_logs_nothing_of_them():
    assert AGENT_SPEC["fences"]["no_log"] is True


KEY = {"name": "standby", "secret": "c2VjcmV0IG9mIGEga2V5", "algorithm": "hmac-sha256"}


def test_tsig_keys_lie_in_a_file_and_the_settings_name_it():
    asked = request_from(options(dns_keys=[KEY]), NAMES)
    told = asked.settings["server1"]
    assert told.dns_keys_file == "C:\\ProgramData\\standby.iis\\dns.keys"
    assert KEY["secret"].encode() in asked.secrets["dns.keys"]
    assert KEY["secret"] not in write(told)
    assert KEY["secret"] not in repr(asked)
    assert request_from(options(), NAMES).settings["server1"].dns_keys_file is None
    assert AGENT_SPEC["dns_keys"]["options"]["secret"]["no_log"] is True


@pytest.mark.parametrize(
    ("change", "told"), [({"secret": "?"}, "is not base64"), ({"algorithm": "x"}, "'x'")]
)
def test_tsig_keys_that_cannot_sign_are_refused_before_anything_is_done(change, told):
    with pytest.raises(StandbyError, match=told) as raised:
        request_from(options(dns_keys=[KEY | change]), NAMES)
    assert KEY["secret"] not in str(raised.value)
