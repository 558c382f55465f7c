# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

import pytest

from lab.iis import content
from lab.iis.document import parse
from lab.iis.model import read
from tests.support import six_sites
from tests.support.iis_bench import asynchronous


def test_the_demo_has_what_a_production_server_has() -> None:
    data = content.as_windows_writes(content.TWO_NODES_CONFIG.read_bytes())
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n")
    configuration = read(parse(data))
    bindings = [binding for one in configuration.sites for binding in one.bindings]
    web = [binding.endpoint for binding in bindings if binding.is_web]
    subnet = ipaddress.ip_network("127.77.1.0/24")
    assert {one.auto_start for one in configuration.sites} == {True, False}
    assert {one.protocol for one in bindings} >= {"http", "https", "net.tcp", "net.pipe"}
    assert {port for _rest, port, _rest in web} == {8080, 8443}
    assert all(
        ipaddress.ip_address(address) in subnet or address == "127.0.0.1" for address, _rest, _rest in web
    )
    pools = {application.pool for one in configuration.sites for application in one.applications}
    assert all(configuration.pool(name) for name in pools)
    folders = {
        d.physical_path[:2] for one in configuration.sites for a in one.applications for d in a.directories
    }
    assert folders == {"E:", "C:", "%S"}


def test_installing_twice_keeps_what_is_there(host) -> None:
    file = content.install(host, b"<configuration />")
    assert content.install(host) == file
    assert file.read_bytes() == content.as_windows_writes(b"<configuration />")
    assert b"configurationRedirection" in (file.parent / "redirection.config").read_bytes()


def test_every_reachable_folder_gets_a_page_and_pages_there_already_stay(host) -> None:
    content.install(host, content.TWO_NODES_CONFIG.read_bytes())
    page = host.local_path("E:\\LIBRARY3\\index.html")
    page.parent.mkdir(parents=True)
    page.write_text("mine")
    written = content.write_content(host)
    assert page.read_text() == "mine"
    assert host.local_path("C:\\inetpub\\aspnet_client\\index.html") in written
    assert content.write_content(host) == []


def test_folders_of_an_offline_volume_get_no_page(host) -> None:
    host.online.discard("E")
    content.install(host, content.TWO_NODES_CONFIG.read_bytes())
    written = content.write_content(host)
    assert written
    assert all((host.drives / "C") in page.parents for page in written)


@asynchronous
async def test_the_demo_boots_and_starts_its_automatic_sites(bench) -> None:
    one = bench(content.TWO_NODES_CONFIG.read_bytes())
    await one.iis.start()
    assert (await one.appcmd("list", "site", "/state:Started", "/text:name"))[
        1
    ] == "shop.example.net\r\nLIBRARY\r\n"
    assert (await one.appcmd("list", "apppool", "archive.example.net", "/text:state"))[1] == "Stopped\r\n"
    await one.iis.stop()


@asynchronous
async def test_an_iis_without_sites_boots(bench) -> None:
    one = bench(content.DEFAULT_CONFIG.read_bytes())
    await one.iis.start()
    assert await one.appcmd("list", "site") == (1, "")
    added = await one.appcmd("add", "site", "/name:First", "/bindings:http/*:8080:")
    assert added == (0, 'SITE object "First" added\r\n')
    await one.iis.stop()


@pytest.mark.skipif(not six_sites.SIX_SITES.exists(), reason="../shared/data/iis is not here")
def test_the_six_sites_move_to_the_lab_and_nothing_else_changes() -> None:
    before = six_sites.read()
    after = six_sites.for_lab(before, "127.55.6")
    sites = read(parse(after.encode())).sites
    addresses = [one.web_bindings[0].endpoint[:2] for one in sites]
    assert addresses == [(f"127.55.6.{octet}", 8080) for octet in six_sites.LAST_OCTETS]
    assert 'bindingInformation="127.0.0.1:8443:"' in after
    assert 'bindingInformation="808:*"' in after
    changed = sum(1 for a, b in zip(before.split("\n"), after.split("\n"), strict=True) if a != b)
    assert changed == after.count('protocol="http"') + after.count('protocol="https"')
