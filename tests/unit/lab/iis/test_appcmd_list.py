# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time

import pytest

from tests.support import six_sites
from tests.support.iis_bench import asynchronous, config, read_xml, site

TWO = config(
    site("Default Web Site", 1, "http/127.91.7.20:8081:") + site("Other", 5, auto=False),
    '<add name="DefaultAppPool" />'
    '<add name="Old" managedRuntimeVersion="v2.0" managedPipelineMode="Classic" />',
)


@asynchronous
async def test_sites_print_as_documented(bench) -> None:
    one = bench(TWO)
    await one.iis.start()
    assert await one.appcmd("list", "site") == (
        0,
        'SITE "Default Web Site" (id:1,bindings:http/127.91.7.20:8081:,state:Started)\r\n'
        'SITE "Other" (id:5,bindings:,state:Unknown)\r\n',
    )


@asynchronous
async def test_pools_print_as_documented(bench) -> None:
    one = bench(TWO)
    await one.iis.start()
    assert await one.appcmd("LIST", "AppPools") == (
        0,
        'APPPOOL "DefaultAppPool" (MgdVersion:v4.0,MgdMode:Integrated,state:Started)\r\n'
        'APPPOOL "Old" (MgdVersion:v2.0,MgdMode:Classic,state:Started)\r\n',
    )


@asynchronous
async def test_xml_names_the_object_in_attributes(bench) -> None:
    one = bench(TWO)
    await one.iis.start()
    code, text = await one.appcmd("list", "site", "default web site", "/xml")
    assert code == 0
    assert text == (
        '<?xml version="1.0" encoding="UTF-8"?>\r\n<appcmd>\r\n    <SITE SITE.NAME="Default Web Site" '
        'SITE.ID="1" bindings="http/127.91.7.20:8081:" state="Started" />\r\n</appcmd>\r\n'
    )
    _rest, pool = await one.appcmd("list", "apppool", "/apppool.name:Old", "/xml")
    assert (
        '<APPPOOL APPPOOL.NAME="Old" PipelineMode="Classic" RuntimeVersion="v2.0" state="Started" />' in pool
    )


@asynchronous
async def test_nothing_found_is_an_empty_list_and_exit_code_1(bench) -> None:
    one = bench(TWO)
    await one.iis.start()
    assert await one.appcmd("list", "site", "Nobody") == (1, "")
    code, text = await one.appcmd("list", "site", "/site.name:Nobody", "/xml")
    assert code == 1
    assert list(read_xml(text)) == []


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (["/state:Started"], ["Default Web Site"]),
        (["/state:Unknown"], ["Other"]),
        (["/id:5"], ["Other"]),
        (["/site.name:OTHER"], ["Other"]),
        (["/serverAutoStart:false"], ["Other"]),
        (["/serverAutoStart:true"], ["Default Web Site"]),
        (["/limits.connectionTimeout:00:02:00"], ["Default Web Site", "Other"]),
        (["/state:Started", "/id:5"], []),
    ],
)
@asynchronous
async def test_filters_compare_properties(bench, filters, found) -> None:
    one = bench(TWO)
    await one.iis.start()
    code, text = await one.appcmd("list", "site", *filters, "/text:name")
    assert text.split("\r\n")[:-1] == found
    assert code == (0 if found else 1)


@asynchronous
async def test_config_shows_what_is_written_and_config_star_what_holds(bench) -> None:
    one = bench(TWO)
    await one.iis.start()
    _rest, written = await one.appcmd("list", "site", "Other", "/config", "/xml")
    _rest, whole = await one.appcmd("list", "site", "Other", "/config:*", "/xml")
    explicit = read_xml(written)[0][0]
    effective = read_xml(whole)[0][0]
    assert explicit.find("limits") is None
    assert explicit.find("application").get("applicationPool") is None
    assert effective.find("application").get("applicationPool") == "DefaultAppPool"
    assert effective.find("application/virtualDirectory").get("logonMethod") == "ClearText"
    assert effective.find("limits").get("connectionTimeout") == "00:02:00"
    assert effective.find("logFile").get("logFormat") == "W3C"
    assert effective.get("serverAutoStart") == "false"


@asynchronous
async def test_passwords_of_pools_show_in_clear(bench) -> None:
    pool = (
        '<add name="P"><processModel identityType="SpecificUser" userName="u" password="s&amp;cret" /></add>'
    )
    one = bench(config("", pool))
    await one.iis.start()
    _rest, text = await one.appcmd("list", "apppool", "/config", "/xml")
    assert read_xml(text).find(".//processModel").get("password") == "s&cret"


