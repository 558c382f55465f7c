# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a started site is ready for: addresses that come later, and an application that takes its time."""

from __future__ import annotations

import asyncio

import pytest

from lab.iis.content import write_content
from tests.support.iis_bench import SUBNET, asynchronous, config, free_port, get, site

VIP = f"{SUBNET}.21"
LOADING = 0.3


async def booted(bench, port: int, pool: str = "", application: str = ""):
    """One site, started, whose address is not there yet."""
    written = site("One", 1, f"http/{VIP}:{port}:").replace('path="/"', f'path="/" {application}', 1)
    one = bench(
        config(written).replace(b'<add name="DefaultAppPool"', f'<add {pool} name="DefaultAppPool"'.encode())
    )
    write_content(one.host)
    await one.iis.start()
    return one


def comes(one) -> None:
    one.host.addresses.add(VIP)
    one.host.changed()


@asynchronous
async def test_a_started_site_answers_on_an_address_that_comes_later(bench) -> None:
    port = free_port()
    one = await booted(bench, port)
    comes(one)
    assert (await get(VIP, port))[0] == 200
    await one.iis.stop()


@asynchronous
async def test_a_deaf_one_answers_there_once_it_was_started_again(bench) -> None:
    port = free_port()
    one = await booted(bench, port)
    one.host.faults["deaf"] = {}
    comes(one)
    with pytest.raises(OSError):
        await get(VIP, port)
    await one.appcmd("stop", "site", "One")
    await one.appcmd("start", "site", "One")
    assert (await get(VIP, port))[0] == 200
    one.host.addresses.discard(VIP)
    one.host.changed()
    comes(one)
    with pytest.raises(OSError):
        await get(VIP, port)
    await one.iis.stop()


async def seconds(port: int) -> float:
    begun = asyncio.get_running_loop().time()
    assert (await get(VIP, port))[0] == 200
    return asyncio.get_running_loop().time() - begun


@asynchronous
async def test_the_first_request_loads_the_application_and_the_next_ones_do_not_wait(bench) -> None:
    port = free_port()
    one = await booted(bench, port)
    one.host.faults["application_start"] = {"seconds": LOADING}
    comes(one)
    await asyncio.sleep(LOADING)
    assert await seconds(port) >= LOADING
    assert await seconds(port) < LOADING
    await one.appcmd("recycle", "apppool", "DefaultAppPool")
    assert await seconds(port) >= LOADING
    await one.iis.stop()


@asynchronous
async def test_a_preloaded_application_is_loaded_before_its_address_comes(bench) -> None:
    port = free_port()
    one = await booted(bench, port, 'startMode="AlwaysRunning"', 'preloadEnabled="true"')
    one.host.faults["application_start"] = {"seconds": LOADING}
    await one.appcmd("recycle", "apppool", "DefaultAppPool")
    await asyncio.sleep(LOADING)
    comes(one)
    assert await seconds(port) < LOADING
    await one.iis.stop()
