# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agent's settings: ``agent.json`` in its home. What is protected stands in the node's registry."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import BadDocument, StandbyError
from ..ha.check_times import CheckSettings, deep_times, quick_times
from ..ha.codec import Codec, MisfitError
from ..ha.ownership.timing import Timers, timers
from . import bmc, notifications
from .bmc import Bmc
from .declared import ClusterOptions, HierarchyOptions
from .notifications import Notifications

FORMAT = 1
# Nothing is registered for it at IANA; above the well-known ports and below those that Windows hands out
# (49152 and up, since Windows Vista).
PORT = 7790
_DAY = 24 * 60  # minutes
_WHAT = "the agent's settings"
_REMEDY = "Run the monitor role again, which writes them"


@dataclass(frozen=True)
class EtcdSettings:
    """An etcd cluster as witness; files are named, so that no secret stands in the settings.

    Attributes:
        endpoints: client URLs of its members.
        prefix: where its keys lie; None for that of the cluster's name.
        user: where etcd has authentication enabled.
        password_file: file that holds the user's password.
        ca_file: authorities that sign its members; None for those of the system.
        certificate_file, key_file: of the client, where etcd asks for them.
    """

    endpoints: tuple[str, ...]
    prefix: str | None = None
    user: str | None = None
    password_file: str | None = None
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None


@dataclass(frozen=True)
class Settings:
    """What one agent is told.

    Attributes:
        node: inventory name of its node.
        cluster: name of the cluster.
        directory: the witness directory; None where the witness is an etcd.
        etcd: the witness etcd; None where it is a directory.
        preset: of the timers.
        timers: those that are set otherwise, by name.
        addresses: node -> addresses under which its agent is reached; every node, this one too.
        port: on which every agent listens.
        hierarchies, limits: see ``declared.ClusterOptions``.
        fences: node -> program and arguments that end only when it is surely off: with 0 where it is.
        bmcs: node -> controller that switches it off.
        manual: nodes of which a person says that they are off.
        fence_timeout: seconds that a program or a controller may take.
        checks: what is set otherwise of health checks.
        notifications: whom it tells of what happens.
        dns_keys_file: file that holds the TSIG keys by which DNS records are updated; None for none.
    """

    node: str
    cluster: str
    directory: str | None = None
    etcd: EtcdSettings | None = None
    preset: str = "lan"
    timers: Mapping[str, float] = field(default_factory=dict)
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    port: int = PORT
    hierarchies: Mapping[str, HierarchyOptions] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    fences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bmcs: Mapping[str, Bmc] = field(default_factory=dict)
    manual: frozenset[str] = frozenset()
    fence_timeout: float = 30.0
    checks: CheckSettings = field(default_factory=CheckSettings)
    notifications: Notifications = field(default_factory=Notifications)
    dns_keys_file: str | None = None

    @property
    def options(self) -> ClusterOptions:
        """What was asked of ownership."""
        return ClusterOptions(
            self.hierarchies, self.limits, frozenset({*self.fences, *self.bmcs}), self.manual
        )


def parse(text: str) -> Settings:
    """The settings that a document holds.

    Raises:
        BadDocument: it is no such document; the problem names the place.
        StandbyError: what it says cannot be.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BadDocument(f"{_WHAT} are not JSON ({error})", remedy=_REMEDY) from None
    if not isinstance(document, dict):
        raise BadDocument(f"{_WHAT} are not a JSON object", remedy=_REMEDY)
    if (found := document.pop("format", None)) != FORMAT:
        told = f"{_WHAT} have format {found!r}, and this version of the agent knows {FORMAT}"
        raise BadDocument(told, remedy=_REMEDY)
    try:
        settings: Settings = Codec().unpack(Settings, document, "settings")
    except MisfitError as misfit:
        raise BadDocument(f"agent.json {misfit}", remedy=_REMEDY) from None
    _check(settings)
    return settings


def write(settings: Settings) -> str:
    """The document that holds settings; equal settings give equal text."""
    document = {"format": FORMAT, **Codec().pack(Settings, settings)}
    return json.dumps(document, sort_keys=True, indent=1)


def timers_of(settings: Settings) -> Timers:
    """The timers that they ask for.

    Raises:
        BadTimers: there are none such, or they break an inequality.
    """
    whole = {"recovery_attempts", "hold_after"}
    asked = {name: int(value) if name in whole else value for name, value in settings.timers.items()}
    return timers(settings.preset, **asked)


def _check(settings: Settings) -> None:
    if (settings.directory is None) == (settings.etcd is None):
        raise StandbyError(
            f"{_WHAT} name {'two witnesses' if settings.etcd else 'no witness'}",
            remedy="Give either a directory or an etcd",
        )
    if not 0 < settings.port < 65536:
        raise StandbyError(f"{_WHAT} name port {settings.port}", remedy="Give one from 1 to 65535")
    if settings.node not in settings.addresses:
        raise StandbyError(f"{_WHAT} have no address of {settings.node} itself", remedy=_REMEDY)
    _check_options(settings)
    notifications.check(settings.notifications)
    preset = timers_of(settings)
    quick_times(preset, **settings.checks.quick)
    deep_times(preset, preset.interval, **settings.checks.deep)
    if not (settings.checks.certificate_days >= 0 and settings.checks.certificate_interval >= 1):
        raise StandbyError(
            f"{_WHAT} have certificate_days {settings.checks.certificate_days:g} and certificate_interval "
            f"{settings.checks.certificate_interval:g}",
            remedy="Give days from 0 on, and seconds from 1 on",
        )


def _check_options(settings: Settings) -> None:
    for name, options in settings.hierarchies.items():
        if options.window is not None and not all(0 <= minute <= _DAY for minute in options.window):
            raise StandbyError(
                f"the window of {name!r} is {' to '.join(map(str, options.window))}",
                remedy=f"Give its begin and end as minutes since midnight, 0 to {_DAY}",
            )
    _check_fences(settings)


def _check_fences(settings: Settings) -> None:
    for node, command in settings.fences.items():
        if not command:
            raise StandbyError(f"the fence of {node} is empty", remedy="Name a program, and its arguments")
    for node, one in settings.bmcs.items():
        bmc.check(node, one)
    kinds: tuple[Iterable[str], ...] = (settings.fences, settings.bmcs, settings.manual)
    declared = [node for kind in kinds for node in kind]
    if twice := sorted({node for node in declared if declared.count(node) > 1}):
        raise StandbyError(f"{twice[0]} has two fences", remedy="Give it one")
    if settings.fence_timeout <= 0:
        raise StandbyError(
            f"fence_timeout is {settings.fence_timeout:g}", remedy="Give a number of seconds above 0"
        )
