# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import socket

import pytest

from lab.iis.content import write_content
from tests.support.iis_bench import SUBNET, asynchronous, config, free_port, get, site

VIP = f"{SUBNET}.20"


def may_listen_low() -> bool:
    with socket.socket() as one:
        try:
            one.bind((VIP, 81))
        except PermissionError:
            return False
        return True


async def booted(bench, *bindings: str, port: int, auto: bool = True, vip: bool = True):
    """A bench with one site and its content, started."""
    texts = bindings or (f"http/{VIP}:{port}:",)
    one = bench(config(site("One", 1, *texts, auto=auto)))
    if vip:
        one.host.addresses.add(VIP)
    write_content(one.host)
    await one.iis.start()
    return one


async def refused(address: str, port: int) -> bool:
    try:
        await get(address, port)
    except ConnectionRefusedError:
        return True
    return False


@asynchronous
async def test_a_started_site_serves_its_files_and_names_its_node(bench) -> None:
    port = free_port()
    one = await booted(bench, port=port)
    status, node, body = await get(VIP, port)
    assert (status, node) == (200, "NODE1")
    assert b"<h1>One/</h1>" in body
    assert (await get(VIP, port, "/INDEX.HTML"))[0] == 200
    assert (await get(VIP, port, "/nope.html"))[0] == 404
    assert (await get(VIP, port, "/../../etc/passwd"))[0] == 400
    assert (await get(VIP, port, "/web.config"))[0] == 404
    assert (await get(VIP, port, "/", method="DELETE"))[0] == 405
    await one.iis.stop()
    assert await refused(VIP, port)


@asynchronous
async def test_a_link_out_of_the_folder_is_not_followed(bench) -> None:
    port = free_port()
    one = await booted(bench, port=port)
    outside = one.host.drives / "secret.txt"
    outside.write_text("secret")
    (one.host.drives / "E/web/link.txt").symlink_to(outside)
    assert (await get(VIP, port, "/link.txt"))[0] == 404
    await one.iis.stop()


@asynchronous
async def test_a_site_answers_only_while_its_address_is_usable(bench) -> None:
    port = free_port()
    one = await booted(bench, port=port, vip=False)
    assert (await one.appcmd("list", "site", "/text:state"))[1] == "Started\r\n"
    assert await refused(VIP, port)
    one.host.addresses.add(VIP)
    one.host.changed()
    assert (await get(VIP, port))[0] == 200
    one.host.addresses.discard(VIP)
    one.host.changed()
    assert await refused(VIP, port)
    await one.iis.stop()


@asynchronous
async def test_open_connections_are_cut_when_the_address_goes(bench) -> None:
    port = free_port()
    one = await booted(bench, port=port)
    reader, writer = await asyncio.open_connection(VIP, port)
    writer.write(f"GET / HTTP/1.1\r\nHost: {VIP}\r\n\r\n".encode())
    await reader.readuntil(b"</h1>\n")
    one.host.addresses.discard(VIP)
    one.host.changed()
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(1), 1.0)
    writer.close()
    await one.iis.stop()


@asynchronous
async def test_stop_and_start_close_and_open_the_listener(bench) -> None:
    port = free_port()
    one = await booted(bench, port=port)
    assert await one.appcmd("stop", "site", "One") == (0, '"One" successfully stopped\r\n')
    assert await refused(VIP, port)
    assert (await one.appcmd("list", "site", "/text:state"))[1] == "Stopped\r\n"
    assert await one.appcmd("start", "site", "/site.name:One") == (0, '"One" successfully started.\r\n')
    assert (await get(VIP, port))[0] == 200
    await one.iis.stop()


@asynchronous
async def test_a_reboot_forgets_what_was_started_and_starts_what_is_automatic(bench) -> None:
    port = free_port()
    one = await booted(bench, port=port, auto=False)
    await one.appcmd("start", "site", "One")
    await one.iis.stop()
    await one.iis.start()
    assert await refused(VIP, port)
    await one.appcmd("set", "site", "One", "/serverAutoStart:true")
    assert await refused(VIP, port)
    await one.iis.stop()
    await one.iis.start()
    assert (await get(VIP, port))[0] == 200
    await one.iis.stop()


