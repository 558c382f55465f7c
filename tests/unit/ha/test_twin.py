# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument, StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import SiteType
from ansible_collections.standby.iis.plugins.module_utils.ha.twin import (
    HIDDEN,
    Make,
    describe,
    describe_twin,
    plan_twin,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.twin_documents import (
    pool_document,
    site_document,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import (
    Application,
    Binding,
    IisConfiguration,
    IisSite,
    Pool,
    VirtualDirectory,
    parse_configuration,
)

SHOP = IisSite(
    "Shop & Co",
    3,
    True,
    "Started",
    (Binding("http", "10.0.0.50:80:"), Binding("https", "10.0.0.50:443:", 1)),
    (Application("/", "Shop", "http", (VirtualDirectory("/", "E:\\shop"),)),),
)
POOL = Pool("Shop", True, "Started", "v4.0", "Integrated", "EXAMPLE\\shop", "digest")
SOURCE = IisConfiguration((SHOP,), (POOL,))
TWIN = replace(SHOP, auto_start=False, state="Stopped")


def plan(*sites: IisSite, pools: tuple[Pool, ...] = (POOL,), source: IisConfiguration = SOURCE) -> Any:
    return plan_twin("server2", SHOP.name, source, IisConfiguration(sites, pools))


def test_a_backup_without_anything_gets_pool_and_site_under_the_same_number() -> None:
    made = plan(pools=())
    assert (made.site, made.site_id, made.pools) == (Make.CREATE, 3, (("Shop", Make.CREATE),))
    assert made.sentences == ('create application pool "Shop" on server2', "create the site on server2")


def test_a_taken_number_is_replaced_by_the_next_free_one() -> None:
    assert plan(IisSite("Other", 3, True, "Stopped"), IisSite("Third", 7, True, "Stopped")).site_id == 8


def test_a_twin_that_is_spelled_in_another_way_is_refused_with_both_spellings() -> None:
    with pytest.raises(StandbyError) as refused:
        plan(replace(TWIN, name="SHOP & co"))
    assert (refused.value.node, refused.value.resource) == ("server2", 'site "Shop & Co"')
    assert 'is called "SHOP & co" there' in str(refused.value)
    assert 'Rename "SHOP & co" on server2 to "Shop & Co"' in str(refused.value.remedy)


def test_a_twin_that_is_alike_needs_nothing() -> None:
    assert not plan(TWIN).needed
    assert not plan(replace(TWIN, id=99)).needed
    assert not plan(replace(TWIN, bindings=TWIN.bindings[::-1])).needed


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"bindings": SHOP.bindings[:1]}, "bindings"),
        ({"bindings": (SHOP.bindings[0], replace(SHOP.bindings[1], ssl_flags=0))}, "bindings"),
        ({"applications": (replace(SHOP.applications[0], pool="Other"),)}, "applications"),
        ({"applications": (*SHOP.applications, Application("/api", "Shop"))}, "applications"),
        (
            {"applications": (Application("/", "Shop", "http", (VirtualDirectory("/", "E:\\old"),)),)},
            "applications",
        ),
        (
            {
                "applications": (
                    Application("/", "Shop", "http", (VirtualDirectory("/", "E:\\shop", "", "other"),)),
                )
            },
            "applications",
        ),
    ],
)
def test_what_differs_is_replaced_under_the_number_it_has(changes: dict[str, Any], part: str) -> None:
    made = plan(replace(TWIN, id=12, **changes))
    assert (made.site, made.site_id) == (Make.REPLACE, 12)
    assert part in made.differences


def test_a_changed_password_is_noticed_and_not_shown() -> None:
    directory = VirtualDirectory("/", "E:\\shop", "EXAMPLE\\r", "one")
    original = replace(SHOP, applications=(Application("/", "Shop", "http", (directory,)),))
    other = replace(
        original, applications=(Application("/", "Shop", "http", (replace(directory, credential="two"),)),)
    )
    made = plan(
        replace(other, auto_start=False, state="Stopped"), source=IisConfiguration((original,), (POOL,))
    )
    assert made.differences == ("password of a virtual directory",)
    pool = plan(TWIN, pools=(replace(POOL, credential="other"),))
    assert pool.differences == ('pool "Shop": password',)
    assert pool.pools == (("Shop", Make.REPLACE),)
    assert "digest" not in str(describe(SHOP.name, SOURCE))
    assert describe(SHOP.name, SOURCE)["pools"]["Shop"]["password"] == HIDDEN  # type: ignore[index]


