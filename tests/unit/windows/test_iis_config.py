# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import tracemalloc
from codecs import BOM_UTF8
from pathlib import Path
from time import process_time
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import (
    Binding,
    parse_configuration,
    parse_redirection,
)

REPOSITORY = Path(__file__).resolve().parents[3]
# With the byte order mark that IIS writes; the file is kept without.
MIXED = BOM_UTF8 + (REPOSITORY / "tests/fixtures/iis/mixed.applicationHost.config").read_bytes()
SIX_SITES = REPOSITORY.parent / "shared/data/iis/six-sites.applicationHost.config"

ODD_NAMES = [
    'Say "hi"',
    "Shop & Co",
    "100%",
    "a^b",
    "Магазин",
    "商店",
    "🛒 basket",
    "x" * 200,
    "it's <here>",
]


def answer(*sites: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\r\n<appcmd>\r\n{"".join(sites)}</appcmd>\r\n'.encode()


def site(name: str, bindings: str = "", state: str = "Started", number: int = 7) -> str:
    quoted = quoteattr(name)
    return (
        f'<SITE SITE.NAME={quoted} SITE.ID="{number}" bindings="" state="{state}">'
        f'<site name={quoted} id="{number}" serverAutoStart="false"><bindings>{bindings}</bindings>'
        '<application path="/" applicationPool="P"><virtualDirectory path="/" physicalPath="E:\\x" />'
        "</application></site></SITE>"
    )


def test_whole_file_with_byte_order_mark_comments_and_locations_is_read() -> None:
    found = parse_configuration(MIXED, "mixed")
    assert [one.name for one in found.sites] == ["Shop & Co", "Files", "Everywhere", "Local only", "Fixed"]
    assert [one.name for one in found.pools] == ["DefaultAppPool", "Shop", "Legacy"]
    shop = found.sites[0]
    assert (shop.id, shop.auto_start, shop.state, shop.has_ftp) == (1, True, "Unknown", True)
    assert shop.bindings[1] == Binding("HTTPS", "10.0.0.50:443:shop.example.net", 33)
    assert shop.applications[1].protocols == "http,net.tcp"


def test_defaults_beside_the_sites_apply_to_them_and_are_no_sites() -> None:
    found = parse_configuration(MIXED, "mixed")
    assert found.sites[1].auto_start is False
    assert found.sites[2].auto_start is True
    assert found.sites[2].applications[0].pool == "DefaultAppPool"
    legacy = found.pools[2]
    assert (legacy.runtime, legacy.pipeline, legacy.identity) == ("v2.0", "Classic", "NetworkService")


def test_nearest_default_wins() -> None:
    document = b"""<configuration><system.applicationHost><sites>
      <site name="a" id="1"><application path="/"/></site>
      <site name="b" id="2"><applicationDefaults applicationPool="own"/><application path="/"/></site>
      <siteDefaults serverAutoStart="false"><applicationDefaults applicationPool="site"/></siteDefaults>
      <applicationDefaults applicationPool="section" enabledProtocols="http,net.pipe"/>
    </sites></system.applicationHost></configuration>"""
    first, second = parse_configuration(document, "d").sites
    assert (first.auto_start, first.applications[0].pool) == (False, "site")
    assert first.applications[0].protocols == "http,net.pipe"
    assert second.applications[0].pool == "own"


def test_six_real_sites_are_read_whole() -> None:
    if not SIX_SITES.exists():
        pytest.skip(f"{SIX_SITES.name} is not beside this checkout")
    found = parse_configuration(SIX_SITES.read_bytes(), "six sites")
    assert [one.id for one in found.sites] == [1, 2, 1563995918, 4, 5, 6]
    directories = [d for s in found.sites for a in s.applications for d in a.virtual_directories]
    assert len(directories) == 61
    assert [one.auto_start for one in found.sites] == [True, True, False, False, True, True]
    assert found.pool("orders") == found.pools[5]


def test_answers_of_appcmd_carry_the_state_and_nested_configuration() -> None:
    found = parse_configuration(
        answer(site("Shop", '<binding protocol="http" bindingInformation="10.0.0.1:80:" sslFlags="0" />')),
        "answer",
    )
    assert found.sites[0].state == "Started"
    assert found.sites[0].bindings == (Binding("http", "10.0.0.1:80:"),)
    assert found.sites[0].applications[0].virtual_directories[0].physical_path == "E:\\x"


def test_pool_answers_take_what_the_summary_says_is_in_effect() -> None:
    found = parse_configuration(
        answer(
            '<APPPOOL APPPOOL.NAME="P" PipelineMode="Classic" RuntimeVersion="v4.0" state="Stopped">'
            '<add name="P"><processModel identityType="SpecificUser" userName="D\\u" password="s3cret" />'
            "</add></APPPOOL>"
        ),
        "answer",
    )
    pool = found.pools[0]
    assert (pool.state, pool.runtime, pool.pipeline, pool.identity) == ("Stopped", "v4.0", "Classic", "D\\u")


def test_a_section_listed_as_config_holds_the_same_sites() -> None:
    binding = '<binding protocol="http" bindingInformation="*:80:"/>'
    inner = f'<site name="S" id="3"><bindings>{binding}</bindings></site>'
    document = answer(
        f'<CONFIG CONFIG.SECTION="system.applicationHost/sites" path="MACHINE/WEBROOT/APPHOST">'
        f"<system.applicationHost-sites>{inner}<siteDefaults serverAutoStart='false' />"
        "</system.applicationHost-sites></CONFIG>"
    )
    assert parse_configuration(document, "section").sites[0].auto_start is False


def test_nothing_found_is_an_empty_configuration() -> None:
    assert parse_configuration(b"<appcmd></appcmd>", "answer").sites == ()


def test_passwords_are_compared_but_never_shown() -> None:
    shop, other = (
        parse_configuration(MIXED.replace(b"hunter2", word), "m") for word in (b"hunter2", b"hunter3")
    )
    assert "hunter2" not in repr(shop)
    assert shop != other
    assert shop == parse_configuration(MIXED, "m")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_of_any_kind_survive(name: str) -> None:
    assert parse_configuration(answer(site(name)), "answer").sites[0].name == name


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=60).filter(
        lambda text: "\ufffe" not in text and "\uffff" not in text
    )
)
def test_every_printable_name_survives(name: str) -> None:
    assert parse_configuration(answer(site(name)), "answer").sites[0].name == name