@asynchronous
async def test_a_stopped_pool_answers_503_and_stays_apart_from_its_site(bench) -> None:
    port = free_port()
    one = await booted(bench, port=port)
    assert await one.appcmd("stop", "apppool", "DefaultAppPool") == (
        0,
        '"DefaultAppPool" successfully stopped\r\n',
    )
    assert (await get(VIP, port))[0] == 503
    assert (await one.appcmd("list", "site", "/text:state"))[1] == "Started\r\n"
    assert (await one.appcmd("stop", "apppool", "DefaultAppPool"))[0] == 1062
    assert (await one.appcmd("recycle", "apppool", "DefaultAppPool"))[0] == 1062
    assert (await one.appcmd("start", "apppool", "DefaultAppPool"))[0] == 0
    assert (await one.appcmd("start", "apppool", "DefaultAppPool"))[0] == 1056
    assert (await get(VIP, port))[0] == 200
    await one.iis.stop()


@asynchronous
async def test_host_headers_share_one_listener(bench) -> None:
    port = free_port()
    data = config(
        site("A", 1, f"http/{VIP}:{port}:a.example", folder="E:\\a")
        + site("B", 2, f"http/*:{port}:b.example", folder="E:\\b")
    )
    one = bench(data)
    one.host.addresses.add(VIP)
    write_content(one.host)
    await one.iis.start()
    assert b"A/" in (await get(VIP, port, host="a.example"))[2]
    assert b"B/" in (await get(VIP, port, host="B.Example"))[2]
    status, node, body = await get(VIP, port, host="c.example")
    assert (status, node) == (400, "NODE1")
    assert b"Bad Request - Invalid Hostname" in body
    await one.iis.stop()


@asynchronous
async def test_the_longest_application_and_directory_serve_a_path(bench) -> None:
    port = free_port()
    text = (
        f'<site name="S" id="1"><application path="/"><virtualDirectory path="/" physicalPath="E:\\root" />'
        f'<virtualDirectory path="/pdf" physicalPath="E:\\pdf" /></application>'
        '<application path="/shop">'
        '<virtualDirectory path="/" physicalPath="%SystemDrive%\\shop" /></application>'
        f'<bindings><binding protocol="http" bindingInformation="{VIP}:{port}:" /></bindings></site>'
    )
    one = bench(config(text))
    one.host.addresses.add(VIP)
    write_content(one.host)
    await one.iis.start()
    for path, title in (
        ("/", b"S/<"),
        ("/pdf/", b"S/pdf<"),
        ("/PDF/index.html", b"S/pdf<"),
        ("/shop/", b"S/shop/<"),
    ):
        assert title in (await get(VIP, port, path))[2]
    assert (await get(VIP, port, "/shopping/"))[0] == 404
    await one.iis.stop()


@asynchronous
async def test_content_of_an_offline_volume_is_an_error_until_it_is_back(bench) -> None:
    port = free_port()
    one = await booted(bench, port=port)
    one.host.online.discard("E")
    assert (await get(VIP, port))[0] == 500
    one.host.online.add("E")
    assert (await get(VIP, port))[0] == 200
    await one.iis.stop()


@asynchronous
async def test_w3svc_stops_everything_and_starts_the_automatic_ones(bench) -> None:
    port = free_port()
    one = await booted(bench, port=port)
    one.host.services.discard("W3SVC")
    one.host.changed()
    assert await refused(VIP, port)
    code, text = await one.appcmd("start", "site", "One")
    assert code == 1062
    assert "hresult:80070426" in text
    one.host.services.add("W3SVC")
    one.host.changed()
    assert (await get(VIP, port))[0] == 200
    await one.iis.stop()


