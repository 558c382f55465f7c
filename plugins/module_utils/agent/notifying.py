# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The channels of notifications, opened as the agent's settings say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import StandbyError
from .eventlog import EventLog
from .notify import Channel, Notifier
from .notify_channels import Command, Webhook

_LARGEST_FILE = 4096


@dataclass(frozen=True)
class WebhookSettings:
    """A URL that notifications are posted to. Where it holds a secret, it stands in a file.

    Attributes:
        url: http or https.
        url_file: file that holds the URL instead, on its first line.
        headers_file: file with a header a line, for https alone.
        ca_file: authorities that sign the server; None for those of the system.
    """

    url: str | None = None
    url_file: str | None = None
    headers_file: str | None = None
    ca_file: str | None = None


@dataclass(frozen=True)
class Notifications:
    """Whom an agent tells of what happens.

    Attributes:
        event_log: the event log of Windows, log Application, source standby.iis.
        webhooks: see WebhookSettings.
        commands: programs with their arguments; each is given the notification on standard input.
        quiet: seconds in which the same is told once.
    """

    event_log: bool = True
    webhooks: tuple[WebhookSettings, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    quiet: float = 300.0


def check(asked: Notifications) -> None:
    """Refuse what cannot be, before an agent starts with it; files are looked at when it does.

    Raises:
        StandbyError: a webhook without a URL or with two, a command without a program, a negative time.
    """
    for number, one in enumerate(asked.webhooks, start=1):
        if (one.url is None) == (one.url_file is None):
            raise StandbyError(
                f"webhook {number} of the agent's settings has {'no URL' if one.url is None else 'two URLs'}",
                remedy="Give either url or url_file",
            )
    if not all(asked.commands):
        raise StandbyError(
            "a command of the agent's notifications is empty", remedy="Name a program, and its arguments"
        )
    if not 0 <= asked.quiet < float("inf"):
        raise StandbyError(
            f"notifications of the agent's settings have quiet {asked.quiet:g}",
            remedy="Give seconds, from 0 on",
        )


def open_notifier(
    asked: Notifications, here: Callable[[str], Path], problem: Callable[[str], None]
) -> Notifier:
    """A notifier with all channels that can be used; of the others ``problem`` is told.

    Args:
        asked: the settings.
        here: where a path of the settings is on this machine.
        problem: takes sentences, on any thread.
    """
    return Notifier(list(_channels(asked, here, problem)), problem, time.monotonic, quiet=asked.quiet)


def _channels(
    asked: Notifications, here: Callable[[str], Path], problem: Callable[[str], None]
) -> Iterator[Channel]:
    if asked.event_log:
        yield EventLog()
    for webhook in asked.webhooks:
        try:
            yield _webhook(webhook, here)
        except StandbyError as error:
            problem(f"Nothing is told to a webhook: {error}")
    for argv in asked.commands:
        yield Command([str(here(argv[0])), *argv[1:]])


def _webhook(asked: WebhookSettings, here: Callable[[str], Path]) -> Webhook:
    return Webhook(
        asked.url if asked.url is not None else _first_line(here(asked.url_file or "")),
        headers_file=here(asked.headers_file) if asked.headers_file is not None else None,
        ca_file=str(here(asked.ca_file)) if asked.ca_file is not None else None,
    )


def _first_line(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            text = opened.read(_LARGEST_FILE).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise StandbyError(
            f"the file {file} with its URL cannot be read: {why}",
            remedy="Write the URL on its first line, and let the agent's account read it",
        ) from None
    return next(iter(text.splitlines()), "").strip()