@asynchronous
async def test_details_list_every_property(bench) -> None:
    one = bench(TWO)
    await one.iis.start()
    _rest, text = await one.appcmd("list", "apppool", "DefaultAppPool", "/text:*")
    lines = text.split("\r\n")
    assert lines[:3] == ["APPPOOL", '  APPPOOL.NAME:"DefaultAppPool"', '  PipelineMode:"Integrated"']
    assert "  [add]" in lines
    assert '    managedRuntimeVersion:"v4.0"' in lines
    assert "    [processModel]" in lines


@asynchronous
async def test_applications_and_directories_are_listed(bench) -> None:
    one = bench(TWO)
    await one.iis.start()
    assert (await one.appcmd("list", "app", "/site.name:Other"))[
        1
    ] == 'APP "Other/" (applicationPool:DefaultAppPool)\r\n'
    assert (await one.appcmd("list", "vdir", "Other/"))[1] == 'VDIR "Other/" (physicalPath:E:\\web)\r\n'
    _rest, text = await one.appcmd("list", "vdir", "/app.name:Other/", "/xml")
    assert read_xml(text)[0].attrib == {
        "VDIR.NAME": "Other/",
        "physicalPath": "E:\\web",
        "path": "/",
        "APP.NAME": "Other/",
    }


@asynchronous
async def test_a_section_prints_under_its_dashed_name(bench) -> None:
    one = bench(TWO)
    await one.iis.start()
    for name in ("sites", "system.applicationHost/sites"):
        code, text = await one.appcmd("list", "config", f"/section:{name}", "/xml")
        (section,) = read_xml(text)
        assert code == 0
        assert section.get("CONFIG.SECTION") == "system.applicationHost/sites"
        assert [child.get("name") for child in section[0].findall("site")] == ["Default Web Site", "Other"]
    code, text = await one.appcmd("list", "config", "/section:nonsense")
    assert code == 87
    assert text.startswith('ERROR ( message:Unknown config section "nonsense".')


@pytest.mark.parametrize("count", [129, 400])
@asynchronous
async def test_a_site_with_many_bindings_cannot_be_listed(bench, count) -> None:
    many = [f"http/*:80:host{number}.example.com" for number in range(count)]
    one = bench(config(site("First", 1, "http/*:81:", auto=False) + site("Many", 2, *many, auto=False)))
    await one.iis.start()
    for extra in ([], ["/xml"], ["/config:*", "/xml"]):
        code, text = await one.appcmd("list", "site", *extra)
        assert code == 122
        assert "First" in text
        assert "ERROR ( hresult:8007007a, message:Failed to generate item output.\r\n" in text
    assert await one.appcmd("list", "site", "/text:name") == (0, "First\r\nMany\r\n")
    assert await one.appcmd("list", "site", "Many", "/text:state") == (0, "Stopped\r\n")
    code, text = await one.appcmd("list", "config", "/section:sites", "/xml")
    assert code == 0
    assert text.count("<binding ") == count + 1


@asynchronous
async def test_one_hundred_and_twenty_eight_short_bindings_are_listed(bench) -> None:
    many = [f"http/*:80:host{number}.example.com" for number in range(128)]
    one = bench(config(site("Many", 2, *many, auto=False)))
    await one.iis.start()
    assert (await one.appcmd("list", "site"))[0] == 0


@asynchronous
async def test_five_hundred_sites_of_ten_bindings_are_listed_without_quadratic_work(bench) -> None:
    every = "".join(
        site(
            f"site{n}", n, *(f"http/10.1.{n % 250}.{n // 250}:80:h{b}.example" for b in range(10)), auto=False
        )
        for n in range(1, 501)
    )
    one = bench(config(every))
    await one.iis.start()
    begun = time.process_time()
    code, text = await one.appcmd("list", "site", "/config:*", "/xml")
    assert code == 0
    assert len(read_xml(text)) == 500
    # Quadratic work would take minutes; the processor's own time is not disturbed by other work.
    assert time.process_time() - begun < 10.0


@pytest.mark.skipif(not six_sites.SIX_SITES.exists(), reason="../shared/data/iis is not here")
@asynchronous
async def test_the_six_production_sites_are_listed_whole(bench) -> None:
    one = bench(six_sites.for_lab(six_sites.read()).encode())
    await one.iis.start()
    _rest, text = await one.appcmd("list", "site", "/config:*", "/xml")
    root = read_xml(text)
    assert tuple(one.get("SITE.NAME") for one in root) == six_sites.NAMES
    addresses = {b.get("bindingInformation") for b in root.iter("binding") if b.get("protocol") == "http"}
    assert addresses == {f"127.16.32.{octet}:8080:" for octet in six_sites.LAST_OCTETS}
    assert len(list(root.iter("virtualDirectory"))) == 61
    states = {one.get("SITE.NAME"): one.get("state") for one in root}
    assert states["press.example.net"] == "Started"
    assert states["survey.example.net"] == "Stopped"
    await one.iis.stop()
