# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command through its agent: what is asked, refused, and shown, with the witness and without it."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from dataclasses import replace
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import (
    cli,
    desk,
    in_service,
    inbox,
    program,
    requests,
    settings,
)
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.agent.inbox import Told
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_directory
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HIERARCHIES,
    MAINTENANCE,
    NODES,
    Answer,
    HierarchyRecord,
    Maintenance,
    NodeRecord,
    decode_hierarchy,
    decode_maintenance,
    encode,
)

SHOP = HierarchyRecord("-Shop & Co", "server1", 3, 4, "server1 took it")
KEY = HIERARCHIES + SHOP.hierarchy
SERVES = {"reason": "in_service", "sentence": "it is in service on server1"}
HERE = {"node": "server1", "hierarchies": {SHOP.hierarchy: SERVES}}


@pytest.fixture
def home(tmp_path):
    folder, witness = tmp_path / "home", tmp_path / "witness"
    folder.mkdir()
    witness.mkdir()
    addresses = {"server1": ("10.0.0.1",), "server2": ("10.0.0.2",)}
    told = Settings("server1", "web", str(witness), preset="fast", addresses=addresses)
    (folder / "agent.json").write_text(settings.write(told))
    (folder / "status.json").write_text(json.dumps(HERE))
    return Home(str(folder))


@pytest.fixture
def store(home):
    made = open_directory(home.settings().directory)
    made.put(KEY, 0, encode(SHOP))
    made.put(NODES + "server1", 0, encode(NodeRecord("server1", 3, "a", unfit={SHOP.hierarchy: "no disk"})))
    return made


@pytest.fixture
def run(home, monkeypatch, capsys):
    """The command, with the agent in this process."""

    def hand_in(folder, arguments, by, seconds):
        assert folder == home.requests_folder
        return cli._serve(home, arguments, by)

    monkeypatch.setattr(cli, "hand_in", hand_in)
    monkeypatch.setattr(cli.getpass, "getuser", lambda: "Ada")

    def one(command, *arguments):
        code = cli.main([command, "--home", home.name, *arguments], Home, None, [])
        return code, *capsys.readouterr()

    return one


def answering(store, monkeypatch, accepted, **changes):
    """An agent that answers as soon as somebody waits."""

    def sleep(_seconds):
        found = store.get(KEY)
        known = decode_hierarchy(found.value, SHOP.hierarchy)
        if known.request is not None:
            answer = Answer(known.request.id, accepted, "as you wish" if accepted else "server2: no disk")
            done = replace(known, request=None, answer=answer, **(changes if accepted else {}))
            store.put(KEY, found.version, encode(done))

    passed = [0.0]

    def wait(seconds):
        passed.append(passed[-1] + seconds)
        sleep(seconds)

    monkeypatch.setattr(desk.time, "sleep", wait)
    monkeypatch.setattr(desk.time, "monotonic", lambda: passed[-1])


def says(monkeypatch, *said):
    """What the agent of the other node says at each look; the last one from then on."""
    waiting = list(said)

    def asked(*_arguments):
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    monkeypatch.setattr(requests, "ask_node", asked)


def test_a_switchover_is_asked_for_and_followed_until_the_node_has_it(run, store, monkeypatch):
    answering(store, monkeypatch, True, owner="server2")
    says(monkeypatch, {"reason": "starting", "sentence": "it is being started"}, SERVES)
    assert run("switchover", "--", SHOP.hierarchy, "server2") == (0, "as you wish\n", "")


def test_a_switchover_is_not_done_when_it_is_claimed_and_does_not_start(run, store, monkeypatch):
    answering(store, monkeypatch, True, owner="server2")
    says(monkeypatch, {"reason": "failed", "sentence": "its pool does not start"})
    code, out, err = run("switchover", "--", SHOP.hierarchy, "server2")
    assert (code, out) == (3, "as you wish\n")
    assert "it was accepted, and is not in service on server2: its pool does not start" in err