def test_a_twin_that_runs_or_starts_by_itself_is_quieted() -> None:
    made = plan(replace(TWIN, state="Started", auto_start=True))
    web = (SiteType.WEB,)
    assert (made.site, made.stop, made.clear_auto_start, made.needed) == (Make.KEEP, web, web, True)


def test_a_pool_that_another_running_site_uses_is_not_taken_away() -> None:
    neighbour = IisSite("Neighbour", 9, True, "Started", (), (Application("/", "SHOP"),))
    with pytest.raises(StandbyError) as failure:
        plan(TWIN, neighbour, pools=(replace(POOL, runtime="v2.0"),))
    assert "Neighbour" in str(failure.value)
    assert "runtime" in str(failure.value)
    assert plan(TWIN, replace(neighbour, state="Stopped"), pools=(replace(POOL, runtime="v2.0"),)).needed


def test_pools_that_exist_nowhere_are_left_alone() -> None:
    assert plan(TWIN, source=IisConfiguration((SHOP,), ())).pools == ()


def test_the_description_of_a_twin_is_that_of_the_original_at_rest() -> None:
    expected = describe(SHOP.name, SOURCE)
    assert expected is not None
    assert describe_twin(SHOP.name, SOURCE) == {**expected, "auto_start": False, "started": False}


EXPORT = (
    '<?xml version="1.0" encoding="UTF-8"?>\r\n<appcmd>'
    '<SITE SITE.NAME="Shop &amp; Co" SITE.ID="3" bindings="http/10.0.0.50:80:" state="Started">'
    '<site name="Shop &amp; Co" id="3"><bindings>'
    '<binding protocol="http" bindingInformation="10.0.0.50:80:" />'
    '</bindings><application path="/"><virtualDirectory path="/" physicalPath="E:\\магазин" '
    'userName="u" password="s3cret&amp;" /></application><logFile directory="D:\\logs" />'
    "</site></SITE></appcmd>"
).encode()
EXPORTED = replace(
    SHOP,
    applications=(
        Application(
            "/", "FromDefaults", "http,net.tcp", (VirtualDirectory("/", "E:\\магазин", "u", "digest"),)
        ),
    ),
)


def test_the_document_of_a_twin_stays_down_and_carries_what_was_inherited() -> None:
    document = site_document(EXPORT, EXPORTED, 8)
    twin = parse_configuration(document, "twin").sites[0]
    assert (twin.name, twin.id, twin.auto_start) == (SHOP.name, 8, False)
    assert (twin.applications[0].pool, twin.applications[0].protocols) == ("FromDefaults", "http,net.tcp")
    root = ElementTree.fromstring(document)
    assert root.find("SITE").get("SITE.ID") == "8"  # type: ignore[union-attr]
    directory = root.find("SITE/site/application/virtualDirectory")
    assert directory.get("password") == "s3cret&"  # type: ignore[union-attr]
    assert directory.get("physicalPath") == "E:\\магазин"  # type: ignore[union-attr]
    assert root.find("SITE/site/logFile") is not None


def test_a_twin_made_from_its_document_differs_in_nothing() -> None:
    original = parse_configuration(EXPORT, "export")
    document = site_document(EXPORT, original.sites[0], 4)
    made = plan_twin("server2", SHOP.name, original, parse_configuration(document, "twin"))
    assert (made.site, made.differences, made.pools, made.clear_auto_start) == (Make.KEEP, (), (), ())


