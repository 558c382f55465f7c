# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Security descriptors of a node's folders: owner and discretionary list, kept in a JSON file.

A folder that nobody has changed has what it inherits from ``C:\\ProgramData``, where users may add files. The
text form is SDDL ([MS-DTYP] 2.5.1).
"""

from __future__ import annotations

import json
import ntpath
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lab.machine.files import write_atomically

ADMINISTRATORS = "S-1-5-32-544"
# Aliases of SDDL ([MS-DTYP] 2.5.1.1); any other account is written as its SID.
_ALIASES = {ADMINISTRATORS: "BA", "S-1-5-18": "SY", "S-1-5-32-545": "BU"}
_INHERITED = "(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;0x1200a9;;;BU)(A;CIID;DCLCRPCR;;;BU)"


@dataclass(frozen=True)
class Descriptor:
    """One folder's.

    Attributes:
        owner: SID.
        protected: nothing is inherited.
        granted: SIDs with full access, for the folder and all below it.
        change: SIDs that may change it and all below it.
    """

    owner: str = ADMINISTRATORS
    protected: bool = False
    granted: tuple[str, ...] = ()
    change: tuple[str, ...] = ()

    @property
    def sddl(self) -> str:
        """As Get-Acl shows it."""
        own = "".join(f"(A;OICI;FA;;;{_ALIASES.get(sid, sid)})" for sid in self.granted)
        own += "".join(f"(A;OICI;0x1301bf;;;{_ALIASES.get(sid, sid)})" for sid in self.change)
        inherited = "" if self.protected else _INHERITED
        return (
            f"O:{_ALIASES.get(self.owner, self.owner)}G:BAD:{'P' if self.protected else ''}AI{own}{inherited}"
        )


class Acls:
    """The folders whose descriptor was changed.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, folder: str) -> Descriptor:
        """A folder's descriptor."""
        kept = self._read().get(_key(folder))
        return (
            Descriptor()
            if kept is None
            else Descriptor(
                **{**kept, "granted": tuple(kept["granted"]), "change": tuple(kept.get("change", ()))}
            )
        )

    def set(self, folder: str, **changes: Any) -> None:
        """Change a descriptor."""
        changed = replace(self.of(folder), **changes)
        self._write({**self._read(), _key(folder): asdict(changed)})

    def move(self, path: str, to: str) -> None:
        """A folder has another place on its volume, and keeps its descriptor, as what is below it does."""
        old, new = _key(path), _key(to)
        self._write(
            {
                f"{new}{key[len(old) :]}" if key == old or key.startswith(f"{old}\\") else key: one
                for key, one in self._read().items()
            }
        )

    def forget(self, path: str) -> None:
        """A path is gone, with what was below it."""
        gone = _key(path)
        kept = self._read()
        self._write(
            {key: one for key, one in kept.items() if key != gone and not key.startswith(f"{gone}\\")}
        )

    def _read(self) -> dict[str, dict[str, Any]]:
        if not self._path.exists():
            return {}
        document: dict[str, dict[str, Any]] = json.loads(self._path.read_text(encoding="utf-8"))
        return document

    def _write(self, document: dict[str, dict[str, Any]]) -> None:
        write_atomically(self._path, json.dumps(document))


def _key(folder: str) -> str:
    return ntpath.normpath(folder).casefold()
