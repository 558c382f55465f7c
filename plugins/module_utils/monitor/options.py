# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What operators ask of agents, as options of the module ``agent``, and as a request."""

from __future__ import annotations

import ipaddress
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..agent import bundle, dns_keys
from ..agent import settings as documents
from ..agent.declared import HierarchyOptions
from ..agent.settings import PORT, Settings
from ..control.dns_client import check_key
from ..control.records import KEYS_SPEC, keys_from
from ..errors import BadDocument, StandbyError
from ..ha.check_times import CheckSettings
from ..ha.codec import Codec
from ..windows import files
from . import fence_options
from .notices import NOTIFICATIONS_SPEC, files_of, settings_of
from .wanted import Interpreter, Request, digest

HOME = "C:\\ProgramData\\standby.iis"
# Files of the home, by the option of the witness that they come from.
_SECRETS = {
    "ca_file": "witness_ca.pem",
    "certificate_file": "witness_client.pem",
    "key_file": "witness_client.key",
}
_CHECKS = Codec().pack(CheckSettings, CheckSettings())
_HIERARCHY = Codec().pack(HierarchyOptions, HierarchyOptions())
_PASSWORD = "witness.password"  # noqa: S105 - the name of a file
_WINDOWS_PATH = re.compile(r'[A-Za-z]:\\[^<>:"/|?*]+[^\\<>:"/|?*.\s]')

