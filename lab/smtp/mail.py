# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail as files: one file a message in the queue directory until it is delivered.

The envelope stands in ``x-sender`` and ``x-receiver`` lines before the message; where Windows keeps it is not
documented.
"""

from __future__ import annotations

import email
import email.policy
import itertools
import os
import smtplib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import getaddresses
from pathlib import Path

SUFFIX = ".EML"
DELIVERY_SECONDS = 5.0

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Message:
    """A message with its envelope."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    def to_bytes(self) -> bytes:
        """As it lies in the queue."""
        lines = [f"x-sender: {self.sender}", *(f"x-receiver: {one}" for one in self.recipients)]
        return "".join(f"{line}\r\n" for line in lines).encode() + self.content


def parse(data: bytes) -> Message:
    """A file of the queue or of the pickup directory.

    A file of the pickup directory without such lines is sent as its From, To, Cc and Bcc say.
    """
    sender, recipients, rest = "", [], data
    while True:
        line, _end, after = rest.partition(b"\n")
        name, _colon, value = line.decode("utf-8", "replace").partition(":")
        if name.lower() == "x-sender":
            sender = value.strip()
        elif name.lower() == "x-receiver":
            recipients.append(value.strip())
        else:
            break
        rest = after
    if recipients:
        return Message(sender, tuple(recipients), rest)
    headers = email.message_from_bytes(rest, policy=email.policy.compat32)
    to = getaddresses([text for name in ("To", "Cc", "Bcc") for text in headers.get_all(name, [])])
    sent_by = getaddresses(headers.get_all("From", []))
    return Message(sent_by[0][1] if sent_by else "", tuple(address for _name, address in to), rest)


def keep(folder: Path, message: Message) -> Path:
    """Write a message into a folder: it is there whole, and on the disk, or not at all.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"NTFS_{time.time_ns():016x}{os.getpid():08x}{next(_numbers):08x}{SUFFIX}"
    scratch = target.with_suffix(".tmp")
    with scratch.open("wb") as file:
        file.write(message.to_bytes())
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(target)
    return target


def waiting(folder: Path) -> list[Path]:
    """The messages in a folder, the oldest first; none where there is no folder."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix.upper() == SUFFIX)
    except OSError:
        return []


def pick_up(pickup: Path, queue: Path) -> int:
    """Move what lies in the pickup directory into the queue; how many messages that were."""
    found = waiting(pickup)
    for path in found:
        keep(queue, parse(path.read_bytes()))
        path.unlink()
    return len(found)


class Refusal(Exception):
    """The next hop will never take a message; the text is what it said."""


def hand_over(message: Message, host: str, port: int, greeting: str) -> None:
    """Deliver a message to the next hop.

    Raises:
        Refusal: it will never be taken.
        OSError: it was not taken now.
    """
    try:
        with smtplib.SMTP(host, port, local_hostname=greeting, timeout=DELIVERY_SECONDS) as client:
            client.sendmail(message.sender, message.recipients, message.content)
    except smtplib.SMTPRecipientsRefused as refused:
        if all(code >= 500 for code, _said in refused.recipients.values()):
            raise Refusal(_first(refused.recipients.values())) from refused
        raise
    except smtplib.SMTPResponseException as answer:
        if answer.smtp_code >= 500:
            raise Refusal(f"{answer.smtp_code} {answer.smtp_error!r}") from answer
        raise


def _first(answers: Iterable[tuple[int, bytes]]) -> str:
    code, said = next(iter(answers))
    return f"{code} {said.decode('utf-8', 'replace')}"
