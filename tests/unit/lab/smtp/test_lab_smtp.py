# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import smtplib
from pathlib import Path

import pytest

from lab.iis.failure import IisError
from lab.smtp.service import STARTED, STOPPED
from lab.smtp.spec import SmtpServer
from lab.topology import TopologyError, Windows, load
from tests.support.iis_bench import SUBNET, FakeHost, asynchronous, free_port
from tests.support.smtp_bench import ADDRESS, NextHop, send, smtp_bench

QUEUE, BAD, PICKUP = "E:\\mail\\Queue", "E:\\mail\\Badmail", "E:\\mail\\Pickup"


def server(number=1, comment="SMTPvs", **fields) -> SmtpServer:
    port = fields.pop("port", None) or free_port()
    given = {"bindings": (f"{ADDRESS}:{port}:",), "mailroot": "E:\\mail", "auto_start": False, **fields}
    return SmtpServer(number, comment, **given)


def port_of(one: SmtpServer) -> int:
    return int(one.bindings[0].split(":")[1])


@pytest.fixture
def host(tmp_path) -> FakeHost:
    made = FakeHost(tmp_path)
    made.services.add("SMTPSVC")
    return made


def refused(address, port) -> bool:
    try:
        smtplib.SMTP(address, port, timeout=2).close()
    except OSError:
        return True
    return False


@asynchronous
async def test_a_virtual_server_serves_while_it_is_started_and_its_neighbour_stays_as_it_is(tmp_path, host):
    one, two = server(1, "one"), server(2, "two")
    bench = smtp_bench(host, tmp_path / "smtp.json", one, two)
    bench.smtp.start()
    await bench.smtp.start_server("SmtpSvc/2")
    assert bench.smtp.states() == {"one": "Stopped", "two": "Started"}
    assert await asyncio.to_thread(refused, ADDRESS, port_of(one))
    await asyncio.to_thread(send, ADDRESS, port_of(two), "hello")
    await bench.smtp.stop_server("SmtpSvc/2")
    assert await asyncio.to_thread(refused, ADDRESS, port_of(two))
    assert bench.file_count(QUEUE) == 1


@asynchronous
async def test_starting_and_stopping_set_what_happens_when_the_service_starts_again(tmp_path, host):
    bench = smtp_bench(host, tmp_path / "smtp.json", server())
    bench.smtp.start()
    await bench.smtp.start_server("SmtpSvc/1")
    assert bench.smtp.metabase.of("SmtpSvc/1")["ServerAutoStart"] is True
    host.services.discard("SMTPSVC")
    host.changed()
    assert bench.smtp.state("SmtpSvc/1") == STOPPED
    host.services.add("SMTPSVC")
    host.changed()
    await bench.until(lambda: bench.smtp.state("SmtpSvc/1") == STARTED)
    await bench.smtp.stop_server("SmtpSvc/1")
    assert bench.smtp.metabase.of("SmtpSvc/1")["ServerAutoStart"] is False
    host.services.discard("SMTPSVC")
    host.changed()
    host.services.add("SMTPSVC")
    host.changed()
    await asyncio.sleep(0.1)
    assert bench.smtp.state("SmtpSvc/1") == STOPPED


@asynchronous
async def test_starting_one_starts_the_service_and_those_that_ran(tmp_path, host):
    host.services.discard("SMTPSVC")
    bench = smtp_bench(host, tmp_path / "s.json", server(1, "one"), server(2, "two", auto_start=True))
    bench.smtp.start()
    await bench.smtp.start_server("SmtpSvc/1")
    await bench.until(lambda: bench.smtp.states() == {"one": "Started", "two": "Started"})
    await bench.smtp.stop()


@asynchronous
async def test_a_service_that_does_not_start_is_said(tmp_path, host):
    host.services.discard("SMTPSVC")
    host.faults["SMTPSVC"] = {}
    bench = smtp_bench(host, tmp_path / "s.json", server())
    bench.smtp.start()
    with pytest.raises(IisError) as failure:
        await bench.smtp.start_server("SmtpSvc/1")
    assert failure.value.hresult == 0x80070426


@asynchronous
async def test_a_mail_waits_in_the_queue_until_the_next_hop_takes_it(tmp_path, host):
    hop_port = free_port()
    one = server(smart_host=f"[{ADDRESS}]", remote_port=hop_port, retry_seconds=0.0)
    bench = smtp_bench(host, tmp_path / "s.json", one)
    bench.smtp.start()
    await bench.smtp.start_server("SmtpSvc/1")
    for number in range(3):
        await asyncio.to_thread(send, ADDRESS, port_of(one), f"mail {number}")
    assert bench.file_count(QUEUE) == 3
    hop = NextHop(ADDRESS, hop_port)
    hop.answer = "451 4.0.0 not now"
    with hop:
        await asyncio.sleep(0.5)
        assert (bench.file_count(QUEUE), hop.messages) == (3, [])
        hop.answer = "250 2.0.0 taken"
        await bench.until(lambda: bench.file_count(QUEUE) == 0)
        assert sorted(hop.subjects) == ["mail 0", "mail 1", "mail 2"]
        hop.answer = "550 5.0.0 never"
        await asyncio.to_thread(send, ADDRESS, port_of(one), "bad")
        await bench.until(lambda: bench.file_count(BAD) == 1)
        assert bench.file_count(QUEUE) == 0
    await bench.smtp.stop()