ETCD_SPEC: dict[str, Any] = {
    "endpoints": {"type": "list", "elements": "str", "required": True},
    "prefix": {"type": "str"},
    "user": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "ca_file": {"type": "path"},
    "certificate_file": {"type": "path"},
    "key_file": {"type": "path", "no_log": False},
}
AGENT_SPEC: dict[str, Any] = {
    "cluster": {"type": "str"},
    "home": {"type": "str", "default": HOME},
    "interpreter": {"type": "str"},
    "archive": {"type": "path"},
    "archive_checksum": {"type": "str"},
    "directory": {"type": "str"},
    "etcd": {"type": "dict", "options": ETCD_SPEC},
    "addresses": {"type": "dict"},
    "port": {"type": "int", "default": PORT},
    "preset": {"type": "str", "choices": ["fast", "lan", "wan"], "default": "lan"},
    "timers": {"type": "dict"},
    "hierarchies": {"type": "dict"},
    "limits": {"type": "dict"},
    "fences": {"type": "dict", "no_log": True},
    "fence_timeout": {"type": "float", "default": 30.0},
    "checks": {"type": "dict"},
    "notifications": {"type": "dict", "options": NOTIFICATIONS_SPEC},
    "dns_keys": KEYS_SPEC,
    "rotate_key": {"type": "bool", "default": False, "no_log": False},
    "source": {"type": "path"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def request_from(params: Mapping[str, Any], names: Sequence[str]) -> Request:
    """What the options ask for.

    Args:
        params: of the module.
        names: of the nodes, in the order of the cluster.

    Raises:
        StandbyError: options make no sense, or a file that they name cannot be read or is another one.
    """
    secrets = {
        **_secrets(params["etcd"]),
        **files_of(params["notifications"], _read),
        **fence_options.files_of(params["fences"], _read),
    }
    if params["dns_keys"]:
        for key in keys_from(params["dns_keys"]).values():
            check_key(key, "dns_keys")
        secrets[dns_keys.FILE] = dns_keys.document(params["dns_keys"])
    common = _common(params, names)
    told = {name: _settings({"node": name, **common}) for name in names}
    return Request(home(params), told, _interpreter(params), bundle.archive(source(params)), secrets)


def shown(params: Mapping[str, Any]) -> dict[str, Any]:
    """The options as ``-vvv`` may show them: without what fences are, of which a part may be a password."""
    return {**params, "fences": fence_options.shown(params["fences"])}


def harmless(params: Mapping[str, Any]) -> set[str]:
    """Texts of fences that messages may hold."""
    return fence_options.harmless(params["fences"])


def home(params: Mapping[str, Any]) -> str:
    """The agents' folder.

    Raises:
        StandbyError: it is no absolute path of a folder below a drive.
    """
    path = str(params["home"]).rstrip("\\")
    if not _WINDOWS_PATH.fullmatch(path) or ".." in path.split("\\") or path.count("\\") < 2:
        raise StandbyError(
            f"home {params['home']!r} is no folder for agents alone",
            remedy="Give an absolute path of Windows, two levels deep or more: it is deleted with the agents",
        )
    return path


def source(params: Mapping[str, Any]) -> Path:
    """The folder ``module_utils`` of the collection.

    Raises:
        StandbyError: it was not given.
    """
    given = Path(params["source"] or "")
    if not (given / "agent" / "bundle.py").is_file():
        raise StandbyError(
            f"{given} does not hold the agent's program",
            remedy="Leave the option source out: the collection knows where it lies itself",
        )
    return given


def script(params: Mapping[str, Any]) -> str:
    """The text of ``receive_file.ps1``."""
    return (source(params) / "windows" / "scripts" / files.SCRIPT).read_text(encoding="utf-8")


def _common(params: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    optional = ("timers", "hierarchies", "limits")
    known = {name: params[name] for name in optional if params[name] is not None}
    return {
        "cluster": params["cluster"] or "",
        "directory": params["directory"],
        "etcd": _etcd(params["etcd"], home(params)),
        "addresses": _addresses(params["addresses"] or {}, names),
        "port": params["port"],
        "preset": params["preset"],
        "fence_timeout": params["fence_timeout"],
        "checks": None if params["checks"] is None else {**_CHECKS, **params["checks"]},
        "notifications": settings_of(params["notifications"], home(params)),
        **fence_options.fences_of(params["fences"], home(params)),
        "dns_keys_file": f"{home(params)}\\{dns_keys.FILE}" if params["dns_keys"] else None,
        **_whole(known),
    }


def _whole(known: dict[str, Any]) -> dict[str, Any]:
    """Options in full; templates and command lines give numbers as text."""
    if "timers" in known:
        known["timers"] = {name: _number(name, value, float) for name, value in known["timers"].items()}
    if "hierarchies" in known:
        known["hierarchies"] = {
            name: {**_HIERARCHY, **_dictionary(name, given)} for name, given in known["hierarchies"].items()
        }
    if "limits" in known:
        known["limits"] = {name: _number(name, value, int) for name, value in known["limits"].items()}
    return known


def _dictionary(name: str, given: object) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise StandbyError(f"the options of hierarchy {name!r} are no dictionary", remedy="Correct them")
    return given


def _number(name: str, value: object, kind: type[Any]) -> Any:
    try:
        return kind(str(value))
    except ValueError:
        told = f"{name} is {value!r}, which is no {'number' if kind is float else 'whole number'}"
        raise StandbyError(told, remedy="Correct it") from None


def _addresses(given: Mapping[str, Any], names: Sequence[str]) -> dict[str, list[str]]:
    """The addresses by node; one may be given as text."""
    told = {node: [value] if isinstance(value, str) else list(value) for node, value in given.items()}
    for name in names:
        if not told.get(name):
            raise StandbyError(
                "no address is given at which its agent is reached",
                node=name,
                remedy="Give addresses, one or more for each node, without floating ones",
            )
    if strange := sorted(set(told) - set(names)):
        raise StandbyError(
            f"addresses are given for {strange[0]}, which is no node of this run",
            remedy="Run with all nodes of the cluster",
        )
    return {node: [_address(node, str(one)) for one in told[node]] for node in names}


def _address(node: str, text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise StandbyError(
            f"{text!r} is no address at which its agent is reached",
            node=node,
            remedy="Give IP addresses: the firewall knows no names, and names fail when they are needed",
        ) from None


def _settings(told: dict[str, Any]) -> Settings:
    if not told["cluster"]:
        raise StandbyError("the cluster has no name", remedy="Give cluster, the same in every run")
    present = {name: value for name, value in told.items() if value is not None}
    left = json.loads(documents.write(Settings(told["node"], told["cluster"])))
    try:
        return documents.parse(json.dumps({**left, **present}))
    except BadDocument as misfit:
        misfit.remedy = "Correct that option: docs/agent.md has under Settings what it may be"
        raise


def _etcd(given: Mapping[str, Any] | None, folder: str) -> dict[str, Any] | None:
    if given is None:
        return None
    known = {name: given[name] for name in ("endpoints", "prefix", "user")}
    named = {
        option: None if given[option] is None else f"{folder}\\{name}" for option, name in _SECRETS.items()
    }
    if (given["user"] is None) != (given["password"] is None):
        raise StandbyError(
            "the witness has a user without password, or a password without user",
            remedy="Give etcd.user and etcd.password, or neither",
        )
    named["password_file"] = None if given["user"] is None else f"{folder}\\{_PASSWORD}"
    return {**known, **named}


def _secrets(given: Mapping[str, Any] | None) -> dict[str, bytes]:
    if given is None:
        return {}
    found = {name: _read(given[option]) for option, name in _SECRETS.items() if given[option] is not None}
    if given["password"] is not None:
        found[_PASSWORD] = given["password"].encode("utf-8")
    return found


def _interpreter(params: Mapping[str, Any]) -> Interpreter:
    path, archive = params["interpreter"], params["archive"]
    if (path is None) == (archive is None):
        raise StandbyError(
            "the agent needs one interpreter",
            remedy="Give either interpreter, a python.exe on the nodes, or archive, the embeddable Python",
        )
    if path is not None:
        if not _WINDOWS_PATH.fullmatch(path):
            raise StandbyError(f"interpreter {path!r} is no absolute path of Windows", remedy="Correct it")
        return Interpreter(path)
    data = _read(archive)
    _check_archive(archive, data, params["archive_checksum"])
    return Interpreter(archive=data)


def _check_archive(path: str, data: bytes, checksum: str | None) -> None:
    wanted = (checksum or "").removeprefix("sha256:").lower()
    if wanted != digest(data):
        raise StandbyError(
            f"{path} has SHA-256 {digest(data)}, and archive_checksum is {checksum or 'not given'}",
            remedy="Take the archive from python.org, and its checksum from a source that you trust",
        )
    try:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        told = f"{path} is no ZIP archive ({error})"
        raise StandbyError(told, remedy="Give the embeddable archive") from None
    if "python.exe" not in names:
        raise StandbyError(f"{path} has no python.exe at its top", remedy="Give the embeddable archive")


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise StandbyError(
            f"{path} cannot be read on the controller ({error.strerror or error})",
            remedy="Correct the path, or put the file there",
        ) from error
