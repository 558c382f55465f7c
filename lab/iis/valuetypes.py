# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Types of the attributes of sites and pools, from IIS_schema.xml (IISD reference, ``configuration/``).

Most show in their defaults: ``true`` is a bool, ``1000`` a uint, ``00:02:00`` a timeSpan. What appcmd says to
a value of another type is not confirmed.
"""

from __future__ import annotations

import re

from lab.iis.document import Node
from lab.iis.schema import SCHEMA_DEFAULTS

_BOOLS = ("true", "false")
_NUMBER = re.compile(r"[0-9]+")
_TIME_SPAN = re.compile(r"(?:[0-9]+\.)?[0-9]{2}:[0-5][0-9]:[0-5][0-9]")
_LARGEST = 0xFFFFFFFF
# Numbers whose default shows none.
_NUMBERS = frozenset({("site", "id")})
_ENUMS = {
    "logonMethod": ("Interactive", "Batch", "Network", "ClearText"),
    "logFormat": ("IIS", "NCSA", "W3C", "Custom"),
    "period": ("Hourly", "Daily", "Weekly", "Monthly", "MaxSize"),
    "managedPipelineMode": ("Integrated", "Classic"),
    "startMode": ("OnDemand", "AlwaysRunning"),
    "identityType": (
        "LocalSystem",
        "LocalService",
        "NetworkService",
        "SpecificUser",
        "ApplicationPoolIdentity",
    ),
    "logonType": ("LogonBatch", "LogonService"),
    "controlChannelPolicy": ("SslAllow", "SslRequire", "SslRequireCredentialsOnly"),
    "dataChannelPolicy": ("SslAllow", "SslRequire", "SslDeny"),
    "mode": (
        "StartInUsersDirectory",
        "IsolateRootDirectoryOnly",
        "ActiveDirectory",
        "IsolateAllDirectories",
        "None",
        "Custom",
    ),
    "loadBalancerCapabilities": ("TcpLevel", "HttpLevel"),
}


def fits(path: str, attribute: str, value: str) -> bool:
    """True where a value is of the type of an attribute; both are spelled as in the schema."""
    default = SCHEMA_DEFAULTS.get(path, {}).get(attribute, "")
    if attribute in _ENUMS:
        return value in _ENUMS[attribute]
    if default in _BOOLS:
        return value in _BOOLS
    if _NUMBER.fullmatch(default) or (path, attribute) in _NUMBERS:
        return _NUMBER.fullmatch(value) is not None and int(value) <= _LARGEST
    if _TIME_SPAN.fullmatch(default):
        return _TIME_SPAN.fullmatch(value) is not None
    return True


def spelled(path: str, attribute: str, value: str) -> str:
    """A value of an enumeration or a bool as the schema spells it; any other one as it is."""
    default = SCHEMA_DEFAULTS.get(path, {}).get(attribute, "")
    known = _ENUMS.get(attribute, _BOOLS if default in _BOOLS else ())
    return next((one for one in known if one.lower() == value.lower()), value)


def misfit(node: Node, path: str) -> str | None:
    """The first ``element@attribute`` of a whole element whose value is of another type, if any."""
    for name, value in node.attributes.items():
        if not fits(path, name, value):
            return f"{path}@{name}"
    below = (misfit(child, f"{path}/{child.tag}") for child in node.children)
    return next((found for found in below if found is not None), None)