@pytest.mark.parametrize(
    ("identity", "kind", "user"),
    [
        ("ApplicationPoolIdentity", "ApplicationPoolIdentity", None),
        ("EXAMPLE\\shop", "SpecificUser", "EXAMPLE\\shop"),
        ("SpecificUser", "SpecificUser", None),
    ],
)
def test_a_pools_identity_is_made_explicit(identity: str, kind: str, user: str | None) -> None:
    export = b'<appcmd><APPPOOL APPPOOL.NAME="Shop" state="Started"><add name="Shop" /></APPPOOL></appcmd>'
    pool = replace(POOL, identity=identity, credential="", runtime="", pipeline="Classic")
    made = ElementTree.fromstring(pool_document(export, pool)).find("APPPOOL/add")
    assert made is not None
    assert (made.get("managedRuntimeVersion"), made.get("managedPipelineMode")) == ("", "Classic")
    process = made.find("processModel")
    assert process is not None
    assert (process.get("identityType"), process.get("userName")) == (kind, user)


def test_a_password_passes_through_and_is_quoted_nowhere() -> None:
    export = (
        b'<appcmd><APPPOOL APPPOOL.NAME="Shop"><add name="Shop"><processModel identityType="SpecificUser" '
        b'userName="EXAMPLE\\shop" password="s3cret" /></add></APPPOOL></appcmd>'
    )
    assert b'password="s3cret"' in pool_document(export, POOL)
    with pytest.raises(BadDocument) as failure:
        pool_document(export, replace(POOL, name="Other"))
    assert "s3cret" not in str(failure.value)


def test_an_inherited_password_is_refused_with_where_to_put_it() -> None:
    export = b'<appcmd><APPPOOL APPPOOL.NAME="Shop"><add name="Shop" /></APPPOOL></appcmd>'
    with pytest.raises(StandbyError, match="applicationPoolDefaults"):
        pool_document(export, POOL)


@pytest.mark.parametrize("export", [b"<appcmd></appcmd>", b"<other/>", EXPORT.replace(b"Shop", b"Pohs")])
def test_what_is_not_the_export_of_the_site_is_refused(export: bytes) -> None:
    with pytest.raises(BadDocument, match="export"):
        site_document(export, EXPORTED, 1)


def test_settings_beside_have_site_and_pool_made_anew() -> None:
    backup = IisConfiguration((TWIN,), (POOL,))
    made = plan_twin("server2", SHOP.name, SOURCE, backup, ("site/limits/maxConnections",))
    assert (made.site, made.pools) == (Make.REPLACE, ())
    made = plan_twin("server2", SHOP.name, SOURCE, backup, ("pools[Shop]/queueLength",))
    assert (made.site, made.pools) == (Make.KEEP, (("Shop", Make.REPLACE),))
    made = plan_twin("server2", SHOP.name, SOURCE, backup, ("sections/system.webServer/handlers/x",))
    assert not made.needed


def test_settings_of_a_pool_that_another_running_site_uses_are_left() -> None:
    other = replace(SHOP, name="Other", id=9, state="Started")
    backup = IisConfiguration((TWIN, other), (POOL,))
    made = plan_twin("server2", SHOP.name, SOURCE, backup, ("pools[Shop]/queueLength",))
    assert not made.needed


def test_settings_are_written_out_from_what_is_in_force_and_secrets_are_not() -> None:
    export = b'<appcmd><APPPOOL APPPOOL.NAME="P"><add name="P" /></APPPOOL></appcmd>'
    force = ElementTree.fromstring(
        '<add name="P" queueLength="5"><processModel idleTimeout="00:00:00" password="digest" />'
        '<recycling><periodicRestart time="01:00:00" /></recycling></add>'
    )
    pool = Pool("P", True, "Started", "v4.0", "Integrated", "LocalSystem", element=force)
    paths = [
        "queueLength",
        "processModel/idleTimeout",
        "recycling/periodicRestart/time",
        "processModel/password",
        "cpu/limit",
    ]
    made = ElementTree.fromstring(pool_document(export, pool, paths)).find("APPPOOL/add")
    assert made is not None
    assert made.get("queueLength") == "5"
    process, restart = made.find("processModel"), made.find("recycling/periodicRestart")
    assert process is not None
    assert restart is not None
    assert (process.get("idleTimeout"), process.get("password"), restart.get("time")) == (
        "00:00:00",
        None,
        "01:00:00",
    )
    assert made.find("cpu") is None
