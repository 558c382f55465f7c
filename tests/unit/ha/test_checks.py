# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.checks import (
    ANSWERED,
    derive_checks,
    refuse_unfit,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import (
    Application,
    Binding,
    IisSite,
)

FLOATING = ("10.0.0.50", "2001:db8::50")


def site(*bindings: str) -> IisSite:
    listed = tuple(Binding(*text.split(" ", 1)) for text in bindings)
    return IisSite("S", 1, True, "Started", listed, (Application("/", "P"), Application("/api", "Q")))


def urls(*bindings: str) -> list[tuple[str, str | None]]:
    made = derive_checks(site(*bindings), FLOATING)
    assert all(check.status == ANSWERED and not check.verify for check in made)
    return [(check.url, check.host) for check in made]


def test_one_check_for_each_address_and_port_by_its_first_host() -> None:
    assert urls(
        "http 10.0.0.50:80:a.example",
        "http 10.0.0.50:80:b.example",
        "https 10.0.0.50:443:",
        "http 10.0.0.50:8080:",
        "HTTPS [2001:DB8::50]:443:",
    ) == [
        ("http://10.0.0.50/", "a.example"),
        ("https://10.0.0.50/", None),
        ("http://10.0.0.50:8080/", None),
        ("https://[2001:db8::50]/", None),
    ]


def test_a_wildcard_host_is_asked_for_by_a_name_it_covers() -> None:
    assert urls("https 10.0.0.50:443:*.example.net") == [("https://10.0.0.50/", "www.example.net")]


def test_bindings_that_say_nothing_about_a_move_are_left_out() -> None:
    assert urls("http 127.0.0.1:80:", "http *:80:", "net.tcp 808:*", "ftp *:21:", "http nonsense") == []


def test_a_missing_page_is_not_taken_for_an_answer_of_the_site() -> None:
    assert 404 not in ANSWERED
    assert {200, 302, 401} <= set(ANSWERED)


def test_a_site_whose_root_has_no_pool_gets_no_check() -> None:
    assert derive_checks(site("http 10.0.0.50:80:"), FLOATING, ("P",)) == ()
    assert derive_checks(site("http 10.0.0.50:80:"), FLOATING, ("Q",)) != ()


@pytest.mark.parametrize(
    ("bounds", "problem"),
    [
        ({"timeout": 0.0}, "timeout is 0 s and has to be positive"),
        ({"timeout": float("nan")}, "timeout is nan s and has to be positive"),
        ({"latency": 0.0}, "latency is 0 s and has to be positive"),
        ({"latency": 6.0, "timeout": 5.0}, "latency is 6 s and must not exceed timeout, 5 s"),
        ({"certificate_days": -1.0}, "certificate_days is -1 and must not be negative"),
    ],
)
def test_a_bound_that_cannot_be_kept_is_refused_with_both_sides(bounds, problem) -> None:
    with pytest.raises(StandbyError, match=problem):
        refuse_unfit(Check("http://10.0.0.50/", **bounds), 'site "Shop"')


def test_bounds_that_can_be_kept_are_taken() -> None:
    refuse_unfit(Check("http://10.0.0.50/"), "site")
    refuse_unfit(Check("http://10.0.0.50/", timeout=5.0, latency=5.0, certificate_days=0.0), "site")