@asynchronous
async def test_what_lies_in_the_queue_and_in_the_pickup_directory_is_delivered_after_a_start(tmp_path, host):
    hop_port = free_port()
    one = server(smart_host=ADDRESS, remote_port=hop_port)
    bench = smtp_bench(host, tmp_path / "s.json", one)
    bench.smtp.start()
    await bench.smtp.start_server("SmtpSvc/1")
    await asyncio.to_thread(send, ADDRESS, port_of(one), "kept")
    await bench.smtp.stop_server("SmtpSvc/1")
    written = "From: a@example.com\r\nTo: B <b@example.com>, c@example.com\r\nSubject: picked up\r\n\r\nx\r\n"
    (host.local_path(PICKUP) / "mail.eml").write_bytes(written.encode())
    with NextHop(ADDRESS, hop_port) as hop:
        await asyncio.sleep(0.3)
        assert hop.messages == []
        await bench.smtp.start_server("SmtpSvc/1")
        await bench.until(lambda: sorted(hop.subjects) == ["kept", "picked up"])
        await bench.until(lambda: bench.file_count(QUEUE) == 0)
    assert bench.file_count(PICKUP) == 0
    await bench.smtp.stop()


@asynchronous
async def test_a_binding_whose_address_is_late_or_has_gone_is_deaf_until_the_next_start(tmp_path, host):
    late = f"{SUBNET}.12"
    one = server(bindings=(f"{late}:{free_port()}:",))
    bench = smtp_bench(host, tmp_path / "s.json", one)
    bench.smtp.start()
    await bench.smtp.start_server("SmtpSvc/1")
    host.addresses.add(late)
    host.changed()
    await asyncio.sleep(0.1)
    assert bench.smtp.state("SmtpSvc/1") == STARTED
    assert await asyncio.to_thread(refused, late, port_of(one))
    await bench.smtp.stop_server("SmtpSvc/1")
    await bench.smtp.start_server("SmtpSvc/1")
    assert not await asyncio.to_thread(refused, late, port_of(one))
    host.addresses.discard(late)
    host.changed()
    host.addresses.add(late)
    host.changed()
    await asyncio.sleep(0.1)
    assert await asyncio.to_thread(refused, late, port_of(one))
    await bench.smtp.stop()


@asynchronous
async def test_a_queue_whose_volume_is_not_there_lets_nothing_start_and_takes_no_mail(tmp_path, host):
    one = server()
    bench = smtp_bench(host, tmp_path / "s.json", one)
    bench.smtp.start()
    host.online.discard("E")
    with pytest.raises(IisError) as failure:
        await bench.smtp.start_server("SmtpSvc/1")
    assert failure.value.hresult == 0x80070003
    host.online.add("E")
    await bench.smtp.start_server("SmtpSvc/1")
    host.online.discard("E")
    with pytest.raises(smtplib.SMTPDataError):
        await asyncio.to_thread(send, ADDRESS, port_of(one), "lost?")
    await bench.smtp.stop()


@asynchronous
async def test_faults_concern_the_virtual_server_they_name(tmp_path, host):
    one, two = server(1, "one"), server(2, "two", relay=False)
    bench = smtp_bench(host, tmp_path / "s.json", one, two)
    bench.smtp.start()
    host.faults["start_failure"] = {"site": "one", "hresult": "80070020"}
    with pytest.raises(IisError) as failure:
        await bench.smtp.start_server("SmtpSvc/1")
    assert failure.value.hresult == 0x80070020
    await bench.smtp.start_server("SmtpSvc/2")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await asyncio.to_thread(send, ADDRESS, port_of(two), "relayed?")
    host.faults["status"] = {"site": "two", "status": "421"}
    with pytest.raises(smtplib.SMTPConnectError) as greeted:
        await asyncio.to_thread(smtplib.SMTP, ADDRESS, port_of(two), timeout=5)
    assert greeted.value.smtp_code == 421
    del host.faults["status"]
    host.faults["site_hang"] = {"site": "two"}
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        await asyncio.to_thread(smtplib.SMTP, ADDRESS, port_of(two), timeout=0.5)
    host.faults["site_crash"] = {"site": "two"}
    host.changed()
    assert bench.smtp.state("SmtpSvc/2") == STOPPED
    await bench.smtp.stop()


def test_windows_server_2025_has_no_smtp_server(tmp_path):
    assert Windows(server=2025).build == "26100"
    assert Windows().caption == "Microsoft Windows Server 2022 Standard"
    assert Windows(server=2016, build="14394").version == "10.0.14394"
    topology = load_with(tmp_path, 2022)
    assert topology.nodes[0].smtp[0].comment == "SMTPvs"
    with pytest.raises(TopologyError, match="Windows Server 2025 has no SMTP Server"):
        load_with(tmp_path, 2025)


def load_with(folder: Path, year: int):
    text = f"""
name: x
nodes:
  - name: server1
    address: 127.77.0.11
    windows: {{server: {year}}}
    nics: [{{alias: Ethernet, index: 12, addresses: [127.77.0.11/16]}}]
    disks: [{{id: system, number: 0, system: true, partitions: [{{access: ["C:\\\\"]}}]}}]
    smtp: [{{number: 1, comment: SMTPvs}}]
"""
    path = folder / "t.yml"
    path.write_text(text, encoding="utf-8")
    return load(path)
