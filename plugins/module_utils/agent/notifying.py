# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The channels of notifications, opened as the agent's settings say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import StandbyError
from .eventlog import EventLog
from .notifications import Notifications, WebhookSettings
from .notify import Channel, Notifier
from .notify_channels import Command, Webhook

_LARGEST_FILE = 4096


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
