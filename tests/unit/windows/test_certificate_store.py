# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script on certificates: its text, what it is given, and how its answers are taken."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tree_sitter
import tree_sitter_powershell

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Node
from ansible_collections.standby.iis.plugins.module_utils.windows import (
    calls,
    certificate_store,
    sslcert,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.certificate_store import Pfx
from ansible_collections.standby.iis.plugins.module_utils.windows.certificates_text import TEXT
from ansible_collections.standby.iis.plugins.module_utils.windows.sslcert import Change, SslKey, SslKind
from ansible_collections.standby.iis.plugins.module_utils.wsman.commandline import command_line

SCRIPT = Path(__file__).parents[3] / "plugins/module_utils/windows/scripts/certificates.ps1"
PFX = Pfx(b"not really one", "hunter2-hunter2")
ONE = {
    "thumbprint": "ab" * 20,
    "key": True,
    "names": ["shop.example.net"],
    "begins": "2026-01-01T00:00:00",
    "ends": "2027-01-01T00:00:00",
}


class Runs:
    """A node that keeps what is run on it, and answers with what a test says."""

    def __init__(self, *answers: Any, code: int = 0) -> None:
        self.argv: list[list[str]] = []
        self.stdin: list[bytes] = []
        self._answers, self._code = list(answers), code
        self.node = Node("server1", None, SimpleNamespace(run=self._run))  # type: ignore[arg-type]

    def _run(self, argv: list[str], stdin: bytes = b"") -> Completed:
        self.argv.append(list(argv))
        self.stdin.append(stdin)
        said = self._answers.pop(0) if self._answers else {}
        if isinstance(said, Completed):
            return said
        return Completed(self._code, base64.b64encode(json.dumps(said).encode()) + b"\r\n", b"")


def test_the_text_is_that_of_the_file_and_fits_on_a_command_line() -> None:
    assert SCRIPT.read_text(encoding="utf-8") == TEXT
    whole = r"D:\Windows.Server\System32\WindowsPowerShell\v1.0\powershell.exe"
    assert command_line([whole, *calls.arguments(TEXT)])


def test_the_script_parses_and_runs_no_text() -> None:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    assert not parser.parse(TEXT.encode()).root_node.has_error
    assert not any(
        word in TEXT for word in ("Invoke-Expression", "iex ", "Start-Process", "Out-File", "Set-Content")
    )


def test_no_cmdlet_is_given_a_secret() -> None:
    """Module logging keeps what is bound to the parameters of cmdlets."""
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    every = [parser.parse(TEXT.encode()).root_node]
    for one in every:
        every.extend(one.children)
    commands = [(one.text or b"").decode() for one in every if one.type == "command"]
    assert "ConvertFrom-Json -InputObject $line" in commands
    assert not [one for one in commands if "$secret" in one or "$password" in one]
    guard, call = TEXT.index("if (-not $line.StartsWith('{'))"), TEXT.index("ConvertFrom-Json")
    assert "continue" in TEXT[guard:call]
    assert TEXT.count("$line") == 4  # the loop, the guard, what is taken, and the JSON


def test_a_pfx_without_a_password_has_an_empty_one() -> None:
    runs = Runs({"certificates": [ONE]})
    certificate_store.look(runs.node, Pfx(PFX.data, ""))
    secret, _call = runs.stdin[0].decode("ascii").splitlines()
    assert secret == f"{base64.b64encode(PFX.data).decode()}:"


def test_powershell_is_called_by_its_whole_path() -> None:
    runs = Runs({"certificates": [ONE]})
    certificate_store.look(runs.node, PFX)
    assert runs.argv[0][0] == "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"


def test_a_pfx_and_its_password_are_on_standard_input_alone() -> None:
    runs = Runs({"certificates": [ONE]}, {})
    held = certificate_store.look(runs.node, PFX)
    certificate_store.import_pfx(runs.node, PFX, "WebHosting")
    assert (held.thumbprint, held.names) == ("AB" * 20, ("shop.example.net",))
    lines = [one.decode("ascii").splitlines() for one in runs.stdin]
    told = [json.loads(call) for _secret, call in lines]
    assert [(one["do"], one["flags"]) for one in told] == [
        ("look", "MachineKeySet"),
        ("import", "MachineKeySet, PersistKeySet"),
    ]
    assert told[1]["store"] == "WebHosting"
    secrets = [[base64.b64decode(part) for part in secret.split(":")] for secret, _call in lines]
    assert secrets == [[PFX.data, PFX.password.encode()]] * 2
    assert all(not {"pfx", "password"} & set(one) for one in told)
    shown = repr((runs.argv, PFX))
    assert "hunter2" not in shown
    assert "not really" not in shown


def test_a_wrong_password_is_told_without_it() -> None:
    runs = Runs({"error": 'Exception calling "Import": "The specified network password is not correct."'})
    with pytest.raises(StandbyError, match=r"cannot be opened.*password is not correct") as told:
        certificate_store.look(runs.node, PFX)
    assert (told.value.node, bool(told.value.remedy)) == ("server1", True)
    assert "hunter2" not in str(told.value)


def test_a_certificate_that_stays_needs_no_other_pfx() -> None:
    runs = Runs({"error": "Access is denied."})
    with pytest.raises(StandbyError, match="was not removed: Access is denied") as told:
        certificate_store.remove_certificate(runs.node, "AB" * 20, "MY")
    assert "PFX" not in (told.value.remedy or "PFX")


@pytest.mark.parametrize("keys", [[], [False], [True, True]])
def test_a_pfx_needs_exactly_one_certificate_with_a_key(keys: list[bool]) -> None:
    runs = Runs({"certificates": [{**ONE, "key": key} for key in keys]})
    with pytest.raises(StandbyError, match=f"holds {sum(keys)} certificates with a private key"):
        certificate_store.look(runs.node, PFX)


ADDRESS = SslKey(SslKind.ADDRESS, "10.0.0.50:443")
NETSH = r"C:\Windows\System32\netsh.exe"


def test_netsh_is_told_what_its_documentation_says() -> None:
    runs = Runs(
        Completed(0, b"", b""), Completed(0, b"", b""), Completed(0, b"", b""), Completed(0, b"", b"")
    )
    sslcert.bind(runs.node, ADDRESS, "AB" * 20, "MY")
    name = SslKey(SslKind.NAME, "shop.example.net:443")
    sslcert.bind(runs.node, name, "AB" * 20, "WebHosting", Change.UPDATED)
    assert sslcert.unbind(runs.node, ADDRESS)
    appid = "appid={4dc3e181-e14b-4a21-b022-59fc669b0914}"
    assert [" ".join(argv) for argv in runs.argv] == [
        f"{NETSH} http add sslcert ipport=10.0.0.50:443 certhash={'ab' * 20} {appid} certstorename=MY",
        f"{NETSH} http update sslcert hostnameport=shop.example.net:443 certhash={'ab' * 20} {appid}"
        " certstorename=WebHosting",
        f"{NETSH} http show sslcert ipport=10.0.0.50:443",
        f"{NETSH} http delete sslcert ipport=10.0.0.50:443",
    ]


def test_a_binding_is_made_again_where_netsh_has_no_update() -> None:
    runs = Runs(Completed(0, b"", b""), Completed(0, b"", b""), Completed(0, b"", b""))
    sslcert.bind(runs.node, ADDRESS, "AB" * 20, "MY", Change.MADE_ANEW)
    assert [argv[2] for argv in runs.argv] == ["show", "delete", "add"]


def test_a_binding_shows_a_certificate_where_netsh_prints_its_thumbprint() -> None:
    german = f"    Zertifikathash               : {'ab' * 20}\r\n".encode()
    runs = Runs(Completed(0, german, b""), Completed(0, german, b""), Completed(1, german, b""))
    wanted = ("AB" * 20, "CD" * 20, "AB" * 20)
    assert [sslcert.shows(runs.node, ADDRESS, one) for one in wanted] == [True, False, False]


def test_a_binding_that_is_not_there_is_not_deleted() -> None:
    runs = Runs(Completed(1, b"", b""))
    assert not sslcert.unbind(runs.node, ADDRESS)
    assert len(runs.argv) == 1


def test_a_binding_that_is_refused_is_told_with_what_netsh_said() -> None:
    runs = Runs(Completed(1, b"\r\nSSL Certificate add failed, Error: 1312\r\nA logon session.\r\n", b""))
    with pytest.raises(StandbyError, match="Error: 1312 A logon session") as told:
        sslcert.bind(runs.node, ADDRESS, "AB" * 20, "MY")
    assert told.value.resource == "http.sys binding ipport=10.0.0.50:443"
    assert "private key" in (told.value.remedy or "")


def test_the_central_store_is_told_as_far_as_it_can_be_seen() -> None:
    denied = {"enabled": 1, "location": r"\\files\certificates", "error": "Access is denied."}
    runs = Runs(denied, Completed(0, b"", b""), Completed(1, b"", b""), {})
    seen = certificate_store.read_central(runs.node, (443, 8443))
    none = certificate_store.read_central(runs.node, ())
    assert (seen.enabled, seen.files, seen.problem) == (True, None, "Access is denied")
    assert seen.ports == {443}
    assert runs.argv[2] == [NETSH, "http", "show", "sslcert", "ccs=8443"]
    assert none == certificate_store.CentralStore()