def test_one_that_the_target_gives_back_is_not_waited_for_any_longer(run, store, monkeypatch):
    answering(store, monkeypatch, True, owner="server2")

    def given_back(*_arguments):
        found = store.get(KEY)
        known = decode_hierarchy(found.value, SHOP.hierarchy)
        store.put(KEY, found.version, encode(replace(known, owner="server1", reason="server1 took it again")))
        return {"reason": "handing_over", "sentence": "it is given back"}

    monkeypatch.setattr(requests, "ask_node", given_back)
    code, _out, err = run("switchover", "--", SHOP.hierarchy, "server2")
    assert code == 3
    assert "server1 has it: server1 took it again" in err


def test_a_target_whose_agent_does_not_answer_is_said(run, store, monkeypatch):
    answering(store, monkeypatch, True, owner="server2")

    def silent(*_arguments):
        raise StandbyError("no answer")

    monkeypatch.setattr(requests, "ask_node", silent)
    code, _out, err = run("switchback", "--", SHOP.hierarchy)
    assert code == 3
    assert "server2 has it, and does not say whether it serves: no answer" in err


def test_what_comes_into_service_on_this_node_its_status_says(run, store, monkeypatch):
    answering(store, monkeypatch, True, owner="server1")
    assert run("switchover", "--", SHOP.hierarchy, "server1")[0] == 0


def test_an_agent_says_of_a_hierarchy_what_its_status_shows():
    assert in_service.answer(HERE, {"hierarchy": SHOP.hierarchy}) == SERVES
    for payload in ({}, {"hierarchy": "other"}, {"hierarchy": ["x"]}):
        assert in_service.answer(HERE, payload) == {"reason": "", "sentence": ""}
    assert in_service.answer({}, {"hierarchy": SHOP.hierarchy}) == {"reason": "", "sentence": ""}


def test_a_refusal_is_the_agents_sentence_on_standard_error(run, store, monkeypatch):
    answering(store, monkeypatch, False)
    assert run("switchover", "--", SHOP.hierarchy, "server2") == (1, "", "server2: no disk\n")


def test_what_was_asked_by_force_and_by_whom_stands_in_the_request(run, store, monkeypatch):
    seen = []

    def sleep(_seconds):
        seen.append(decode_hierarchy(store.get(KEY).value, SHOP.hierarchy).request)
        answering(store, monkeypatch, True, owner="server2")

    monkeypatch.setattr(desk.time, "sleep", sleep)
    run("switchover", "--force", "--because=--patch day", "--", SHOP.hierarchy, "server2")
    assert (seen[0].force, seen[0].target) == (True, "server2")
    assert seen[0].by == "Ada on server1 (--patch day)"


def test_without_the_witness_a_request_is_refused_with_the_reason(run, store, home):
    shutil.rmtree(home.settings().directory)
    code, out, err = run("switchover", "--", SHOP.hierarchy, "server2")
    assert (code, out) == (1, "")
    assert "witness" in err


def test_status_shows_records_and_what_this_node_says(run, store):
    code, out, _err = run("status", "--json")
    shown = json.loads(out)
    assert code == 0
    assert shown["hierarchies"][SHOP.hierarchy] == {
        "owner": "server1",
        "successor": None,
        "reason": "server1 took it",
        "wanted": True,
        "epoch": 4,
        "current": None,
        "asked": None,
    }
    assert shown["nodes"]["server1"]["unfit"] == {SHOP.hierarchy: "no disk"}
    assert (shown["here"], shown["problems"], shown["running"]) == (HERE, [], True)
    assert shown["bound"] > 0
    assert "here, -Shop & Co: it is in service on server1 (in_service)\n" in run("status")[1]


def test_status_without_the_witness_still_says_what_this_node_says(run, store, home):
    shutil.rmtree(home.settings().directory)
    code, out, _err = run("status", "--json")
    shown = json.loads(out)
    assert code == 0
    assert shown["here"] == HERE
    assert "the witness cannot be read" in shown["problems"][0]


