# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``standby.pyz``: the agent as one archive that Python runs, made of this very package."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

# The package in the archive; relative imports work under any name.
_PACKAGE = "standby_iis"
_MAIN = f"""from {_PACKAGE}.agent.entry import run

if __name__ == "__main__":
    raise SystemExit(run())
"""
# Files have no time of their own: equal sources give an equal archive. ZIP knows none before 1980.
_TIME = (1980, 1, 1, 0, 0, 0)
_SUFFIXES = (".py", ".ps1")


def archive(source: Path | None = None) -> bytes:
    """The archive, byte by byte the same for the same sources.

    Args:
        source: the folder ``module_utils``; the one that this file lies in where not given.
    """
    root = source or Path(__file__).parents[1]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        _add(packed, "__main__.py", _MAIN.encode())
        for file in sorted(root.rglob("*")):
            if file.suffix in _SUFFIXES:
                _add(packed, f"{_PACKAGE}/{file.relative_to(root).as_posix()}", file.read_bytes())
    return made.getvalue()


def _add(packed: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    packed.writestr(entry, content)
