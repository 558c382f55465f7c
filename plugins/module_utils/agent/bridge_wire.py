# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lines of the bridge: requests, answers and failures as data. docs/architecture.md, "The bridge"."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import AccessDenied, BadDocument, CimError, StandbyError
from ..node import Association, ClassPath, Given, Instance, Reference, Value, given
from ..wsman import protocol
from . import bridge_values as values
from .bridge_values import JSON, member

# Windows PowerShell's ConvertFrom-Json has a bound of its own, 2,097,152 characters where nothing else is set
# (JavaScriptSerializer.MaxJsonLength).
LINE_LIMIT = 2_000_000

_HRESULT = re.compile(r"HRESULT\s+(0x[0-9a-fA-F]+)")
_SYSTEM_ERROR = re.compile(r"Windows System Error\s+(\d+)")


@dataclass(frozen=True)
class Call:
    """One call of a line.

    Attributes:
        document: what the script is given, but for what is made last thing.
        operation: what is asked, for messages, such as ``invoke MSFT_Disk.Online``.
        namespace: where.
        late: a member of the document and what makes it when the line is sent; None where it is whole.
    """

    document: JSON
    operation: str
    namespace: str
    late: tuple[str, Callable[[], list[list[Any]]]] | None = None

    def whole(self) -> JSON:
        """The document as it is to be sent now."""
        return self.document if self.late is None else {**self.document, self.late[0]: self.late[1]()}


# --- calls


def find(target: ClassPath, *, query: str | None = None, associated: Association | None = None) -> Call:
    """All instances of a class, those of a WQL query, or those associated with one."""
    operation = f"enumerate {target.name}"
    document: JSON = {"verb": "enumerate", "namespace": target.namespace, "class": target.name}
    if query is not None:
        document = {"verb": "query", "namespace": target.namespace, "query": query}
    if associated is not None:
        document = {
            "verb": "associated",
            "namespace": target.namespace,
            "reference": values.encode_reference(associated.source),
            "association": associated.association_class,
            "result": associated.result_class,
        }
    return Call(document, operation, target.namespace)


def ftp_state(site: str) -> Call:
    """The run state of an FTP site."""
    return Call({"verb": "ftp", "name": site}, f'the state of FTP site "{site}"', "")


def get(reference: Reference) -> Call:
    """One instance."""
    return _on_instance("get", reference)


def delete(reference: Reference) -> Call:
    """Remove one instance."""
    return _on_instance("delete", reference)


def modify(reference: Reference, properties: Given) -> Call:
    """Change properties of one instance; null is written as null."""
    _namespace, name = values.place_of(reference)
    call = _on_instance("modify", reference)
    return _with(call, "properties", properties, lambda known: values.pairs(known, name, nulls=True))


def create(target: ClassPath, properties: Mapping[str, Value]) -> Call:
    """A new instance; null properties are left to the provider's defaults."""
    document: JSON = {
        "verb": "create",
        "namespace": target.namespace,
        "class": target.name,
        "properties": values.pairs(properties, target.name, nulls=False),
    }
    return Call(document, f"create {target.name}", target.namespace)


def invoke(target: Reference | ClassPath, method: str, arguments: Given | None) -> Call:
    """A method of a class, or of an instance. Arguments that are None are not given."""
    if isinstance(target, ClassPath):
        namespace, name, keys = target.namespace, target.name, None
    else:
        (namespace, name), keys = values.place_of(target), values.keys_of(target)
    document: JSON = {
        "verb": "invoke",
        "namespace": namespace,
        "class": name,
        "keys": keys,
        "method": method,
    }
    call = Call(document, f"invoke {name}.{method}", namespace)
    owner = f"{name}.{method}"
    return _with(call, "arguments", arguments, lambda known: values.pairs(known, owner, nulls=False))


def _with(
    call: Call, member: str, known: Given | None, pairs: Callable[[Mapping[str, Value]], list[list[Any]]]
) -> Call:
    """A call with one more member: made now, so that what CIM cannot carry is refused, or when it is sent."""
    if callable(known):
        return replace(call, late=(member, lambda: pairs(given(known))))
    return replace(call, document={**call.document, member: pairs(given(known))})