def test_status_without_an_agent_shows_the_records_and_says_so(home, store, monkeypatch, capsys):
    def hand_in(*_arguments):
        raise inbox.NotServed("nobody there")

    monkeypatch.setattr(cli, "hand_in", hand_in)
    assert cli.main(["status", "--home", home.name, "--json"], Home, None, []) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["running"], shown["here"]) == (False, {})
    assert shown["hierarchies"][SHOP.hierarchy]["owner"] == "server1"
    assert shown["problems"] == ["nobody there."]
    assert cli.main(["switchback", "--home", home.name, "Shop"], Home, None, []) == 1


@pytest.mark.parametrize(
    ("arguments", "stands"),
    [
        (("begin",), Maintenance(cluster=True)),
        (("begin", "--node", "server2"), Maintenance(nodes=("server2",))),
        (("begin", f"--hierarchy={SHOP.hierarchy}"), Maintenance(hierarchies=(SHOP.hierarchy,))),
    ],
)
def test_maintenance_is_begun_and_ended(run, store, arguments, stands):
    assert run("maintenance", *arguments) == (0, "", "")
    assert decode_maintenance(store.get(MAINTENANCE).value) == stands
    run("maintenance", "end", *arguments[1:])
    assert decode_maintenance(store.get(MAINTENANCE).value) == Maintenance()


def test_maintenance_of_a_node_that_is_none_is_refused(run, store):
    code, _out, err = run("maintenance", "begin", "--node", "server3")
    assert code == 1
    assert "server3 is no node of this cluster. Name one of server1, server2." in err
    assert store.get(MAINTENANCE) is None


def test_maintenance_of_a_hierarchy_that_is_none_is_refused(run, store):
    code, _out, err = run("maintenance", "begin", "--hierarchy", "Shoop")
    assert code == 1
    assert f'there is no hierarchy "Shoop". Name one of {SHOP.hierarchy}.' in err
    assert store.get(MAINTENANCE) is None


def test_a_command_that_an_older_agent_does_not_know_is_told(home):
    assert cli._serve(home, ["dance", "--home", home.name], "Ada") == Told(
        2, err="the agent does not know this command; its program may be an older one\n"
    )
    assert set(requests._COMMANDS) == {
        "status", "switchover", "switchback", "out", "acknowledge", "maintenance",
        "confirm-off",
    }  # fmt: skip


def test_what_no_worker_shows_is_not_known_and_said_so(run, store, home):
    home.forget_status()
    code, out, _err = run("status")
    assert code == 0
    assert "here: not known, its worker begins or does not stay up" in out
    assert json.loads(run("status", "--json")[1])["here"] == {}


def test_names_of_any_language_are_written_in_any_code_page(run, home, store, monkeypatch):
    """As into a file of Windows: `python standby.pyz status > file`."""
    for name in ("网站", "Café"):
        store.put(HIERARCHIES + name, 0, encode(replace(SHOP, hierarchy=name)))
    monkeypatch.setattr(cli.sys, "stdout", io.TextIOWrapper(io.BytesIO(), "cp1252"))
    assert cli.main(["status", "--home", home.name], Home, None, []) == 0
    cli.sys.stdout.flush()
    written = cli.sys.stdout.buffer.getvalue().decode("cp1252")
    assert "Café: server1" in written
    assert "\\u7f51\\u7ad9: server1" in written


@pytest.mark.parametrize("console", [True, False])
def test_a_worker_is_not_started_by_hand(home, monkeypatch, capsys, console):
    monkeypatch.setattr(cli.sys, "stdin", Mock(isatty=lambda: console))
    with home.alone() if console else contextlib.nullcontext():
        assert cli.main(["work", "--home", home.name], Home, None, []) == 1
    assert "started by its supervisor alone" in capsys.readouterr().err


def test_a_supervisor_starts_one(home, monkeypatch):
    monkeypatch.setattr(cli.sys, "stdin", Mock(isatty=lambda: False))
    monkeypatch.setattr(program, "work", lambda *_arguments: 10)
    with home.alone():
        assert cli.main(["work", "--home", home.name], Home, None, []) == 10
