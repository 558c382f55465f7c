# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import xml.etree.ElementTree as ET  # an independent reading of what was written

import pytest

from tests.support import six_sites
from tests.support.iis_bench import asynchronous, config, read_xml, site

ONE = config(site("One", 1, "http/127.91.7.20:8081:", auto=False))
QUOTED = 'it\'s "quoted" & 50 % ^ <b>'
STRANGE = [QUOTED, "сайт 網站 موقع", "🦊 site", "x" * 200, "a  b", "%PATH%", "^&|"]


def sites(bench) -> dict[str, ET.Element]:
    return {one.get("name"): one for one in read_xml(bench.file.read_bytes()).iter("site")}


@asynchronous
async def test_a_site_is_added_with_what_it_needs(bench) -> None:
    one = bench(ONE)
    await one.iis.start()
    added = await one.appcmd(
        "add",
        "site",
        "/name:Two",
        "/bindings:http/*:8082:,https/*:8443:h",
        "/physicalPath:E:\\two",
        "/serverAutoStart:false",
    )
    assert added == (0, 'SITE object "Two" added\r\nAPP object "Two/" added\r\nVDIR object "Two/" added\r\n')
    two = sites(one)["Two"]
    assert two.get("id") == "2"
    assert two.get("serverAutoStart") == "false"
    assert [b.get("bindingInformation") for b in two.iter("binding")] == ["*:8082:", "*:8443:h"]
    assert two.find("application/virtualDirectory").get("physicalPath") == "E:\\two"


@asynchronous
async def test_changes_leave_the_rest_of_the_file_as_it_was(bench) -> None:
    one = bench(ONE)
    await one.iis.start()
    await one.appcmd("add", "site", "/name:Two")
    await one.appcmd("add", "apppool", "/name:P", "/managedRuntimeVersion:v2.0")
    await one.appcmd("set", "site", "Two", "/serverAutoStart:false")
    await one.appcmd("delete", "site", "Two")
    await one.appcmd("delete", "apppool", "P")
    assert one.file.read_bytes() == ONE


@pytest.mark.skipif(not six_sites.SIX_SITES.exists(), reason="../shared/data/iis is not here")
@asynchronous
async def test_one_attribute_of_a_production_file_is_one_changed_line(bench) -> None:
    before = six_sites.SIX_SITES.read_bytes()
    one = bench(before)
    await one.iis.start()
    assert (await one.appcmd("set", "site", "/site.name:ORDERS", "/serverAutoStart:false"))[0] == 0
    was, now = before.split(b"\r\n"), one.file.read_bytes().split(b"\r\n")
    assert [(a, b) for a, b in zip(was, now, strict=True) if a != b] == [
        (
            b'            <site name="ORDERS" id="2" serverAutoStart="true">',
            b'            <site name="ORDERS" id="2" serverAutoStart="false">',
        )
    ]
    await one.iis.stop()


@pytest.mark.parametrize("name", STRANGE)
@asynchronous
async def test_names_of_any_script_are_added_found_changed_exported_and_imported(bench, name) -> None:
    one = bench(ONE)
    await one.iis.start()
    assert (await one.appcmd("add", "site", f"/name:{name}", "/id:77", "/serverAutoStart:false"))[0] == 0
    assert (await one.appcmd("list", "site", f"/site.name:{name}", "/text:name"))[1] == f"{name}\r\n"
    assert (await one.appcmd("set", "site", f"/site.name:{name}", "/serverAutoStart:true"))[0] == 0
    _rest, document = await one.appcmd("list", "site", f"/site.name:{name}", "/config", "/xml")
    assert (await one.appcmd("delete", "site", f"/site.name:{name}"))[0] == 0
    assert (await one.appcmd("add", "site", "/in", stdin=document.encode()))[0] == 0
    assert sites(one)[name].get("id") == "77"


@pytest.mark.parametrize("name", ["a/b", "a\\b", "what?"])
@asynchronous
async def test_names_no_url_path_can_hold_are_refused(bench, name) -> None:
    one = bench(ONE)
    await one.iis.start()
    code, text = await one.appcmd("add", "site", f"/name:{name}")
    assert code == 13
    assert "hresult:8007000d" in text
    assert one.file.read_bytes() == ONE


@pytest.mark.parametrize("name", ["a|b", "<a>", "a&b", 'a"b'])
@asynchronous
async def test_pool_names_with_reserved_letters_are_refused(bench, name) -> None:
    one = bench(ONE)
    await one.iis.start()
    assert (await one.appcmd("add", "apppool", f"/name:{name}"))[0] == 13


