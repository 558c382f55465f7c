# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the prober says in each protocol, and what it takes for an answer.

Written on its own, not with the collection's checks: an outage must not be measured with what is measured.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote

from lab.transport import cut

MAX_HEAD = 64 * 1024  # bytes of an answer's head
PORTS = {"http": 80, "https": 443, "ftp": 21, "smtp": 25}


@dataclass(frozen=True)
class Answer:
    """What a server said.

    Attributes:
        good: it is what was asked for.
        outcome: its last code.
        node: the node that answered, empty where none is named.
    """

    good: bool
    outcome: str
    node: str


@dataclass(frozen=True)
class _Reply:
    """Of ftp and smtp: a code, and the texts of its lines."""

    code: str
    lines: tuple[str, ...]


async def ask_http(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: SplitResult, host: str
) -> Answer:
    """GET; a status below 400 is good.

    Raises:
        ValueError: it is no HTTP answer.
    """
    writer.write(_request_text(url, host).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    return _read_head(head)


async def ask_ftp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: SplitResult) -> Answer:
    """The greeting; with a user in the URL (``ftp://anonymous@address``) his login and a listing too.

    Raises:
        ValueError: it is no FTP answer.
    """
    greeting = await _reply(reader)
    node = _node(greeting)
    if greeting.code != "220" or url.username is None:
        return Answer(greeting.code == "220", "200" if greeting.code == "220" else greeting.code, node)
    user, password = unquote(url.username), unquote(url.password or "prober@")
    for command, wanted in ((f"USER {user}", "331"), (f"PASS {password}", "230"), ("EPSV", "229")):
        reply = await _command(reader, writer, command)
        if reply.code != wanted:
            return Answer(False, reply.code, node)
    code = await _listing(reader, writer, url, _passive_port(reply))
    return Answer(code == "226", "200" if code == "226" else code, node)


async def ask_smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: SplitResult) -> Answer:
    """The greeting; with a path (``smtp://address/client.example.net``) EHLO by that name too.

    Raises:
        ValueError: it is no SMTP answer.
    """
    greeting = await _reply(reader)
    node, code, wanted = _node(greeting), greeting.code, "220"
    if code == "220" and (name := url.path.strip("/")):
        code, wanted = (await _command(reader, writer, f"EHLO {name}")).code, "250"
    return Answer(code == wanted, "200" if code == wanted else code, node)


async def _listing(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: SplitResult, port: int
) -> str:
    """The code in which the listing ends."""
    data, connection = await asyncio.open_connection(url.hostname, port)
    try:
        begun = await _command(reader, writer, "NLST")
        if begun.code not in ("125", "150"):
            return begun.code
        while await data.read(MAX_HEAD):
            pass
        return (await _reply(reader)).code
    finally:
        cut(connection.transport)


async def _command(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: str) -> _Reply:
    writer.write(f"{line}\r\n".encode())
    return await _reply(reader)


async def _reply(reader: asyncio.StreamReader) -> _Reply:
    """A reply of one line or more (RFC 959 4.2, RFC 5321 4.2.1).

    Raises:
        ValueError: it is none.
    """
    lines: list[str] = []
    while True:
        line = (await reader.readuntil(b"\n")).decode("latin-1").rstrip("\r\n")
        coded = line[:3].isdigit() and line[3:4] in ("", " ", "-")
        if not coded and not lines:
            raise ValueError("no reply")
        lines.append(line[4:] if coded else line)
        if coded and line[3:4] != "-":
            return _Reply(line[:3], tuple(lines))


def _passive_port(reply: _Reply) -> int:
    """The port of ``229 Entering Extended Passive Mode (|||6446|)`` (RFC 2428 3)."""
    return int(reply.lines[-1].rpartition("(|||")[2].partition("|")[0])


def _node(greeting: _Reply) -> str:
    """The node that greets, in a line of the lab's own."""
    told = [line[12:] for line in greeting.lines if line.startswith("X-Lab-Node: ")]
    return told[-1] if told else ""


def _request_text(url: SplitResult, host: str) -> str:
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    lines = (f"GET {path} HTTP/1.1", f"Host: {host or url.netloc}", "User-Agent: prober", "Connection: close")
    return "\r\n".join(lines) + "\r\n\r\n"


def _read_head(head: bytes) -> Answer:
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if not first.startswith("HTTP/") or len(parts) < 2:
        raise ValueError("no HTTP answer")
    headers = {name.lower(): value.strip() for name, _rest, value in (line.partition(":") for line in lines)}
    status = int(parts[1])
    return Answer(status < 400, str(status), headers.get("x-lab-node", ""))
