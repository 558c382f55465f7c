# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio

import pytest

from lab.iis.content import write_content
from tests.support.iis_bench import SUBNET, asynchronous, config, free_port, get, site

VIP = f"{SUBNET}.21"


async def booted(bench, port: int):
    one = bench(
        config(site("One", 1, f"http/{VIP}:{port}:") + site("Two", 2, f"http/{VIP}:{port}:two.example"))
    )
    one.host.addresses.add(VIP)
    write_content(one.host)
    await one.iis.start()
    return one


def set_fault(bench, name: str, **parameters: object) -> None:
    bench.host.faults[name] = parameters
    bench.host.changed()


@asynchronous
async def test_a_crash_stops_the_site_once(bench) -> None:
    port = free_port()
    one = await booted(bench, port)
    set_fault(one, "site_crash", site="One")
    assert (await one.appcmd("list", "site", "/state:Started", "/text:name"))[1] == "Two\r\n"
    assert (await one.appcmd("start", "site", "One"))[0] == 0
    one.host.changed()
    assert (await get(VIP, port))[0] == 200
    await one.iis.stop()


@asynchronous
async def test_a_hanging_site_takes_the_connection_and_says_nothing(bench) -> None:
    port = free_port()
    one = await booted(bench, port)
    set_fault(one, "site_hang", site="one")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(get(VIP, port), 0.2)
    assert (await get(VIP, port, host="two.example"))[0] == 200
    one.host.faults.clear()
    assert (await get(VIP, port))[0] == 200
    await one.iis.stop()


@asynchronous
async def test_a_start_fails_with_the_given_code(bench) -> None:
    one = await booted(bench, free_port())
    await one.appcmd("stop", "site", "One")
    set_fault(one, "start_failure", site="One", hresult="80070020")
    code, text = await one.appcmd("start", "site", "One")
    assert code == 32
    assert "hresult:80070020" in text
    assert (await one.appcmd("list", "site", "One", "/text:state"))[1] == "Stopped\r\n"
    await one.iis.stop()


@asynchronous
async def test_a_forced_status_is_served(bench) -> None:
    port = free_port()
    one = await booted(bench, port)
    set_fault(one, "status", site="One")
    assert (await get(VIP, port))[0] == 500
    set_fault(one, "status", site="One", status="404")
    assert (await get(VIP, port))[0] == 404
    assert (await get(VIP, port, host="two.example"))[0] == 200
    await one.iis.stop()


@asynchronous
async def test_a_slow_start_shows_as_starting(bench) -> None:
    port = free_port()
    one = await booted(bench, port)
    await one.appcmd("stop", "site", "One")
    set_fault(one, "slow_start", seconds=0.05)
    starting = asyncio.create_task(one.appcmd("start", "site", "One"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (await one.appcmd("list", "site", "One", "/text:state"))[1] == "Starting\r\n"
    assert (await starting)[0] == 0
    assert (await get(VIP, port))[0] == 200
    await one.iis.stop()
