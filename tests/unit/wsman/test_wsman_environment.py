# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of many nodes are made and used side by side, and none meddles with the environment of others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.standby.iis.plugins.module_utils.wsman import session
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection

NODE = Connection("server1", "192.0.2.11", username="u", password="p")


@pytest.mark.parametrize("proxy", [None, "http://192.0.2.1:3128"])
def test_a_session_that_is_there_asks_nothing_of_the_environment(monkeypatch, proxy):
    monkeypatch.setenv("https_proxy", "http://192.0.2.99:3128")
    protocol = session._protocol(Connection("server1", "192.0.2.11", username="u", password="p", proxy=proxy))
    session._build(protocol)
    made = protocol.transport.session

    assert made is not None
    assert not made.trust_env
    assert made.proxies.get("https") == proxy


def test_many_threads_make_sessions_at_once():
    def make(_number: int) -> bool:
        protocol = session._protocol(NODE)
        session._build(protocol)
        return protocol.transport.session is not None

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(make, range(400)))
