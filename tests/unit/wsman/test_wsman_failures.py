# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failures that no server can be made to show here: authentication libraries, and routes of the network."""

from __future__ import annotations

import errno

import pytest
import requests
from spnego.exceptions import BadMechanismError

from ansible_collections.standby.iis.plugins.module_utils.errors import AccessDenied, Unreachable
from ansible_collections.standby.iis.plugins.module_utils.wsman import failures
from ansible_collections.standby.iis.plugins.module_utils.wsman.link import LinkLost
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection

NODE = Connection("server1", "10.0.0.11", transport="kerberos")


def test_an_authentication_library_s_failure_is_no_lost_connection():
    error = requests.ConnectionError("x")
    error.__cause__ = BadMechanismError(context_msg="Unable to negotiate common mechanism")
    denied = failures.unproven(error, NODE)
    assert isinstance(denied, AccessDenied)
    assert "kerberos authentication to https://10.0.0.11:5986/wsman failed" in denied.problem
    assert "common mechanism" in denied.problem
    assert "klist" in denied.remedy
    assert failures.unproven(requests.ConnectionError("x"), NODE) is None


@pytest.mark.parametrize("code", [errno.ENETUNREACH, errno.EHOSTUNREACH])
def test_no_route_cannot_have_carried_the_request(code):
    error = requests.ConnectionError(OSError(code, "No route to host"))
    found = failures.no_connection(error, NODE, reused=True)
    assert isinstance(found, Unreachable) and not isinstance(found, LinkLost)
    assert "there is no way to it" in found.problem


def test_causes_are_found_in_arguments_reasons_and_chains_even_in_a_circle():
    first, second = ValueError("first"), ValueError("second")
    first.__context__, second.__cause__ = second, first
    assert list(failures.causes(Exception(first)))[1:] == [first, second]


def test_a_connect_timeout_names_the_firewall():
    assert "firewall" in (failures.connect_timeout(NODE).remedy or "")
