# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a node for its twins: by scripts that fit on a command line, and told where it fails."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument, StandbyError
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Node
from ansible_collections.standby.iis.plugins.module_utils.windows import calls, twin_scripts
from ansible_collections.standby.iis.plugins.module_utils.windows.certificate_reading import (
    read_certificates,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.machine_key import parse_machine_keys
from ansible_collections.standby.iis.plugins.module_utils.windows.twin_reading import (
    Framework,
    TwinRequest,
    read_twin,
)
from ansible_collections.standby.iis.plugins.module_utils.wsman.commandline import command_line

SCRIPTS = Path(__file__).parents[3] / "plugins/module_utils/windows/scripts"
TEXTS = {"read_twin.ps1": twin_scripts.TWIN, "read_folder.ps1": twin_scripts.FOLDER}
CONFIG = b"<configuration><system.webServer><handlers /></system.webServer></configuration>"
V4 = Framework("v4.0", "Framework64")


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_is_that_of_the_file_and_fits_on_a_command_line(name: str) -> None:
    assert TEXTS[name] == (SCRIPTS / name).read_text(encoding="utf-8")
    whole = r"D:\Windows.Server\System32\WindowsPowerShell\v1.0\powershell.exe"
    assert command_line([whole, *calls.arguments(TEXTS[name])])


class Asked:
    """A node that answers calls of the scripts from a table."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[dict[str, Any]] = []
        shell = SimpleNamespace(run=self._run)
        self.node = Node("server1", None, shell)  # type: ignore[arg-type]

    def _run(self, argv: object, stdin: bytes = b"") -> Completed:
        asked = [json.loads(line) for line in stdin.decode().splitlines()]
        self.calls += asked
        lines = [base64.b64encode(json.dumps(self._answer(one)).encode()) for one in asked]
        return Completed(0, b"\r\n".join(lines), b"")

    def _answer(self, call: dict[str, Any]) -> Any:
        if call["do"] == "read":
            name = call["path"].rpartition("\\")[2]
            found = self.answers.get(name, CONFIG if name == "applicationHost.config" else None)
            return {} if found is None else {"data": base64.b64encode(found).decode()}
        return self.answers.get(call["do"], {})


def test_everything_is_asked_in_one_run_and_folders_in_another() -> None:
    asked = Asked(folder={"sddl": "D:(A;;FA;;;SY)", "accounts": {}, "total": 0, "files": {}})
    read = read_twin(asked.node, TwinRequest("C:\\Windows", (V4,), ("E:\\shop",)))
    assert [one["do"] for one in asked.calls] == ["read"] * 7 + ["certificates", "bindings", "folder"]
    assert asked.calls[6]["path"].endswith("Framework64\\v4.0.30319\\CONFIG\\web.config")
    assert list(read.host.at("")) == ["system.webServer"]
    assert read.folders["E:\\shop"].exists


def test_nothing_is_asked_of_folders_that_there_are_none_of() -> None:
    asked = Asked()
    assert read_twin(asked.node, TwinRequest("C:\\Windows")).folders == {}
    assert "folder" not in {one["do"] for one in asked.calls}


def test_a_call_that_fails_is_told_with_its_node_and_what_to_do() -> None:
    asked = Asked(bindings={"error": "Cannot add type."})
    with pytest.raises(StandbyError, match="bindings: Cannot add type") as told:
        read_twin(asked.node, TwinRequest("C:\\Windows"))
    assert told.value.node == "server1"
    assert told.value.remedy


def test_a_certificate_without_its_end_is_refused() -> None:
    asked = Asked(
        certificates={"certificates": [{"store": "MY", "thumbprint": "AB", "key": True, "names": []}]}
    )
    with pytest.raises(BadDocument, match="expected a certificate"):
        read_twin(asked.node, TwinRequest("C:\\Windows"))
    with pytest.raises(BadDocument, match="expected a certificate") as told:
        read_certificates(asked.node)
    assert (told.value.node, told.value.resource) == ("server1", "certificates")


def test_a_damaged_configuration_is_told_with_its_name() -> None:
    asked = Asked(**{"applicationHost.config": b"<configuration>"})
    with pytest.raises(BadDocument, match=r"applicationHost\.config"):
        read_twin(asked.node, TwinRequest("C:\\Windows"))


def test_keys_that_are_written_out_are_kept_as_digests_alone() -> None:
    document = (
        b'<configuration><system.web><machineKey validationKey="AB12" decryption="AES" '
        b'decryptionKey="AutoGenerate,IsolateApps" /></system.web><location path="Shop"><system.web>'
        b'<machineKey validationKey="CD34" /></system.web></location></configuration>'
    )
    keys = parse_machine_keys(document, "web.config")
    assert keys[""].settings == {"decryptionKey": "AutoGenerate,IsolateApps", "decryption": "AES"}
    assert set(keys[""].digests) == set(keys["shop"].digests) == {"validationKey"}
    assert "AB12" not in repr(keys)
    assert keys[""].digests["validationKey"] not in repr(keys)
