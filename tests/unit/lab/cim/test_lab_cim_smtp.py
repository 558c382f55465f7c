# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio

import pytest

from lab.cim.schema import CimFailure, Embedded
from lab.cim.smtp import IIsSmtpServer, IIsSmtpServerSetting
from lab.smtp.spec import SmtpServer
from tests.support.iis_bench import FakeHost
from tests.support.smtp_bench import smtp_bench

ONE = SmtpServer(1, "SMTPvs", ("10.0.0.5:25:", "[2001:db8::5]:25:mail.example.com"), "E:\\mail")
TWO = SmtpServer(2)


@pytest.fixture
def make(tmp_path):
    return lambda: smtp_bench(FakeHost(tmp_path), tmp_path / "smtp.json", ONE, TWO).smtp


def read(provider):
    return {values["Name"]: values for values in asyncio.run(provider.instances())}


def test_every_virtual_server_has_a_state_and_settings(make):
    smtp = make()
    states = read(IIsSmtpServer(smtp))
    assert {name: values["ServerState"] for name, values in states.items()} == {
        "SmtpSvc/1": 4,
        "SmtpSvc/2": 4,
    }
    one = read(IIsSmtpServerSetting(smtp))["SmtpSvc/1"]
    assert one["ServerComment"] == "SMTPvs"
    assert one["QueueDirectory"] == "E:\\mail\\Queue"
    assert one["ServerBindings"] == [
        Embedded("ServerBinding", {"Hostname": "", "IP": "10.0.0.5", "Port": "25"}),
        Embedded("ServerBinding", {"Hostname": "mail.example.com", "IP": "[2001:db8::5]", "Port": "25"}),
    ]


def test_settings_that_are_put_are_kept(make):
    wanted = {
        "ServerAutoStart": False,
        "ServerBindings": [Embedded("ServerBinding", {"Hostname": None, "IP": "10.0.0.6", "Port": "26"})],
    }
    asyncio.run(IIsSmtpServerSetting(make()).modify({"Name": "smtpsvc/1"}, wanted))
    again = read(IIsSmtpServerSetting(make()))
    assert again["SmtpSvc/1"]["ServerAutoStart"] is False
    assert again["SmtpSvc/1"]["ServerBindings"][0].values == {"Hostname": "", "IP": "10.0.0.6", "Port": "26"}
    assert again["SmtpSvc/2"]["ServerAutoStart"] is True


def test_what_cannot_be_put_is_refused(make):
    setting = IIsSmtpServerSetting(make())
    with pytest.raises(CimFailure) as failure:
        asyncio.run(setting.modify({"Name": "SmtpSvc/3"}, {"ServerAutoStart": False}))
    assert failure.value.status == 6
    with pytest.raises(CimFailure) as failure:
        asyncio.run(setting.modify({"Name": "SmtpSvc/1"}, {"Caption": "other"}))
    assert failure.value.status == 4
    with pytest.raises(CimFailure) as failure:
        asyncio.run(IIsSmtpServer(make()).modify({"Name": "SmtpSvc/1"}, {"ServerState": 2}))
    assert failure.value.status == 7
