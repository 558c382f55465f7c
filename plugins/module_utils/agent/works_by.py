# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an agent works by, as its status names it: files may be replaced beside an agent that runs on."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from . import settings as documents
from .settings import Settings


def program_digest(path: str) -> str:
    """SHA-256 of the archive that a process runs, taken when it begins; "" where that is no file."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except (OSError, ValueError):
        return ""


def works_by(settings: Settings, program: str, definition: str) -> dict[str, Any]:
    """What the status names.

    Args:
        settings: as they were read. Their digest is that of the file, as the role writes it.
        program: digest of the archive that the supervisor was started from, and takes later imports from.
        definition: digest of the cluster's definition.
    """
    etcd = settings.etcd
    named = None if etcd is None else {"endpoints": list(etcd.endpoints), "prefix": etcd.prefix}
    return {
        "program": program,
        "settings": hashlib.sha256(documents.write(settings).encode("utf-8")).hexdigest(),
        "definition": definition,
        "told": {"cluster": settings.cluster, "directory": settings.directory, "etcd": named},
    }
