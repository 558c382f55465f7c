# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The witness, opened as the agent's settings say."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

from ..errors import StandbyError
from .home import Home
from .settings import EtcdSettings, Settings, timers_of
from .store.etcd_identity import Identity, Known
from .store.etcd_login import Logins
from .store.interface import Store
from .store.opening import open_directory, open_etcd


def open_witness(home: Home, settings: Settings) -> Callable[[], Store]:
    """What opens the witness anew.

    Raises:
        StandbyError: a file that the settings name cannot be read.
    """
    if settings.directory is not None:
        path = str(home.here(settings.directory))
        return lambda: open_directory(path)
    etcd = settings.etcd
    if etcd is None:
        raise StandbyError("the agent's settings name no witness")
    credentials = _credentials(home, etcd)
    ca_file, certificate_file, key_file = (
        None if name is None else str(home.here(name))
        for name in (etcd.ca_file, etcd.certificate_file, etcd.key_file)
    )
    certificate = (certificate_file, key_file) if certificate_file is not None else None
    logins, identity = Logins(), _identity(home)
    return lambda: open_etcd(
        etcd.endpoints,
        settings.cluster,
        prefix=etcd.prefix,
        credentials=credentials,
        ca_file=ca_file,
        certificate=certificate,
        logins=logins,
        identity=identity,
        seconds=timers_of(settings).store_timeout,
    )


def _identity(home: Home) -> Identity:
    """The etcd cluster that this home knows. It goes with the home, as the agents' removal leaves none."""
    try:
        document = json.loads(home.etcd_file.read_text(encoding="utf-8"))
        known = Known(str(document["cluster"]), frozenset(map(str, document["endpoints"])))
    except (OSError, ValueError, KeyError, TypeError):
        known = Known()

    def keep(learned: Known) -> None:
        with suppress(OSError):  # the next process asks again
            home.write(home.etcd_file, {"cluster": learned.cluster, "endpoints": sorted(learned.endpoints)})

    return Identity(known, keep)


def _credentials(home: Home, etcd: EtcdSettings) -> tuple[str, str] | None:
    if etcd.user is None:
        return None
    try:
        password = home.here(etcd.password_file or "").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise StandbyError(
            f"the password of the witness's user {etcd.user} cannot be read ({error})",
            remedy="Run the monitor role again, which writes that file",
        ) from error
    return etcd.user, password