@asynchronous
async def test_a_new_site_cannot_be_started_before_was_has_read_it(bench) -> None:
    port = free_port()
    one = await booted(bench, port=port)
    await one.appcmd(
        "add", "site", "/name:New", f"/bindings:http/{VIP}:{port}:new.example", "/serverAutoStart:false"
    )
    assert (await one.appcmd("list", "site", "New", "/text:state"))[1] == "Unknown\r\n"
    code, text = await one.appcmd("start", "site", "New")
    assert code == 4312
    assert "hresult:800710d8" in text
    one.settle()
    assert (await one.appcmd("list", "site", "New", "/text:state"))[1] == "Stopped\r\n"
    assert (await one.appcmd("start", "site", "New"))[0] == 0
    await one.iis.stop()


@asynchronous
async def test_a_new_automatic_site_starts_by_itself(bench) -> None:
    port = free_port()
    one = await booted(bench, port=port)
    await one.appcmd(
        "add", "site", "/name:New", f"/bindings:http/{VIP}:{port}:new.example", "/physicalPath:E:\\web"
    )
    one.settle()
    assert (await get(VIP, port, host="new.example"))[0] == 200
    await one.iis.stop()


@asynchronous
async def test_a_site_without_web_bindings_cannot_be_started(bench) -> None:
    one = await booted(bench, "net.pipe/*", port=0)
    assert (await one.appcmd("start", "site", "One"))[0] == 4312
    assert (await one.appcmd("list", "site", "/text:state"))[1] == "Unknown\r\n"
    await one.iis.stop()


@asynchronous
async def test_of_two_sites_with_one_binding_only_one_runs(bench) -> None:
    port = free_port()
    one = bench(config(site("A", 1, f"http/{VIP}:{port}:") + site("B", 2, f"http/{VIP}:{port}:")))
    await one.iis.start()
    assert (await one.appcmd("list", "site", "/state:Started", "/text:name"))[1] == "A\r\n"
    assert (await one.appcmd("start", "site", "B"))[0] == 183
    assert [name for name, _rest in one.host.events if name == "iis.binding_conflict"]
    await one.iis.stop()


@asynchronous
async def test_an_edited_file_is_followed(bench) -> None:
    first, second = free_port(), free_port()
    one = await booted(bench, port=first)
    one.file.write_bytes(one.file.read_bytes().replace(f":{first}:".encode(), f":{second}:".encode()))
    one.host.changed()
    assert (await get(VIP, second))[0] == 200
    assert await refused(VIP, first)
    await one.iis.stop()


@asynchronous
async def test_an_address_another_process_holds_is_taken_as_soon_as_it_is_free(bench) -> None:
    port = free_port()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((VIP, port))
        other.listen()
        one = await booted(bench, port=port)
        assert [name for name, _rest in one.host.events].count("iis.address_held_elsewhere") == 1
    for _rest in range(100):
        if any(name == "iis.address_taken" for name, _rest in one.host.events):
            break
        await asyncio.sleep(0.01)
    assert (await get(VIP, port))[:2] == (200, "NODE1")
    await one.iis.stop()


@pytest.mark.skipif(may_listen_low(), reason="this user may listen on any port")
@asynchronous
async def test_a_port_without_the_right_to_it_fails_the_start_loudly(bench) -> None:
    one = await booted(bench, port=81, auto=False)
    code, text = await one.appcmd("start", "site", "One")
    assert code == 5
    assert "hresult:80070005" in text
    assert (await one.appcmd("list", "site", "/text:state"))[1] == "Stopped\r\n"
    assert any(name == "iis.listen_failed" for name, _rest in one.host.events)
    await one.iis.stop()


@asynchronous
async def test_two_hundred_bindings_on_twenty_sites_are_served(bench) -> None:
    port = free_port()
    every = "".join(
        site(f"s{n}", n, *(f"http/{SUBNET}.{n}:{port}:h{b}.example" for b in range(10)))
        for n in range(30, 50)
    )
    one = bench(config(every))
    one.host.addresses.update(f"{SUBNET}.{n}" for n in range(30, 50))
    write_content(one.host)
    await one.iis.start()
    for n in range(30, 50):
        assert (await get(f"{SUBNET}.{n}", port, host="h9.example"))[0] == 200
    await one.iis.stop()
