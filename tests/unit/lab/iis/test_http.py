# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.iis.http import BadRequestError, host_name, parse_head, safe_path


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/", "/"),
        ("/a//b/./c", "/a/b/c"),
        ("/a/b/../c/", "/a/c/"),
        ("/%D0%BA%D0%BE%D1%82", "/кот"),
        ("/a\\b", "/a/b"),
        ("/a%20b", "/a b"),
    ],
)
def test_paths_are_decoded_and_resolved(target: str, path: str) -> None:
    assert safe_path(target) == path


@pytest.mark.parametrize(
    "target",
    ["/..", "/../x", "/a/../../x", "/%2e%2e/x", "/..%5cx", "/a%00b", "/c:/x", "x", "/%ff", "/a%2525", "/a|b"],
)
def test_paths_that_leave_the_site_or_name_no_file_are_refused(target: str) -> None:
    with pytest.raises(BadRequestError):
        safe_path(target)


@given(st.text(max_size=60))
def test_no_path_ever_climbs(text: str) -> None:
    try:
        path = safe_path("/" + text)
    except BadRequestError:
        return
    assert ".." not in path.split("/")
    assert "\\" not in path


def test_the_host_header_loses_port_brackets_and_case() -> None:
    assert host_name("WWW.Example.com:8080") == "www.example.com"
    assert host_name("[fe80::1]:80") == "fe80::1"


@pytest.mark.parametrize(
    "head", [b"", b"GET /\r\n\r\n", b"hello world\r\n\r\n", b"GET / HTTP/1.1\r\nbad\r\n\r\n"]
)
def test_what_is_no_request_is_refused(head: bytes) -> None:
    with pytest.raises(BadRequestError):
        parse_head(head)
