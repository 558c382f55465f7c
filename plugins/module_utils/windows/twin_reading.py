# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a twin is compared by beside its sites and pools: read by fixed scripts on a node.

Files that are read hold secrets: they stay in memory, and only what is no secret, or digests, is kept.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..node import Node
from . import certificate_reading, twin_calls, twin_scripts
from .calls import Answer
from .certificate_reading import CertificateReading
from .failure import about
from .host_config import HostConfiguration, parse_host
from .iis_schema import Described, Schema, parse_schema
from .machine_key import MachineKeys, parse_machine_keys

# More files than this are counted and not compared one by one.
MOST_FILES = 20000

_CONFIG = r"System32\inetsrv\config\applicationHost.config"
_SCHEMA = r"System32\inetsrv\config\schema"
# That of IIS, and of what is installed beside it most; a file that is not there says nothing.
_SCHEMAS = ("IIS_schema.xml", "rewrite_schema.xml", "aspnetcore_schema.xml", "aspnetcore_schema_v2.xml")
_FRAMEWORK = r"Microsoft.NET\{bits}\{version}\CONFIG\{file}"
# managedRuntimeVersion -> folder of that version.
_VERSIONS = {"v4.0": "v4.0.30319", "v2.0": "v2.0.50727"}
_FILES = ("machine.config", "web.config")


@dataclass(frozen=True)
class Folder:
    """A folder of content.

    Attributes:
        exists: it is there.
        sddl: its security descriptor, empty where it is not there.
        accounts: SID -> name of accounts in it that belong to a machine or a domain; None where unknown.
        count: of the files below it.
        files: path below it -> SHA-256; None where they were not asked for, or are too many.
    """

    exists: bool
    sddl: str = ""
    accounts: Mapping[str, str | None] = field(default_factory=dict)
    count: int = 0
    files: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Framework:
    """A version of the .NET Framework that a pool runs; ``bits`` is ``Framework64`` or ``Framework``."""

    runtime: str
    bits: str


@dataclass(frozen=True)
class TwinRequest:
    """What is to be read.

    Attributes:
        windows: the Windows directory.
        frameworks: whose machine keys matter.
        folders: content roots.
        files: their files too.
    """

    windows: str
    frameworks: tuple[Framework, ...] = ()
    folders: tuple[str, ...] = ()
    files: bool = False


@dataclass(frozen=True)
class TwinReading(CertificateReading):
    """What one node has.

    Attributes:
        host: its applicationHost.config.
        schema: of it; empty where the node has none.
        machine_keys: framework -> what is set, files of lower precedence first.
        folders: path -> what is there.
    """

    host: HostConfiguration = field(default_factory=HostConfiguration)
    schema: Schema = field(default_factory=dict, repr=False)
    machine_keys: Mapping[Framework, tuple[MachineKeys, ...]] = field(default_factory=dict)
    folders: Mapping[str, Folder] = field(default_factory=dict)


def read_twin(node: Node, request: TwinRequest) -> TwinReading:
    """Read a node: one run of PowerShell, and one more where folders are asked for.

    Raises:
        StandbyError: something cannot be read.
        BadDocument: a file is malformed.
    """
    files = {
        _file(request, framework, name): framework for framework in request.frameworks for name in _FILES
    }
    schemas = [f"{request.windows}\\{_SCHEMA}\\{name}" for name in _SCHEMAS]
    paths = (f"{request.windows}\\{_CONFIG}", *schemas, *files)
    wanted: list[Mapping[str, Any]] = [{"do": "read", "path": path} for path in paths]
    wanted += certificate_reading.CALLS
    answers = twin_calls.ask(node, twin_scripts.TWIN, wanted)
    data = [_data(answer) for answer in answers[: len(paths)]]
    with about(node, "configuration of IIS"):
        found = certificate_reading.from_answers(answers[len(paths) :])
        known: dict[str, Described] = {}
        for name, document in zip(_SCHEMAS, data[1:], strict=False):
            known.update(parse_schema(document, name) if document else {})
        return TwinReading(
            host=parse_host(data[0], known, "applicationHost.config"),
            schema=known,
            machine_keys=_keys(files, data[1 + len(schemas) :]),
            certificates=found.certificates,
            bound=found.bound,
            folders=_folders(node, request),
        )


def _folders(node: Node, request: TwinRequest) -> Mapping[str, Folder]:
    if not request.folders:
        return {}
    wanted = [
        {"do": "folder", "path": path, "files": request.files, "most": MOST_FILES} for path in request.folders
    ]
    answers = twin_calls.ask(node, twin_scripts.FOLDER, wanted)
    return {path: _folder(one) for path, one in zip(request.folders, answers, strict=True)}


def _file(request: TwinRequest, framework: Framework, name: str) -> str:
    version = _VERSIONS.get(framework.runtime, framework.runtime)
    return f"{request.windows}\\" + _FRAMEWORK.format(bits=framework.bits, version=version, file=name)


def _data(answer: Answer) -> bytes:
    return base64.b64decode(str(answer.get("data") or ""))


def _keys(
    files: Mapping[str, Framework], data: Iterable[bytes]
) -> Mapping[Framework, tuple[MachineKeys, ...]]:
    found: dict[Framework, tuple[MachineKeys, ...]] = {}
    for (path, framework), document in zip(files.items(), data, strict=True):
        if document:
            keys = parse_machine_keys(document, path)
            found[framework] = (*found.get(framework, ()), keys)
    return found


def _folder(answer: Answer) -> Folder:
    sddl = answer.get("sddl")
    if sddl is None:
        return Folder(exists=False)
    files = answer.get("files")
    return Folder(
        exists=True,
        sddl=str(sddl),
        accounts={
            sid: None if name is None else str(name) for sid, name in (answer["accounts"] or {}).items()
        },
        count=int(answer.get("total") or 0),
        files=None if files is None else {str(path): str(one) for path, one in files.items()},
    )