@asynchronous
async def test_what_exists_is_not_added_again(bench) -> None:
    one = bench(ONE)
    await one.iis.start()
    for arguments in (
        ["site", "/name:ONE"],
        ["site", "/name:Two", "/id:1"],
        ["apppool", "/name:DefaultAppPool"],
    ):
        code, text = await one.appcmd("add", *arguments)
        assert code == 183
        assert text.startswith("ERROR ( message:Failed to add duplicate collection element ")
    _rest, document = await one.appcmd("list", "site", "/config", "/xml")
    assert (await one.appcmd("add", "site", "/in", stdin=document.encode()))[0] == 183
    assert one.file.read_bytes() == ONE


@pytest.mark.parametrize("verb", ["delete", "set", "start", "stop"])
@pytest.mark.parametrize("kind", ["site", "apppool"])
@asynchronous
async def test_what_is_not_there_is_1168(bench, verb, kind) -> None:
    one = bench(ONE)
    await one.iis.start()
    assert await one.appcmd(verb, kind, "Nobody") == (
        1168,
        f'ERROR ( message:Cannot find {kind.upper()} object with identifier "Nobody". )\r\n',
    )


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"not xml",
        b"<appcmd>",
        b"<appcmd></appcmd>",
        b"<other/>",
        b'<appcmd><SITE SITE.NAME="x" /></appcmd>',
        b'<appcmd><SITE SITE.NAME="x"><site name="x" /></SITE></appcmd>',
        b'<appcmd><SITE SITE.NAME="x"><site name="x" id="9" brandNew="1" /></SITE></appcmd>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><appcmd><SITE><site name="&b;" id="9" /></SITE></appcmd>',
    ],
)
@asynchronous
async def test_bad_imports_are_invalid_data(bench, document) -> None:
    one = bench(ONE)
    await one.iis.start()
    code, text = await one.appcmd("add", "site", "/in", stdin=document)
    assert code == 13
    assert (
        text
        == "ERROR ( hresult:8007000d, message:Command execution failed.\r\nThe data is invalid.\r\n )\r\n"
    )
    assert one.file.read_bytes() == ONE


@asynchronous
async def test_a_pool_is_exported_and_imported_with_its_password(bench) -> None:
    pool = (
        '<add name="P"><processModel identityType="SpecificUser" userName="u" password="s&amp;cret" /></add>'
    )
    one = bench(config("", pool))
    await one.iis.start()
    _rest, document = await one.appcmd("list", "apppool", "/config", "/xml")
    await one.appcmd("delete", "apppool", "P")
    assert await one.appcmd("add", "apppool", "/in", stdin=document.encode()) == (
        0,
        'APPPOOL object "P" added\r\n',
    )
    assert read_xml(one.file.read_bytes()).find(".//processModel").get("password") == "s&cret"


@asynchronous
async def test_bindings_are_added_changed_and_removed(bench) -> None:
    one = bench(ONE)
    await one.iis.start()
    new = "protocol='https',bindingInformation='*:443:it''s'"
    assert await one.appcmd("set", "site", "One", f"/+bindings.[{new}]") == (
        0,
        'SITE object "One" changed\r\n',
    )
    assert (await one.appcmd("set", "site", "One", f"/+bindings.[{new}]"))[0] == 183
    assert (await one.appcmd("set", "site", "One", f"/bindings.[{new}].sslFlags:1"))[0] == 0
    assert sites(one)["One"].findall(".//binding")[1].attrib == {
        "protocol": "https",
        "bindingInformation": "*:443:it's",
        "sslFlags": "1",
    }
    assert (await one.appcmd("set", "site", "One", f"/-bindings.[{new}]"))[0] == 0
    assert (await one.appcmd("set", "site", "One", f"/-bindings.[{new}]"))[0] == 1168


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["frob", "site"], 87, 'The "frob" command is not supported'),
        (["list", "frob"], 87, "Object 'FROB' is not supported.  Run 'appcmd.exe /?'"),
        (["list", "site", "One", "more"], 87, "must begin with a / or - (HRESULT=80070057)."),
        (["list", "site", "/bogus:1"], 87, 'Unknown attribute "bogus".  Replace with -? for help.'),
        (["set", "site", "One", "/bogus:1"], 87, 'Unknown attribute "bogus".'),
        (["set", "site", "One", "/+bindings.[nonsense]"], 87, "Malformed collection indexer"),
        (["delete", "site"], 87, "Must use exact identifer for SITE object with verb DELETE."),
        (["add", "site"], 87, "New site object missing required attributes."),
        (["list"], 87, "Failed to process input"),
    ],
)
@asynchronous
async def test_what_it_does_not_know_it_refuses_loudly(bench, arguments, code, said) -> None:
    one = bench(ONE)
    await one.iis.start()
    actual, text = await one.appcmd(*arguments)
    assert actual == code
    assert said in text
    assert one.file.read_bytes() == ONE


