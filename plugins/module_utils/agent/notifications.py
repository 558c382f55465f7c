# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whom an agent tells of what happens: that part of its settings."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from ..errors import StandbyError


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
        StandbyError: a webhook without a URL, with two, or with one that cannot be; a command without a
            program; a negative time.
    """
    for number, one in enumerate(asked.webhooks, start=1):
        if (one.url is None) == (one.url_file is None):
            raise StandbyError(
                f"webhook {number} of the agent's settings has {'no URL' if one.url is None else 'two URLs'}",
                remedy="Give either url or url_file",
            )
        if one.url is not None and (problem := url_problem(one.url)):
            raise StandbyError(f"the URL of webhook {number} of the agent's settings {problem}", remedy=URL)
    if not all(asked.commands):
        raise StandbyError(
            "a command of the agent's notifications is empty", remedy="Name a program, and its arguments"
        )
    if not 0 <= asked.quiet < float("inf"):
        raise StandbyError(
            f"notifications of the agent's settings have quiet {asked.quiet:g}",
            remedy="Give seconds, from 0 on",
        )


URL = "Write it with http or https, a host, no user name or password, and each other character as %XX"


def url_problem(url: str) -> str:
    """Why a URL cannot be posted to, "" where it can; without any of it, as it may be secret."""
    if not all("!" <= character <= "~" for character in url):
        return "has a space or another character that no URL has"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "is none"
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or port == 0:
        return "is not of the form https://host/path"
    return ""
