# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enumerate, Pull and Release (DSP0226 8).

Windows Server 2008 and 2012 answer an optimized Enumerate with one item and leave the rest to Pull; Server
2003 answers with everything at once (captures of both). Every Pull hands out a new context; a context that
was not used for the enumeration timeout is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from lab.cim.schema import Repository
from lab.winrm import faults, names
from lab.winrm.envelope import Request, answer, local_name, new_id, tag
from lab.winrm.faults import Fault
from lab.winrm.search import Search, positive, read_options
from lab.winrm.values import Writer
from lab.winrm.wmi import Answer

_PULL = {"EnumerationContext", "MaxElements", "MaxTime", "MaxCharacters"}


@dataclass
class _Rest:
    """What is left of an enumeration."""

    user: str
    resource: str
    items: list[str]
    expires: float


class Enumerations:
    """The enumerations of a server."""

    def __init__(
        self,
        repository: Repository,
        *,
        first_items: Literal["one", "all"],
        max_elements: int,
        timeout: float,
        now: Callable[[], float],
    ) -> None:
        self._search = Search(repository)
        self._writer = Writer(repository.embedded)
        self._first_items = first_items
        self._max_elements = max_elements
        self._timeout = timeout
        self._now = now
        self._open: dict[str, _Rest] = {}

    def clear(self) -> None:
        """Forget every enumeration."""
        self._open.clear()

    async def enumerate(self, request: Request, user: str, limit: int) -> Answer:
        """``n:Enumerate``.

        Args:
            request: the request.
            user: who asks; a context belongs to its user.
            limit: most bytes that the answer may have.
        """
        options = read_options(request)
        found = await self._search.run(request)
        items = [item.render(self._writer, options.mode) for item in found]
        count = 0
        if options.optimized:
            count = 1 if self._first_items == "one" else min(options.max_elements, self._max_elements)
        return self._answer("Enumerate", request, user, items, count, limit)

    async def pull(self, request: Request, user: str, limit: int) -> Answer:
        """``n:Pull``; arguments as for :meth:`enumerate`."""
        body = request.body
        if body is None or body.tag != tag(names.ENUMERATION, "Pull"):
            raise Fault(faults.INVALID_BODY, "The body holds no Pull.")
        if any(local_name(child) not in _PULL for child in body):
            raise Fault(faults.UNSUPPORTED_FEATURE, "Pull holds an element that is not supported.")
        rest = self._take(request, user)
        count = min(positive(body, tag(names.ENUMERATION, "MaxElements")), self._max_elements)
        return self._answer("Pull", request, user, rest.items, count, limit)

    async def release(self, request: Request, user: str) -> Answer:
        """``n:Release``."""
        if request.body is None or request.body.tag != tag(names.ENUMERATION, "Release"):
            raise Fault(faults.INVALID_BODY, "The body holds no Release.")
        self._take(request, user)
        return Answer(f"{names.RELEASE}Response", "", "a n w p")

    def _take(self, request: Request, user: str) -> _Rest:
        assert request.body is not None  # noqa: S101  checked by the callers
        now = self._now()
        self._open = {context: rest for context, rest in self._open.items() if rest.expires > now}
        context = (request.body.findtext(tag(names.ENUMERATION, "EnumerationContext")) or "").strip()
        rest = self._open.get(context)
        if rest is None or rest.user != user or rest.resource != request.resource.casefold():
            raise Fault(faults.INVALID_CONTEXT)
        return self._open.pop(context)

    def _answer(
        self, verb: str, request: Request, user: str, items: list[str], count: int, limit: int
    ) -> Answer:
        fitting = self._fitting(verb, request, items[:count], limit)
        rest = items[fitting:]
        # An unoptimized Enumerate hands out a context even for nothing, so that the end comes with a Pull.
        more = bool(rest) or count == 0
        context = ""
        if more:
            context = new_id()
            self._open[context] = _Rest(user, request.resource.casefold(), rest, self._now() + self._timeout)
        inner = _inner(verb, context, "".join(items[:fitting]), wanted=count > 0, more=more)
        return Answer(f"{names.ENUMERATION}/{verb}Response", inner, "a n w")

    def _fitting(self, verb: str, request: Request, items: list[str], limit: int) -> int:
        """How many items fit into one answer; none where even the first does not.

        Raises:
            Fault: the first item alone is too large.
        """
        frame = _inner(verb, new_id(), "", wanted=True, more=True)
        action = f"{names.ENUMERATION}/{verb}Response"
        used = len(answer(action, request.message_id, frame, prefixes="a n w").encode())
        for position, item in enumerate(items):
            used += len(item.encode())
            if used > limit:
                if position == 0:
                    raise Fault(_too_large(request, limit))
                return position
        return len(items)


def _too_large(request: Request, limit: int) -> faults.Kind:
    own = request.max_envelope is not None and request.max_envelope <= limit
    return faults.ENVELOPE_TOO_LARGE if own else faults.SERVER_ENVELOPE_LIMIT


def _inner(verb: str, context: str, items: str, *, wanted: bool, more: bool) -> str:
    if verb == "Enumerate":
        listed = f"<w:Items>{items}</w:Items>{'' if more else '<w:EndOfSequence/>'}" if wanted else ""
        return (
            f"<n:EnumerateResponse><n:EnumerationContext>{escape(context)}</n:EnumerationContext>{listed}"
            "</n:EnumerateResponse>"
        )
    named = f"<n:EnumerationContext>{escape(context)}</n:EnumerationContext>" if more else ""
    end = "" if more else "<n:EndOfSequence/>"
    return f"<n:PullResponse>{named}<n:Items>{items}</n:Items>{end}</n:PullResponse>"
