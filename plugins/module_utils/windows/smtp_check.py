# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The deep check of an SMTP virtual server: greeting, EHLO, TLS, a mail that is begun; as far as it says.

RFC 5321 (replies, EHLO, MAIL, RCPT, RSET), RFC 3207 (STARTTLS). No mail is ever sent: RSET takes back what
was begun, before DATA. Whatever is sent is a fixed word, or an address without line ends.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from urllib.parse import SplitResult

from .exchange import Answer, Check, Deadline, Search, connect, look_at_certificate, secured, tls_context
from .replies import Control, UnexpectedReply

READY, DONE, FORWARDED, CLOSING = 220, 250, 251, 221


def ask(
    check: Check,
    url: SplitResult,
    deadline: Deadline,
    answer: Answer,
    *,
    wall: Callable[[], float],
    search: Search,  # noqa: ARG001 - no body is searched; the signature is that of all protocols
) -> None:
    """Talk to the virtual server; what comes of it goes into the answer.

    Raises:
        OSError, EOFError, ValueError: it does not answer, or the check cannot be made.
    """
    before = deadline.left()
    control = Control(connect(url, deadline), deadline, "SMTP")
    try:
        seen = _talk(control, check, url, deadline, answer, wall)
    except UnexpectedReply as unexpected:
        answer.seen = str(unexpected)
        return
    finally:
        control.connection.close()
    seconds = before - deadline.left()
    if check.latency is not None and seconds > check.latency:
        answer.slow = True
        answer.seen = f"{seen}, but after {seconds:.3f} s, later than {check.latency:g} s"
    else:
        answer.healthy, answer.seen = True, seen


def _talk(
    control: Control,
    check: Check,
    url: SplitResult,
    deadline: Deadline,
    answer: Answer,
    wall: Callable[[], float],
) -> str:
    """From the greeting to QUIT; what was seen on the way."""
    seen = ["greeted with 220", "answered EHLO"]
    control.hear("the connection", READY)
    offers = _introduce(control)
    if check.starttls:
        if "STARTTLS" not in offers:
            raise UnexpectedReply("offers no STARTTLS")
        control.say("STARTTLS", READY)
        secure = secured(control.connection, check, url, deadline, tls_context(check.verify))
        control.change(secure)
        look_at_certificate(check, secure.getpeercert(binary_form=True), answer, wall())
        _introduce(control)
        seen.append("speaks TLS")
    if check.recipient is not None:
        control.say(f"MAIL FROM:<{_address(check.sender or '')}>", DONE)
        control.say(f"RCPT TO:<{_address(check.recipient)}>", DONE, FORWARDED)
        control.say("RSET", DONE)
        seen.append(f"would take mail for {check.recipient}")
    control.say("QUIT", CLOSING)
    return ", ".join(seen)


def _introduce(control: Control) -> frozenset[str]:
    """Say EHLO, by the address the connection comes from; the words of the answer, upper case."""
    address = control.connection.getsockname()[0]
    tag = "IPv6:" if control.connection.family == socket.AF_INET6 else ""
    reply = control.say(f"EHLO [{tag}{address}]", DONE)
    return frozenset(word.upper().removeprefix(f"{DONE}-") for word in reply.text.split())


def _address(text: str) -> str:
    """A mail address as it may stand in angle brackets.

    Raises:
        ValueError: it cannot.
    """
    if not text.isascii() or set(text) & set("<> \r\n\t\0"):
        raise ValueError(f"{text!r} is no mail address")
    return text
