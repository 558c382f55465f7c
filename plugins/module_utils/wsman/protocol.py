# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of the protocol, once, with the place of the specification.

DSP0226 is WS-Management 1.0, DSP0227 its CIM binding, DSP0230 the XML form of CIM values; [MS-WSMV] is what
Windows makes of them.
"""

from __future__ import annotations

# Namespaces
SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
BINDING = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
COMMON = "http://schemas.dmtf.org/wbem/wscim/1/common"
MICROSOFT = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"

ANONYMOUS = f"{ADDRESSING}/role/anonymous"

# Resources: [MS-WSMV] 2.2.4.2 and 3.1.4.1; a WMI class is <WMI>/<namespace>/<class>, a query or an
# association <WMI>/<namespace>/*
WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi"
SHELL_RESOURCE = f"{SHELL}/cmd"

# Actions: DSP0226 7 (transfer), 8 (enumeration); [MS-WSMV] 3.1.4 (shell)
GET = f"{TRANSFER}/Get"
PUT = f"{TRANSFER}/Put"
CREATE = f"{TRANSFER}/Create"
DELETE = f"{TRANSFER}/Delete"
ENUMERATE = f"{ENUMERATION}/Enumerate"
PULL = f"{ENUMERATION}/Pull"
COMMAND = f"{SHELL}/Command"
SEND = f"{SHELL}/Send"
RECEIVE = f"{SHELL}/Receive"
SIGNAL = f"{SHELL}/Signal"
TERMINATE = f"{SHELL}/signal/terminate"
DONE = f"{SHELL}/CommandState/Done"

# Filter dialects: [MS-WSMV] 2.2.4.10 (WQL), DSP0226 E.2 (selectors), DSP0227 8 (associations)
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
SELECTOR_FILTER = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"
ASSOCIATION_FILTER = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter"

# WSManFault/@Code (wsmerror.h of the Windows SDK)
ACCESS_DENIED = 5
NOT_FOUND = 0x80338000
OPERATION_TIMED_OUT = 0x80338029
ENCODING_LIMIT = 0x80338035
UNEXPECTED_SELECTORS = 0x8033805B  # what a command shell that is gone answers
REQUEST_TOO_LARGE = 0x80338111

# CIM status codes (DSP0200 5.4)
CIM_ACCESS_DENIED = 2
CIM_NOT_FOUND = 6

# Provider codes (winerror.h, wbemcli.h)
WIN32_NOT_FOUND = 1168
WBEM_NOT_FOUND = 0x80041002
WBEM_ACCESS_DENIED = 0x80041003
E_ACCESSDENIED = 0x80070005

# The largest answer we ask for, in bytes: what WinRM 3 and later are set to (MaxEnvelopeSizekb 500). A node
# with a smaller quota answers within its own.
MAX_ENVELOPE_SIZE = 512_000

# Items asked for in one Pull; Windows sends fewer where they would not fit into the envelope.
MAX_ELEMENTS = 500

# Standard input in one Send, in bytes. In base64 and counted as UTF-16 it stays below 150 kilobytes, the
# smallest quota Windows was ever delivered with.
STDIN_PIECE = 48 * 1024


def resource_uri(namespace: str, name: str) -> str:
    """The resource URI of a WMI class, or of everything in a namespace (name ``*``).

    Args:
        namespace: with slashes or backslashes, such as ``root/StandardCimv2``.
        name: class name.
    """
    return f"{WMI}/{namespace.replace(chr(92), '/').strip('/')}/{name}"


def class_of(uri: str) -> str:
    """The class that a resource URI ends with."""
    return uri.rsplit("/", 1)[-1].partition("?")[0]


def tag(namespace: str, name: str) -> str:
    """An element name as ElementTree writes it."""
    return f"{{{namespace}}}{name}"


def local(name: str) -> str:
    """An element name without its namespace."""
    return name.rpartition("}")[2]