@pytest.mark.parametrize(
    "arguments",
    [
        ["set", "vdir", "One/"],
        ["set", "site", "One", "/serverAutoStart:maybe"],
        ["set", "site", "One", "/limits.maxBandwidth:-5"],
        ["set", "site", "One", "/limits.maxBandwidth:4294967296"],
        ["set", "site", "One", "/limits.connectionTimeout:120"],
        ["set", "site", "One", "/id:one"],
        ["set", "site", "One", "/+bindings.[protocol='http',bindingInformation='*:1:',sslFlags='sni']"],
        ["set", "apppool", "DefaultAppPool", "/enable32BitAppOnWin64:maybe"],
        ["set", "apppool", "DefaultAppPool", "/processModel.identityType:Nobody"],
        ["add", "site", "/name:Two", "/serverAutoStart:"],
        ["add", "site", "/name:Two", "/in"],
        ["add", "site", "Two", "/in"],
        ["start", "site", "One", "/bogus:1"],
        ["delete", "site", "One", "/bogus:1"],
        ["set", "site", "One", "/serverAutoStart:true", "/commit:nowhere"],
        ["set", "site", "One", "/serverAutoStart:true", "/xml"],
        ["list", "site", "/commit:nowhere"],
        ["list", "site", "/config:garbage"],
        ["list", "site", "/in"],
        ["list", "site", "/text:"],
        ["list", "site", "/text:name", "/xml"],
        ["list", "site", "/section:sites"],
        ["list", "config", "One", "/section:sites"],
        ["list", "config", "/section:sites", "/bogus:1"],
        ["list", "apppool", "/state:Weird"],
        ["list", "site", "/id:abc"],
        ["list", "site", "/site.id:abc"],
        ["list", "site", "/serverAutoStart:maybe"],
    ],
)
@asynchronous
async def test_what_no_contract_answers_is_not_guessed_and_is_recorded(bench, arguments) -> None:
    one = bench(ONE)
    await one.iis.start()
    code, text = await one.appcmd(*arguments)
    assert code == 50
    assert text.startswith("ERROR ( message:The lab does not emulate ")
    assert [details["kind"] for event, details in one.host.events if event == "unknown-request"] == ["appcmd"]
    assert one.file.read_bytes() == ONE


@asynchronous
async def test_an_import_of_values_of_another_type_is_not_guessed(bench) -> None:
    one = bench(ONE)
    await one.iis.start()
    _rest, document = await one.appcmd("list", "site", "One", "/config", "/xml")
    wrong = document.replace('serverAutoStart="false"', 'serverAutoStart="no"').replace("One", "Two")
    code, text = await one.appcmd("add", "site", "/in", stdin=wrong.encode())
    assert (code, "site@serverAutoStart" in text) == (50, True)
    assert one.file.read_bytes() == ONE


@pytest.mark.parametrize(
    ("kind", "name", "parameter"),
    [
        ("site", "One", "/limits.maxBandwidth:4294967295"),
        ("site", "One", "/limits.connectionTimeout:00:03:00"),
        ("site", "One", "/logFile.period:Weekly"),
        ("apppool", "DefaultAppPool", "/processModel.idleTimeout:1.00:00:00"),
        ("apppool", "DefaultAppPool", "/startMode:AlwaysRunning"),
        ("apppool", "DefaultAppPool", "/managedRuntimeVersion:"),
    ],
)
@asynchronous
async def test_values_of_their_type_are_set(bench, kind, name, parameter) -> None:
    one = bench(ONE)
    await one.iis.start()
    assert (await one.appcmd("set", kind, name, parameter, "/commit:apphost"))[0] == 0
    assert one.file.read_bytes() != ONE


@asynchronous
async def test_another_language_changes_the_words_and_not_the_codes(bench) -> None:
    one = bench(ONE, localized=True)
    await one.iis.start()
    code, text = await one.appcmd("delete", "site", "Nobody")
    assert code == 1168
    assert "Cannot find" not in text
    code, text = await one.appcmd("add", "site", "/in", stdin=b"x")
    assert code == 13
    assert text.startswith("ERROR ( hresult:8007000d, message:")
    assert "data is invalid" not in text


@asynchronous
async def test_a_broken_file_is_invalid_data_and_a_missing_one_not_found(bench) -> None:
    one = bench(ONE)
    await one.iis.start()
    one.file.write_bytes(ONE[:200])
    code, text = await one.appcmd("list", "site")
    assert code == 13
    assert "applicationHost.config" in text
    one.file.unlink()
    assert (await one.appcmd("list", "site"))[0] == 1168


@asynchronous
async def test_help_is_given(bench) -> None:
    one = bench(ONE)
    await one.iis.start()
    for arguments in ([], ["/?"], ["list", "site", "/?"]):
        code, text = await one.appcmd(*arguments)
        assert code == 0
        assert text.startswith("General purpose IIS command line administration tool.")
