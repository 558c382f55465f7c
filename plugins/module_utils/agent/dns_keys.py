# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The TSIG keys of an agent: a file of its home, which the role monitor writes and nobody else reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import StandbyError
from .home import Home
from .settings import Settings

if TYPE_CHECKING:
    from ..control.dns_record import Keys

FILE = "dns.keys"


def document(keys: Iterable[Mapping[str, Any]]) -> bytes:
    """The file that holds keys, each with name, secret and algorithm."""
    told = [{name: one[name] for name in ("name", "secret", "algorithm")} for one in keys]
    return json.dumps(told, sort_keys=True, indent=1).encode("utf-8")


def read_keys(home: Home, settings: Settings) -> Keys:
    """The keys by name.

    Raises:
        StandbyError: the file cannot be read. What it holds is not told.
    """
    from ..control.records import keys_from

    if settings.dns_keys_file is None:
        return {}
    try:
        return keys_from(json.loads(home.here(settings.dns_keys_file).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StandbyError(
            f"the file of TSIG keys {settings.dns_keys_file} cannot be read ({type(error).__name__})",
            remedy="Run the role monitor again, which writes it",
        ) from None
