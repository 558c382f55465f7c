# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of Windows are run by their whole paths, wherever Windows is."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import CimError
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Node
from ansible_collections.standby.iis.plugins.module_utils.windows import acl, program, sslcert
from ansible_collections.standby.iis.plugins.module_utils.windows.environment import Machine
from ansible_collections.standby.iis.plugins.module_utils.windows.sslcert import SslKey, SslKind

RAN = Completed(0, b"done", b"")
ABSENT = Completed(1, b"", b"The system cannot find the path specified.\r\n")
KEY = SslKey(SslKind.ADDRESS, "10.0.0.50:443")


class Disk:
    """A node whose Windows is on one drive, and on no other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, windows: str, missing: Completed | CimError) -> None:
        self.ran: list[str] = []
        self._windows, self._missing = windows, missing
        machine = Machine("SERVER1", windows[:2], windows, {})
        monkeypatch.setattr(program, "read_machine", lambda _node: machine)
        self.node = Node("server1", None, SimpleNamespace(run=self._run))  # type: ignore[arg-type]

    def _run(self, argv: tuple[str, ...], _stdin: bytes = b"") -> Completed:
        self.ran.append(argv[0])
        if argv[0].startswith(f"{self._windows}\\System32"):
            return RAN
        if isinstance(self._missing, CimError):
            raise self._missing
        return self._missing


@pytest.mark.parametrize("missing", [ABSENT, CimError("no such file", provider_code=0x80070003)])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("netsh.exe", lambda node: sslcert.is_bound(node, KEY)),
        ("icacls.exe", lambda node: acl.make_private(node, "C:\\x")),
    ],
)
def test_a_program_is_found_where_windows_is(
    monkeypatch: pytest.MonkeyPatch, missing: Completed | CimError, name: str, call: Callable[[Node], object]
) -> None:
    disk = Disk(monkeypatch, "D:\\WinNT", missing)
    call(disk.node)
    assert disk.ran[:2] == [f"C:\\Windows\\System32\\{name}", f"D:\\WinNT\\System32\\{name}"]


def test_a_program_that_windows_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch, "E:\\nowhere", CimError("no such file", provider_code=0x80070002))
    monkeypatch.setattr(program, "read_machine", lambda _node: Machine("S", "C:", "C:\\Windows", {}))
    with pytest.raises(program.ProgramMissing, match=r"server1.*netsh\.exe was not found"):
        sslcert.is_bound(disk.node, KEY)


def test_another_fault_of_the_shell_is_not_taken_for_a_missing_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = Disk(monkeypatch, "D:\\WinNT", CimError("quota", wsman_code=0x803381A6))
    with pytest.raises(CimError, match="quota"):
        sslcert.is_bound(disk.node, KEY)
