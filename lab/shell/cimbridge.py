# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``cim_bridge.ps1`` as powershell.exe of a node runs it: JSON lines there, JSON lines back.

What the script does, call by call, on the emulated cmdlets. What the lab does not emulate is answered by a
failure and recorded as an unknown request.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from lab.cim.schema import CimFailure, NotEmulated, Repository
from lab.iis.failure import IisError
from lab.machine.host import Host
from lab.shell import cimlines as lines
from lab.shell.cimcmdlets import CimCmdlets, Key
from lab.shell.cimlines import Json, ScriptError
from lab.shell.iiscontrol import Control
from lab.shell.program import Streams

# The collection's own file: powershell.exe knows the script by its exact text.
SCRIPT = Path(__file__).parents[2] / "plugins" / "module_utils" / "agent" / "scripts" / "cim_bridge.ps1"


class CimBridge:
    """The script as a program.

    Args:
        repository: the classes of the node.
        host: the machine.
        control_ftp: name and verb -> state of an FTP site; None without IIS.
    """

    def __init__(self, repository: Repository, host: Host, control_ftp: Control | None = None) -> None:
        self._cmdlets = CimCmdlets(repository)
        self._find = self._cmdlets.get_class
        self._host = host
        self._verbs: Mapping[str, Callable[[Json], Awaitable[Json]]] = {
            "enumerate": self._enumerate,
            "query": self._query,
            "associated": self._associated,
            "get": self._get,
            "create": self._create,
            "modify": self._modify,
            "delete": self._delete,
            "invoke": self._invoke,
            "ftp": self._ftp,
        }
        self._control_ftp = control_ftp

    async def __call__(self, argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
        """Answer line after line until the end of input."""
        del argv, environment
        received = b""
        while piece := await streams.read():
            *whole, received = (received + piece).split(b"\n")
            for line in whole:
                streams.out(await self._answer(line))
        return 0

    async def _answer(self, line: bytes) -> bytes:
        try:
            request = json.loads(line.decode("utf-8"))
            answers = [await self._call(call) for call in request["calls"]]
            answer = {"id": request["id"], "answers": answers}
        except (ValueError, KeyError, TypeError) as error:
            self._unknown(f"a line that is no request: {error!r}")
            answer = lines.write_thrown(str(error))
        return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    async def _call(self, call: Json) -> Json:
        verb = self._verbs.get(call["verb"])
        if verb is None:
            self._unknown(f"the verb {call['verb']}")
            return lines.write_thrown(f"there is no verb {call['verb']}")
        try:
            return await verb(call)
        except ScriptError as error:
            return lines.write_thrown(str(error))
        except CimFailure as failure:
            if isinstance(failure, NotEmulated):
                self._unknown(failure.message)
            return lines.write_failure(
                failure.status, failure.message, failure.message_id, failure.error_code
            )

    def _unknown(self, what: str) -> None:
        self._host.record("unknown-request", kind="cim_bridge", why=what)

    # The verbs

    async def _ftp(self, call: Json) -> Json:
        if self._control_ftp is None:
            raise ScriptError("Could not load file or assembly Microsoft.Web.Administration.dll")
        try:
            return {"state": await self._control_ftp(call["name"], "state")}
        except IisError as error:
            raise ScriptError(str(error)) from error

    async def _enumerate(self, call: Json) -> Json:
        return lines.write_items(await self._cmdlets.enumerate(call["namespace"], call["class"]), self._find)

    async def _query(self, call: Json) -> Json:
        return lines.write_items(await self._cmdlets.query(call["namespace"], call["query"]), self._find)

    async def _associated(self, call: Json) -> Json:
        key = lines.read_key(call["reference"])
        found = await self._cmdlets.associated(key, call["association"], call["result"])
        return lines.write_items(found, self._find)

    async def _get(self, call: Json) -> Json:
        return lines.write_items([await self._cmdlets.get(lines.read_key(call["reference"]))], self._find)

    async def _create(self, call: Json) -> Json:
        schema = self._find(call["namespace"], call["class"])
        table = lines.read_table(schema, schema.members, call["properties"], schema.name, self._find)
        made = await self._cmdlets.new(schema, table)
        return {"reference": lines.write_reference(made.schema, made.values, self._find)}

    async def _modify(self, call: Json) -> Json:
        key = lines.read_key(call["reference"])
        schema = self._find(key.namespace, key.class_name)
        table = lines.read_table(schema, schema.members, call["properties"], schema.name, self._find)
        await self._cmdlets.set(key, table)
        return {}

    async def _delete(self, call: Json) -> Json:
        await self._cmdlets.remove(lines.read_key(call["reference"]))
        return {}

    async def _invoke(self, call: Json) -> Json:
        schema = self._find(call["namespace"], call["class"])
        name = f"{call['class']}.{call['method']}"
        found = [one for one in schema.methods if one.name.casefold() == call["method"].casefold()]
        if not found:
            raise ScriptError(f"there is no method {name}")
        method = found[0]
        declared = (*method.inputs, *method.outputs)
        arguments = lines.read_table(schema, declared, call["arguments"], name, self._find)
        keys = call["keys"]
        key = None if keys is None else Key(schema.namespace, schema.name, lines.read_keys(keys))
        result = await self._cmdlets.invoke(schema, method, key, arguments)
        output = {
            name: lines.write_value(schema, member, value, self._find)
            for name, (member, value) in result.items()
        }
        return {"output": {**output, "PSComputerName": None}}
