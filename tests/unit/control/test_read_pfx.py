# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PFX of the controller: read, or told why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.certificate import read_pfx
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.windows.certificate_store import LARGEST_PFX


def test_a_pfx_is_read_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "shop.pfx"
    file.write_bytes(b"secret bytes")
    pfx = read_pfx(str(file), None, "Shop")
    assert (pfx.data, pfx.password) == (b"secret bytes", "")
    assert "secret" not in repr(pfx)


@pytest.mark.parametrize("size", [0, LARGEST_PFX + 1])
def test_what_is_surely_no_pfx_is_refused(tmp_path: Path, size: int) -> None:
    file = tmp_path / "shop.pfx"
    file.write_bytes(bytes(size))
    with pytest.raises(StandbyError, match=f"has {size} bytes, expected 1 to {LARGEST_PFX}") as told:
        read_pfx(str(file), "hunter2", "Shop")
    assert "hunter2" not in str(told.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StandbyError, match=r"nowhere\.pfx cannot be read: No such file") as told:
        read_pfx(str(tmp_path / "nowhere.pfx"), None, "Shop")
    assert "on the controller" in (told.value.remedy or "")
    assert told.value.resource == 'certificate of site "Shop"'