def test_two_hundred_bindings_on_a_site_are_all_read() -> None:
    bindings = "".join(
        f'<binding protocol="http" bindingInformation="10.0.0.1:{n}:" />' for n in range(1, 201)
    )
    assert len(parse_configuration(answer(site("Many", bindings)), "answer").sites[0].bindings) == 200


def test_five_hundred_sites_of_ten_bindings_are_read_quickly_and_leanly() -> None:
    bindings = "".join(
        f'<binding protocol="http" bindingInformation="10.0.0.1:80:h{n}.example.net" />' for n in range(10)
    )
    document = answer(*(site(f"Site {n}", bindings, number=n + 1) for n in range(500)))
    start = process_time()
    found = parse_configuration(document, "answer")
    seconds = process_time() - start
    tracemalloc.start()
    parse_configuration(document, "answer")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.sites) == 500
    assert seconds < 10
    assert peak < 40 * len(document)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"", "empty"),
        (answer(site("x"))[:-40], "line"),
        (MIXED[:-200], "line"),
        (b"ERROR ( hresult:8007000d, message:... )", "line 1"),
        (b"<other/>", "expected the root element appcmd or configuration, found other"),
        (b"<configuration/>", "expected system.applicationHost"),
        (b"<appcmd><VDIR/></appcmd>", "expected SITE, APPPOOL or CONFIG"),
        (b'<appcmd><SITE SITE.NAME="x"/></appcmd>', "expected the attribute SITE.ID"),
        (answer(site("x").replace('id="7"', 'id="seven"')), "expected a number, found 'seven'"),
        (
            answer(site("x").replace('"false"', '"perhaps"')),
            'site "x" serverAutoStart: expected true or false',
        ),
        (answer(site("x", '<binding protocol="http" />')), "expected the attribute bindingInformation"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><appcmd/>', "document type"),
    ],
)
def test_bad_documents_are_refused_with_their_name_and_place(document: bytes, said: str) -> None:
    with pytest.raises(BadDocument) as failure:
        parse_configuration(document, "answer of server1")
    assert "answer of server1" in str(failure.value)
    assert said in str(failure.value)


def test_an_entity_bomb_is_refused_before_it_grows() -> None:
    bomb = (
        b'<!DOCTYPE l [<!ENTITY a "'
        + b"x" * 10
        + b'">'
        + b"".join(b'<!ENTITY a%d "%s">' % (n, (b"&a%d;" % (n - 1) if n else b"&a;") * 10) for n in range(12))
        + b"]><appcmd>&a11;</appcmd>"
    )
    with pytest.raises(BadDocument):
        parse_configuration(bomb, "bomb")


@pytest.mark.parametrize(
    ("section", "folder"),
    [
        (
            '<configurationRedirection enabled="true" path="\\\\nas\\iis" userName="u" password="p" />',
            "\\\\nas\\iis",
        ),
        ('<configurationRedirection enabled="false" path="\\\\nas\\iis" />', None),
        ("<configurationRedirection />", None),
        ("", None),
    ],
)
def test_redirection_is_told(section: str, folder: str | None) -> None:
    document = f"<configuration><configSections/>{section}</configuration>".encode()
    assert parse_redirection(document, "redirection.config") == folder
