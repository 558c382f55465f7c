# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/1.1 as far as a static site needs it: requests read, answers written, paths made safe; no sockets."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

SERVER_IIS = "Microsoft-IIS/10.0"
SERVER_KERNEL = "Microsoft-HTTPAPI/2.0"
MAX_HEAD = (
    16 * 1024
)  # bytes; http.sys MaxRequestBytes default (learn.microsoft.com, http.sys registry settings)

# What http.sys itself answers: title, sentence (the texts of its error pages).
INVALID_HOSTNAME = ("Bad Request - Invalid Hostname", "HTTP Error 400. The request hostname is invalid.")
INVALID_URL = ("Bad Request - Invalid URL", "HTTP Error 400. The request URL is invalid.")
UNAVAILABLE = ("Service Unavailable", "HTTP Error 503. The service is unavailable.")


class BadRequestError(ValueError):
    """A request http.sys answers itself with 400; its text is the reason."""


@dataclass(frozen=True)
class Request:
    """The head of a request.

    Attributes:
        method: upper case.
        target: the path as sent, without the query.
        host: the host name asked for, lower case, without port.
        headers: lower-case names.
        version: ``HTTP/1.1`` or ``HTTP/1.0``.
    """

    method: str
    target: str
    host: str
    headers: dict[str, str]
    version: str = "HTTP/1.1"

    @property
    def keep_alive(self) -> bool:
        """Whether the connection stays open after the answer."""
        asked = self.headers.get("connection", "").lower()
        return asked != "close" if self.version == "HTTP/1.1" else asked == "keep-alive"

    @property
    def body_length(self) -> int:
        """Bytes of body that follow the head.

        Raises:
            BadRequestError: the length is no number.
        """
        text = self.headers.get("content-length", "0")
        if not text.isdigit():
            raise BadRequestError("Content-Length is no number")
        return int(text)


@dataclass(frozen=True)
class Answer:
    """An answer before it is written."""

    status: int
    body: bytes = b""
    content_type: str = "text/html"
    server: str = SERVER_IIS
    headers: dict[str, str] = field(default_factory=dict)


def parse_head(head: bytes) -> Request:
    """The head of a request, up to and including its empty line.

    Raises:
        BadRequestError: it is no HTTP/1.x request.
    """
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequestError("no HTTP/1.x request line")
    headers: dict[str, str] = {}
    for line in filter(None, lines[1:]):
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise BadRequestError("a header line without a name")
        headers[name.lower()] = value.strip()
    target = parts[1].partition("?")[0]
    return Request(parts[0].upper(), target, host_name(headers.get("host", "")), headers, parts[2])


def host_name(header: str) -> str:
    """The host of a Host header, lower case, without its port and without the brackets of IPv6."""
    text = header.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]


def safe_path(target: str) -> str:
    """The path a target means, decoded, with ``.`` and ``..`` resolved; always begins with ``/``.

    Raises:
        BadRequestError: it leads above the root, or holds what no path of Windows holds.
    """
    try:
        text = unquote_to_bytes(target).decode()
    except UnicodeDecodeError as error:
        raise BadRequestError("the path is not UTF-8") from error
    if not text.startswith("/") or any(ord(letter) < 32 or letter in '<>*%&:"|?' for letter in text):
        raise BadRequestError("the path holds a character that no path has")
    parts: list[str] = []
    for part in text.replace("\\", "/").split("/"):
        if part == "..":
            if not parts:
                raise BadRequestError("the path leads above the root")
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts) + ("/" if parts and text.endswith(("/", "\\")) else "")


def kernel_answer(status: int, page: tuple[str, str]) -> Answer:
    """An answer of http.sys itself, which no worker process has seen."""
    title, sentence = page
    head = f"<HTML><HEAD><TITLE>{title.partition(' - ')[0]}</TITLE></HEAD>\r\n"
    body = f"{head}<BODY><h2>{title}</h2>\r\n<hr><p>{sentence}</p>\r\n</BODY></HTML>\r\n"
    return Answer(status, body.encode(), "text/html; charset=us-ascii", SERVER_KERNEL)


def error_answer(status: int, detail: str = "") -> Answer:
    """An answer of the worker process that is no file."""
    phrase = HTTPStatus(status).phrase
    title = f"{status} - {phrase}"
    text = f"<html><head><title>{title}</title></head><body><h2>{title}</h2>{detail}</body></html>\r\n"
    return Answer(status, text.encode())


def to_bytes(answer: Answer, node: str, *, keep_alive: bool, head_only: bool = False) -> bytes:
    """The answer as it goes over the wire.

    Args:
        answer: what to say.
        node: the node that says it, sent as ``X-Lab-Node``.
        keep_alive: whether the connection stays open.
        head_only: the request was HEAD.
    """
    headers = {
        "Content-Type": answer.content_type,
        "Server": answer.server,
        "X-Lab-Node": node,
        "Date": formatdate(usegmt=True),
        "Content-Length": str(len(answer.body)),
        "Connection": "keep-alive" if keep_alive else "close",
        **answer.headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n{lines}\r\n"
    return head.encode("latin-1") + (b"" if head_only else answer.body)
