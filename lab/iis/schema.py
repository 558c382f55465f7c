# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attribute defaults of sites and pools, from IIS_schema.xml (JexusManager ``Tests/schema``, IISD reference).

``/config:*`` shows them; they are also what appcmd accepts as parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from lab.iis.document import Node

# Path of an element below the section -> attribute -> default.
Defaults = Mapping[str, Mapping[str, str]]
# Elements of which there may be many, so that none is made up where none is written.
COLLECTIONS = frozenset({"application", "virtualDirectory", "binding", "add"})

SCHEMA_DEFAULTS: Defaults = MappingProxyType(
    {
        "site": {"name": "", "id": "", "serverAutoStart": "true"},
        "site/application": {
            "path": "",
            "applicationPool": "",
            "enabledProtocols": "http",
            "serviceAutoStartEnabled": "false",
            "serviceAutoStartProvider": "",
            "preloadEnabled": "false",
        },
        "site/application/virtualDirectory": {
            "path": "",
            "physicalPath": "",
            "userName": "",
            "password": "",
            "logonMethod": "ClearText",
            "allowSubDirConfig": "true",
        },
        "site/bindings": {},
        "site/bindings/binding": {"protocol": "", "bindingInformation": "", "sslFlags": "0"},
        "site/limits": {
            "maxBandwidth": "4294967295",
            "maxConnections": "4294967295",
            "connectionTimeout": "00:02:00",
            "maxUrlSegments": "32",
        },
        "site/logFile": {
            "logFormat": "W3C",
            "directory": "%SystemDrive%\\inetpub\\logs\\LogFiles",
            "period": "Daily",
            "truncateSize": "20971520",
            "localTimeRollover": "false",
            "enabled": "true",
        },
        "site/traceFailedRequestsLogging": {
            "enabled": "false",
            "directory": "%SystemDrive%\\inetpub\\logs\\FailedReqLogFiles",
            "maxLogFiles": "50",
            "customActionsEnabled": "false",
        },
        "site/ftpServer": {"allowUTF8": "true", "serverAutoStart": "true"},
        "site/ftpServer/security": {},
        "site/ftpServer/security/ssl": {
            "serverCertHash": "",
            "serverCertStoreName": "MY",
            "ssl128": "false",
            "controlChannelPolicy": "SslRequire",
            "dataChannelPolicy": "SslRequire",
        },
        "site/ftpServer/security/authentication": {},
        "site/ftpServer/security/authentication/anonymousAuthentication": {"enabled": "false"},
        "site/ftpServer/security/authentication/basicAuthentication": {"enabled": "false"},
        "site/ftpServer/messages": {"bannerMessage": "", "suppressDefaultBanner": "false"},
        "site/ftpServer/userIsolation": {"mode": "None"},
        "add": {
            "name": "",
            "queueLength": "1000",
            "autoStart": "true",
            "enable32BitAppOnWin64": "false",
            "managedRuntimeVersion": "v2.0",
            "enableConfigurationOverride": "true",
            "managedPipelineMode": "Integrated",
            "CLRConfigFile": "",
            "passAnonymousToken": "true",
            "startMode": "OnDemand",
        },
        "add/processModel": {
            "identityType": "ApplicationPoolIdentity",
            "userName": "",
            "password": "",
            "loadUserProfile": "false",
            "setProfileEnvironment": "true",
            "logonType": "LogonBatch",
            "manualGroupMembership": "false",
            "idleTimeout": "00:20:00",
            "maxProcesses": "1",
            "shutdownTimeLimit": "00:01:30",
            "startupTimeLimit": "00:01:30",
            "pingingEnabled": "true",
            "pingInterval": "00:00:30",
            "pingResponseTime": "00:01:30",
        },
        "add/recycling": {"disallowOverlappingRotation": "false", "disallowRotationOnConfigChange": "false"},
        "add/failure": {
            "loadBalancerCapabilities": "HttpLevel",
            "rapidFailProtection": "true",
            "rapidFailProtectionInterval": "00:05:00",
            "rapidFailProtectionMaxCrashes": "5",
        },
    }
)
# Element of a collection -> the sibling that holds what it inherits.
INHERITED_FROM = {
    "site": "siteDefaults",
    "application": "applicationDefaults",
    "virtualDirectory": "virtualDirectoryDefaults",
    "add": "applicationPoolDefaults",
}


def effective(node: Node, section: Node | None, defaults: Defaults = SCHEMA_DEFAULTS, path: str = "") -> Node:
    """An element with everything it inherits from its section's defaults and from the schema.

    Args:
        node: the element.
        section: ``sites`` or ``applicationPools``, which holds the defaults elements.
        defaults: the schema.
        path: where the element lies below the section; empty for an element of the section itself.
    """
    here = path or node.tag
    above = section.child(INHERITED_FROM[node.tag]) if section and node.tag in INHERITED_FROM else None
    return _merge(node, above, section, defaults, here)


def _merge(node: Node, above: Node | None, section: Node | None, defaults: Defaults, path: str) -> Node:
    schema = {
        name: value
        for name, value in defaults.get(path, {}).items()
        if value != "" or name in ("userName", "password")
    }
    attributes = dict(node.attributes)
    for layer in (above.attributes if above else {}, schema):
        for name, value in layer.items():
            attributes.setdefault(name, value)
    merged = Node(node.tag, attributes)
    for child in [*node.children, *_missing(node, above, defaults, path)]:
        if child.tag in INHERITED_FROM and child.tag != "add":
            merged.children.append(effective(child, section, defaults, f"{path}/{child.tag}"))
        else:
            inherited = above.child(child.tag) if above and child.tag not in COLLECTIONS else None
            merged.children.append(_merge(child, inherited, section, defaults, f"{path}/{child.tag}"))
    return merged


def _missing(node: Node, above: Node | None, defaults: Defaults, path: str) -> Iterator[Node]:
    """The single elements below a place that are not written there."""
    have = {one.tag for one in node.children}
    known = [key.rpartition("/")[2] for key in defaults if key.rpartition("/")[0] == path]
    extra = [one.tag for one in above.children] if above else []
    for tag in dict.fromkeys([*known, *extra]):
        if tag not in have and tag not in COLLECTIONS:
            yield Node(tag, {})


def knows(path: str, attribute: str, defaults: Defaults = SCHEMA_DEFAULTS) -> bool:
    """True where the schema has that attribute, names compared without case."""
    return canonical(path, attribute, defaults) is not None


def canonical(path: str, attribute: str, defaults: Defaults = SCHEMA_DEFAULTS) -> tuple[str, str] | None:
    """An element's path and an attribute's name as the schema spells them; None where it has no such."""
    for known, attributes in defaults.items():
        if known.lower() == path.lower():
            return next(((known, name) for name in attributes if name.lower() == attribute.lower()), None)
    return None