def _on_instance(verb: str, reference: Reference) -> Call:
    namespace, name = values.place_of(reference)
    document: JSON = {"verb": verb, "reference": values.encode_reference(reference)}
    return Call(document, f"{verb} {name}", namespace)


# --- lines


def request_line(number: int, calls: Sequence[Call]) -> bytes:
    """The line for some calls, in ASCII, with its end.

    Raises:
        StandbyError: it is longer than Windows PowerShell takes, or must not be sent any more.
    """
    document = {"id": number, "calls": [call.whole() for call in calls]}
    line = json.dumps(document, separators=(",", ":"))
    if len(line) > LINE_LIMIT:
        raise StandbyError(
            f"{calls[0].operation} has {len(line)} characters, the bridge takes {LINE_LIMIT}",
            remedy="Let the cluster have fewer sites",
        )
    return f"{line}\n".encode()


def read_answers(line: bytes, number: int, count: int) -> list[JSON]:
    """The answers of a line, one a call and in their order; each is whole or an error.

    Raises:
        BadDocument: no answer to this request.
    """
    try:
        document = json.loads(line)
    except ValueError as error:
        raise BadDocument(f"answer of the bridge: expected JSON, found {line[:80]!r}") from error
    if not isinstance(document, dict) or document.get("id") != number:
        raise BadDocument(f"answer of the bridge: id: expected {number}, found {line[:80]!r}")
    answers: list[JSON] = member(document, "answers", list)
    if len(answers) != count or not all(isinstance(one, dict) for one in answers):
        raise BadDocument(f"answer of the bridge: answers: expected {count}, found {len(answers)}")
    return answers


# --- answers


def items(answer: JSON) -> list[Instance]:
    """The instances that were found."""
    return [values.decode_instance(one) for one in member(answer, "items", list)]


def state(answer: JSON) -> str:
    """The state of an FTP site, a name or a number."""
    return str(member(answer, "state", str))


def created(answer: JSON) -> Reference:
    """The reference of a new instance."""
    return values.decode_reference(member(answer, "reference", dict))


def output(answer: JSON, method: str) -> Instance:
    """The out-parameters of a method."""
    return values.decode_output(member(answer, "output", dict), method)


def failure(answer: JSON, operation: str) -> StandbyError | None:
    """The failure of a call, None where it succeeded.

    CimException documents ``StatusCode`` (CIMStatusCode of its error data) and ``NativeErrorCode``, whose
    numbers are the same status codes of DSP0200. The error data is an MSFT_WmiError with ``error_Code``, as
    over WS-Management.

    Returns:
        AccessDenied where a right is missing, else CimError.
    """
    if "error" not in answer:
        return None
    error = answer["error"]
    status = member(error, "status", int) or member(error, "native", int) or None
    provider = _provider_code(error)
    message = " ".join(str(member(error, "message", str)).split()).rstrip(".") or "no reason was given"
    problem = f"{operation} failed: {message}{_codes(status, provider)}"
    denied = (protocol.WBEM_ACCESS_DENIED, protocol.E_ACCESSDENIED)
    if status == protocol.CIM_ACCESS_DENIED or provider in denied:
        return AccessDenied(problem, remedy="Let the agent run as LocalSystem, or as an administrator")
    return CimError(problem, cim_status=status, provider_code=provider)


def _provider_code(error: JSON) -> int | None:
    """``error_Code``, else the code that MessageID names."""
    data = values.decode_instance(error["data"]) if error.get("data") is not None else None
    code = data.number("error_Code", 0) & 0xFFFFFFFF if data is not None else 0
    if code:
        return code
    named = str(error.get("id") or "")
    if found := _HRESULT.search(named):
        return int(found.group(1), 16)
    system = _SYSTEM_ERROR.search(named)
    return int(system.group(1)) if system else None


def _codes(status: int | None, provider: int | None) -> str:
    parts = [
        f"CIM status {status}" if status else "",
        f"provider 0x{provider:08X}" if provider else "",
    ]
    told = ", ".join(part for part in parts if part)
    return f" ({told})" if told else ""
