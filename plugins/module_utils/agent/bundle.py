# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``standby.pyz``: the agent as one archive that Python runs, made of this very package."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import zipfile
from pathlib import Path

from ..errors import StandbyError

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


def with_dnspython(program: bytes) -> bytes:
    """An archive with dnspython in it, as it is installed here, with its licence.

    Args:
        program: of ``archive``.

    Raises:
        StandbyError: it is not installed here.
    """
    root = _dnspython()
    made = io.BytesIO(program)
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(root.rglob("*.py")):
            _add(packed, f"dns/{file.relative_to(root).as_posix()}", file.read_bytes())
        for name, text in _licences():
            _add(packed, f"dns/{name}", text)
    return made.getvalue()


def _dnspython() -> Path:
    found = importlib.util.find_spec("dns")
    places = list(found.submodule_search_locations or ()) if found is not None else []
    if not places:
        raise StandbyError(
            "a DNS record is declared, and the Python package dnspython is missing on the controller",
            remedy="Install it for the Python that runs Ansible: python -m pip install dnspython",
        )
    return Path(places[0])


def _licences() -> list[tuple[str, bytes]]:
    """Whoever passes it on passes its licence on too (ISC)."""
    try:
        files = importlib.metadata.files("dnspython") or ()
    except importlib.metadata.PackageNotFoundError:
        return []
    named = (one for one in files if one.name.upper().startswith("LICENSE"))
    return [(one.name, Path(str(one.locate())).read_bytes()) for one in named]


def _add(packed: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    packed.writestr(entry, content)
