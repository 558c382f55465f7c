# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.paths import (
    UnknownVariableError,
    carrier,
    expand,
    place,
)

VARIABLES = {
    "SYSTEMDRIVE": "C:",
    "WINDIR": "%SystemRoot%",
    "SYSTEMROOT": "%systemdrive%\\Windows",
    "LOOP": "%Pool%",
    "POOL": "%loop%",
    "SELF": "%self%x",
}


@pytest.mark.parametrize(
    ("path", "expanded"),
    [
        ("E:\\www", "E:\\www"),
        ("%SystemDrive%\\inetpub", "C:\\inetpub"),
        ("%systemDRIVE%\\inetpub", "C:\\inetpub"),
        ("%windir%\\Temp", "C:\\Windows\\Temp"),
        ("E:\\100% pure", "E:\\100% pure"),
    ],
)
def test_variables_are_expanded_nested_and_without_case(path: str, expanded: str) -> None:
    assert expand(path, VARIABLES) == expanded


@pytest.mark.parametrize(("path", "variable"), [("%NoSuch%\\x", "NoSuch"), ("%loop%", ""), ("%self%", "")])
def test_unknown_and_circular_variables_are_named(path: str, variable: str) -> None:
    with pytest.raises(UnknownVariableError) as failure:
        expand(path, VARIABLES)
    assert failure.value.variable
    assert not variable or failure.value.variable == variable


def test_a_variable_that_doubles_itself_ends() -> None:
    with pytest.raises(UnknownVariableError):
        expand("%bomb%", {"BOMB": "%bomb%%bomb%"})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("e:/www//x", "E:\\www\\x"),
        ("E:", "E:\\"),
        ("E:\\a\\..\\..\\b", "E:\\b"),
        ("\\\\?\\E:\\www", "E:\\www"),
        (" E:\\www ", "E:\\www"),
    ],
)
def test_local_paths_get_one_form(path: str, expected: str) -> None:
    where = place(path)
    assert (where.path, where.server, where.relative) == (expected, None, False)


@pytest.mark.parametrize("path", ["\\\\nas\\share\\x", "//nas/share/x", "\\\\?\\UNC\\nas\\share\\x"])
def test_shares_are_told_from_local_paths(path: str) -> None:
    assert place(path).server == "nas"


@pytest.mark.parametrize("path", ["", "www", "\\www", "E:www", ".", "\\\\"])
def test_paths_that_are_not_absolute_are_told(path: str) -> None:
    assert place(path).relative


@pytest.mark.parametrize(
    ("path", "volume"),
    [
        ("D:\\mounts\\web", "D:\\Mounts\\Web\\"),
        ("D:\\MOUNTS\\web\\x", "D:\\Mounts\\Web\\"),
        ("D:\\mounts\\website", "D:\\"),
        ("D:\\mounts", "D:\\"),
        ("Z:\\x", None),
    ],
)
def test_the_longest_access_path_carries_a_path(path: str, volume: str | None) -> None:
    assert carrier(path, ["C:\\", "D:\\", "D:\\Mounts\\Web\\"]) == volume
