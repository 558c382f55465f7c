# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP virtual servers: read over CIM, switched by the script, their settings put and read back."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import CimError, StandbyError, Unreachable
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Instance
from ansible_collections.standby.iis.plugins.module_utils.windows import smtp
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import (
    Binding,
    IisConfiguration,
    IisSite,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.smtp_settings import changes_of

STARTED, STOPPED = 2, 4


class Shell:
    """iis_control.ps1 on the node: what it is asked, and what the answer to each verb is."""

    def __init__(self, windows) -> None:
        self.windows = windows
        self.calls: list[dict] = []
        self.error = ""
        self.becomes = {"start": STARTED, "stop": STOPPED}

    def run(self, argv, stdin=b"", *, on_output=None):
        del argv, on_output
        answers = [self._answer(json.loads(line)) for line in stdin.splitlines()]
        encoded = [base64.b64encode(json.dumps(answer).encode()) for answer in answers]
        return Completed(0, b"\r\n".join(encoded), b"")

    def _answer(self, call):
        self.calls.append(call)
        if self.error:
            return {"error": self.error}
        state, setting = (
            next(item for item in self.windows.instances if (item.class_name, item.text("Name")) == key)
            for key in (("IIsSmtpServer", call["name"]), ("IIsSmtpServerSetting", call["name"]))
        )
        state.properties["ServerState"] = str(self.becomes[call["verb"].lower()])
        setting.properties["ServerAutoStart"] = "true" if call["verb"] == "Start" else "false"
        return {"state": str(state.properties["ServerState"])}


def add(windows, number, comment="", state=STOPPED, **settings):
    path = f"SmtpSvc/{number}"
    binding = Instance("ServerBinding", {"IP": f"10.0.0.{number}", "Port": "25", "Hostname": None})
    windows.add("IIsSmtpServer", Name=path, ServerState=str(state))
    given = {
        "Name": path,
        "ServerComment": comment,
        "ServerAutoStart": "false",
        "ServerBindings": binding,
        "QueueDirectory": "F:\\mail\\Queue",
        "PickupDirectory": "F:\\mail\\Pickup",
        "RemoteSmtpPort": "25",
        **settings,
    }
    return windows.add("IIsSmtpServerSetting", **given)


@pytest.fixture
def shell(windows, node) -> Shell:
    node.shell = Shell(windows)
    return node.shell


def test_a_virtual_server_is_read_with_state_bindings_and_folders(windows, node):
    add(windows, 10, "Second")
    add(windows, 2, state=STARTED, ServerBindings=["10.0.0.7:2525:mail.example.com", ":25:"])
    two, ten = smtp.read_servers(node)
    assert (two.name, two.state, two.number) == ("SmtpSvc/2", "Started", 2)
    assert two.bindings == ("10.0.0.7:2525:mail.example.com", ":25:")
    assert (ten.name, ten.state, ten.auto_start) == ("Second", "Stopped", False)
    assert ten.bindings == ("10.0.0.10:25:",)
    assert ten.directories == ("F:\\mail\\Queue", "F:\\mail\\Pickup")


@pytest.mark.parametrize(
    "codes",
    [{"cim_status": 3}, {"cim_status": 5}, {"provider_code": 0x8004100E}, {"provider_code": 0x80041010}],
)
def test_a_node_without_its_classes_is_told_with_the_features_that_bring_them(
    windows, node, monkeypatch, codes
):
    enumerate_ = windows.enumerate

    def fail(target, **more):
        if target.name.startswith("IIs"):
            raise CimError("no", **codes)
        return enumerate_(target, **more)

    monkeypatch.setattr(node.cim, "enumerate", fail)
    with pytest.raises(smtp.SmtpMissing, match="Install the Windows features SMTP-Server and Web-WMI"):
        smtp.read_servers(node)
    smtp.stop_site(node, "SMTPvs")  # what is not there is stopped
    service(windows)
    with pytest.raises(smtp.SmtpMissing, match="there is no class"):
        smtp.stop_site(node, "SMTPvs")  # it may run
    windows.instances[-1].properties["State"] = "Stopped"
    smtp.stop_site(node, "SMTPvs")


def test_other_failures_pass(node, monkeypatch):
    def fail(*_rest, **_more):
        raise CimError("quota", cim_status=1)

    monkeypatch.setattr(node.cim, "enumerate", fail)
    with pytest.raises(CimError, match="quota"):
        smtp.read_servers(node)


def test_starting_goes_by_the_path_and_leaves_nothing_that_starts_by_itself(windows, node, shell, clock):
    add(windows, 1, "Other")
    setting = add(windows, 2, "SMTPvs")
    smtp.start_site(node, "SMTPvs", clock=clock)
    assert shell.calls == [{"kind": "smtp", "name": "SmtpSvc/2", "verb": "Start"}]
    assert [one.state for one in smtp.read_servers(node)] == ["Stopped", "Started"]
    assert setting.flag("ServerAutoStart") is False


def test_one_that_is_started_stays_so_and_no_longer_starts_by_itself(windows, node, shell, clock):
    setting = add(windows, 1, "SMTPvs", state=STARTED, ServerAutoStart="true")
    smtp.start_site(node, "SMTPvs", clock=clock)
    assert shell.calls == []
    assert setting.flag("ServerAutoStart") is False


def test_starting_waits_until_it_runs(windows, node, shell, clock):
    add(windows, 1, "SMTPvs")
    shell.becomes["start"] = 1
    state = next(item for item in windows.instances if item.class_name == "IIsSmtpServer")
    clock.at(3.0, lambda: state.properties.update(ServerState="2"))
    smtp.start_site(node, "SMTPvs", clock=clock)
    assert 3.0 <= clock.now < 3.5


def test_what_does_not_start_is_named_with_its_state_and_what_windows_says(windows, node, shell, clock):
    add(windows, 1, "SMTPvs")
    shell.error = "Der Port wird verwendet."
    with pytest.raises(StandbyError) as failure:
        smtp.start_site(node, "SMTPvs", clock=clock)
    assert str(failure.value).startswith(
        'server1, site "SMTPvs": the SMTP virtual server did not start: it is stopped '
        "(Der Port wird verwendet). Look whether the service SMTPSVC runs"
    )
    shell.error = ""
    shell.becomes["start"] = 1
    with pytest.raises(StandbyError, match="did not start: it is starting"):
        smtp.start_site(node, "SMTPvs", clock=clock)
    assert clock.now >= smtp.SWITCH_TIMEOUT


def test_a_refusal_counts_as_success_where_the_state_is_as_wanted(windows, node, shell, clock):
    add(windows, 1, "SMTPvs", state=STARTED)
    shell.error = "already stopped"
    with pytest.raises(StandbyError, match="did not stop: it is started"):
        smtp.stop_site(node, "SMTPvs", clock=clock)
    state = next(item for item in windows.instances if item.class_name == "IIsSmtpServer")
    enumerate_ = windows.enumerate

    def stopping(target, **more):
        found = enumerate_(target, **more)
        if shell.calls[1:]:
            state.properties["ServerState"] = "4"
        return found

    windows.enumerate = stopping
    smtp.stop_site(node, "SMTPvs", clock=clock)


def test_stopping_is_done_where_it_is_stopped_or_not_there(windows, node, shell, clock):
    add(windows, 1, "SMTPvs", state=STARTED)
    smtp.stop_site(node, "SMTPvs", clock=clock)
    smtp.stop_site(node, "SMTPvs", clock=clock)
    smtp.stop_site(node, "nobody", clock=clock)
    assert [call["verb"] for call in shell.calls] == ["Stop"]


def test_starting_what_does_not_exist_is_told(windows, node, shell, clock):
    add(windows, 1, "SMTPvs")
    with pytest.raises(
        StandbyError, match=r'server1, site "smtpvs": does not exist\. Check the name, letter'
    ):
        smtp.start_site(node, "smtpvs", clock=clock)


def test_a_name_that_two_have_is_refused_and_their_paths_are_told(windows, node, shell, clock):
    add(windows, 1, "SMTPvs")
    add(windows, 2, "SMTPvs")
    with pytest.raises(StandbyError, match=r"several .* have this name: SmtpSvc/1, SmtpSvc/2"):
        smtp.start_site(node, "SMTPvs", clock=clock)
    smtp.start_site(node, "SmtpSvc/2", clock=clock)
    assert shell.calls[0]["name"] == "SmtpSvc/2"


def test_a_setting_that_windows_does_not_keep_is_told(windows, node, clock):
    add(windows, 1, "SMTPvs", ServerAutoStart="true")
    windows.modify = lambda reference, properties: None
    with pytest.raises(StandbyError, match="Windows does not keep ServerAutoStart"):
        smtp.set_auto_start(node, "SMTPvs", False, clock=clock)


def test_a_setting_of_an_instance_that_cannot_be_addressed_is_told(windows, node, clock, monkeypatch):
    add(windows, 1, "SMTPvs", ServerAutoStart="true")
    found = [replace(one, reference=None) for one in smtp.read_servers(node)]
    monkeypatch.setattr(smtp, "read_servers", lambda _node: found)
    with pytest.raises(StandbyError, match=r'server1, site "SMTPvs": ServerAutoStart cannot be set'):
        smtp.set_auto_start(node, "SMTPvs", False, clock=clock)


def test_a_put_that_changes_other_settings_as_well_is_told(windows, node, clock):
    add(windows, 1, "SMTPvs", SmartHost="relay.example.com", ServerAutoStart="true")
    modify = windows.modify

    def lossy(reference, properties):
        modify(reference, {**properties, "SmartHost": None})

    windows.modify = lossy
    with pytest.raises(StandbyError, match="setting ServerAutoStart has changed SmartHost as well"):
        smtp.set_auto_start(node, "SMTPvs", False, clock=clock)


def service(windows):
    windows.add("Win32_Service", Name="SMTPSVC", State="Running", StartMode="Auto")


def test_virtual_servers_are_sites_after_those_of_iis(windows, node):
    before = IisConfiguration((IisSite("Web", 1, False, "Started"),))
    add(windows, 1, "Mail", state=STARTED)
    assert smtp.with_servers(node, before) == before  # there is no SMTP service
    service(windows)
    found = smtp.with_servers(node, before)
    assert [(site.name, site.id, site.state) for site in found.sites] == [
        ("Web", 1, "Started"),
        ("Mail", 1, "Started"),
    ]
    assert found.sites[1].bindings == (Binding("smtp", "10.0.0.1:25:"),)


def test_a_name_that_something_else_has_is_replaced_by_the_path(windows, node):
    service(windows)
    for number, comment in enumerate(("web", "Twice", "twice", "Once", ""), 1):
        add(windows, number, comment)
    found = smtp.with_servers(node, IisConfiguration((IisSite("Web", 1, False, "Started"),)))
    names = [site.name for site in found.sites[1:]]
    assert names == ["SmtpSvc/1", "SmtpSvc/2", "SmtpSvc/3", "Once", "SmtpSvc/5"]


@pytest.mark.parametrize(
    "failure", [CimError("the provider has failed", cim_status=1), Unreachable("no answer")]
)
def test_classes_that_fail_or_hang_take_nothing_else_along(windows, node, monkeypatch, failure):
    service(windows)
    enumerate_ = windows.enumerate

    def fail(target, **more):
        if target.name.startswith("IIs"):
            raise failure
        return enumerate_(target, **more)

    monkeypatch.setattr(node.cim, "enumerate", fail)
    found = smtp.with_servers(node, IisConfiguration((IisSite("Web", 1, False, "Started"),)))
    assert [site.name for site in found.sites] == ["Web"]
    assert failure.problem in found.smtp_problem


def test_a_state_that_is_not_set_is_stopped(windows, node):
    add(windows, 1, "SMTPvs")
    windows.instances[0].properties["ServerState"] = None
    assert [one.state for one in smtp.read_servers(node)] == ["Stopped"]


def test_a_twin_is_given_the_settings_of_its_model_and_nothing_where_it_has_them(windows, node, clock):
    add(windows, 1, "Model", SmartHost="relay.example.com", RelayIpList=["24", "0"], MaxMessageSize="1024")
    add(windows, 2, "Twin", SmartHost="Relay.Example.com", ServerBindings=None)
    model, _twin = smtp.read_servers(node)
    changed = smtp.write_settings(node, "Twin", model, clock=clock)
    assert changed == ("MaxMessageSize", "RelayIpList", "ServerBindings")
    _model, twin = smtp.read_servers(node)
    assert changes_of(twin, model) == {}
    assert twin.bindings == model.bindings
    windows.calls.clear()
    assert smtp.write_settings(node, "Twin", model, clock=clock) == ()
    assert windows.calls == []


def test_folders_are_compared_without_case_and_final_backslash(windows, node):
    add(windows, 1, QueueDirectory="F:\\Mail\\queue\\")
    add(windows, 2, QueueDirectory="f:\\mail\\Queue", ServerBindings=["10.0.0.1:25:"])
    one, two = smtp.read_servers(node)
    assert changes_of(two, one) == {}
