# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors about mirrors and records that nobody expects say what to do next, too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.dns_client import Refused, ask
from ansible_collections.standby.iis.plugins.module_utils.control.mirrors import ends_from, mirror_of
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.dns import validated
from ansible_collections.standby.iis.plugins.module_utils.ha.mirror import MAKE_AGAIN
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Dns, Ip
from tests.support.mirror_world import MIRROR

RECORD = Dns("www.example.com", "example.com", "10.1.0.50", ("192.0.2.53",), 30)


@pytest.mark.parametrize(
    ("ask_for", "node"),
    [
        (lambda: ends_from(MIRROR, "server9"), "server9"),
        (lambda: ends_from(replace(MIRROR, mirror=None), "server1"), "server1"),
        (lambda: mirror_of(replace(MIRROR, mirror=None)), None),
    ],
)
def test_what_is_not_mirrored_is_made_again(ask_for, node):
    with pytest.raises(StandbyError, match="is not mirrored") as refused:
        ask_for()
    assert (refused.value.node, refused.value.resource) == (node, "volume R:\\")
    assert refused.value.remedy == MAKE_AGAIN


def test_a_server_that_answers_something_else_is_told_with_a_remedy():
    with pytest.raises(Refused, match=r"the server 192\.0\.2\.53 answered something else") as refused:
        ask(RECORD, "192.0.2.53", lambda _server, question, _timeout: question, 1.0)  # it sends it back
    assert refused.value.resource == RECORD.id
    assert refused.value.remedy.startswith("Make sure that a name server listens there")


def test_nobody_is_told_to_name_one_of_no_addresses():
    with pytest.raises(StandbyError, match="is no ip resource") as refused:
        validated(RECORD, ())
    assert refused.value.remedy == "Declare the address first"
    with pytest.raises(StandbyError, match="is no ip resource") as refused:
        validated(RECORD, [Ip("10.9.0.1", 24, ("server1",)), Ip("10.9.0.2", 24, ("server1",))])
    assert refused.value.remedy == "Declare the address first, or name one of 10.9.0.1, 10.9.0.2"
