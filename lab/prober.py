# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outside view: asks every site many times a second and remembers what came back.

Open loop: a request goes out at its time whether or not the one before was answered, so that a slow answer
cannot hide an outage. Every request has a connection of its own, so that a listener's presence is what is
measured.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from lab.probe_report import Report, Sample, render, summarize
from lab.probe_talks import MAX_HEAD, PORTS, Answer, ask_ftp, ask_http, ask_smtp
from lab.transport import cut

__all__ = ["Prober", "Report", "Sample", "Target", "render"]

MIN_RATE_HZ = 20.0


@dataclass(frozen=True)
class Target:
    """What to ask for.

    Attributes:
        name: what the report calls it.
        url: http, https, ftp or smtp, with the address itself rather than a name, so that no resolver is
            measured. Of ftp and smtp the greeting is what counts as an answer; with a user (of ftp) a login
            and a listing too, with a path (of smtp) EHLO by that name, as curl reads such URLs.
        host: the Host header, and the name TLS asks for; the URL's own where empty.
    """

    name: str
    url: str
    host: str = ""


class Prober:
    """Probes targets from a thread of its own between ``start`` and ``stop``."""

    def __init__(
        self,
        targets: Sequence[Target],
        rate_hz: float = 50.0,
        timeout: float = 1.0,
        *,
        outstanding: int = 100,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare.

        Args:
            targets: what to ask for.
            rate_hz: requests a second for each target, at least 20.
            timeout: seconds until a request without an answer has failed.
            outstanding: most unanswered requests to one target; further ones are left out and counted.
            context: how to verify https; the system's authorities where not given.

        Raises:
            ValueError: the rate is below 20 a second, or a URL is of another protocol.
        """
        if rate_hz < MIN_RATE_HZ:
            raise ValueError(
                f"rate {rate_hz} Hz is below {MIN_RATE_HZ} Hz, too coarse to measure an outage with"
            )
        for one in targets:
            if urlsplit(one.url).scheme not in PORTS:
                raise ValueError(f"{one.name}: {one.url} is none of http, https, ftp, smtp")
        self._targets = list(targets)
        self._interval = 1.0 / rate_hz
        self._timeout = timeout
        self._outstanding = outstanding
        self._context = context or ssl.create_default_context()
        self._samples: list[list[Sample]] = [[] for _rest in targets]
        self._skipped = [0 for _rest in targets]
        self._lateness: list[float] = []
        self._seconds = 0.0
        self._begun = 0.0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to probe.

        Raises:
            RuntimeError: it was started already; a prober runs once.
        """
        if self._thread is not None:
            raise RuntimeError("this prober was started already")
        self._begun = time.monotonic()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="prober", daemon=True)
        self._thread.start()

    def stop(self) -> Report:
        """Stop probing, wait for what is under way (at most the timeout), and report.

        Raises:
            RuntimeError: it was never started.
        """
        if self._thread is None:
            raise RuntimeError("this prober was never started")
        self._stopping.set()
        self._thread.join()
        return self.report()

    def now(self) -> float:
        """Seconds since the start, on the clock of the samples: to relate events to gaps."""
        return time.monotonic() - self._begun

    def last_good(self, name: str) -> Sample | None:
        """The good answer of a target that came last, None before the first."""
        number = next(number for number, target in enumerate(self._targets) if target.name == name)
        return next((sample for sample in reversed(list(self._samples[number])) if sample.good), None)

    def report(self) -> Report:
        """What was seen so far."""
        late = list(self._lateness)
        return Report(
            seconds=self._seconds,
            interval=self._interval,
            timeout=self._timeout,
            stalls=sum(1 for one in late if one > self._interval),
            longest_stall=max(late, default=0.0),
            targets=tuple(
                summarize(target.name, target.url, list(samples), skipped)
                for target, samples, skipped in zip(self._targets, self._samples, self._skipped, strict=True)
            ),
        )

    async def _run(self) -> None:
        await asyncio.gather(*(self._probe(number) for number in range(len(self._targets))))
        self._seconds = self.now()

    async def _probe(self, number: int) -> None:
        """Send the requests of one target, each at its time."""
        under_way: set[asyncio.Task[None]] = set()
        due = number * self._interval / len(self._targets)
        while not self._stopping.is_set():
            await asyncio.sleep(max(0.0, due - self.now()))
            late = self.now() - due
            self._lateness.append(late)
            self._seconds = self.now()
            if len(under_way) < self._outstanding:
                task = asyncio.create_task(self._request(number))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            else:
                self._skipped[number] += 1
            # Requests missed in a stall are not made up for in a burst, which would measure one instant.
            due += self._interval * max(1, int(late / self._interval))
        await asyncio.gather(*under_way)

    async def _request(self, number: int) -> None:
        target, sent = self._targets[number], self.now()
        try:
            answer = await asyncio.wait_for(self._ask(target), self._timeout)
            sample = Sample(sent, self.now(), answer.good, answer.node, answer.outcome)
        except TimeoutError:
            sample = Sample(sent, self.now(), False, outcome="timeout")
        except ConnectionRefusedError:
            sample = Sample(sent, self.now(), False, outcome="refused")
        except ssl.SSLError as error:
            sample = Sample(sent, self.now(), False, outcome=f"tls {error.reason or type(error).__name__}")
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            sample = Sample(sent, self.now(), False, outcome=_outcome(error))
        self._samples[number].append(sample)

    async def _ask(self, target: Target) -> Answer:
        """The answer to one request on a new connection."""
        url = urlsplit(target.url)
        name = target.host or url.hostname or ""
        context = self._context if url.scheme == "https" else None
        reader, writer = await asyncio.open_connection(
            url.hostname,
            url.port or PORTS[url.scheme],
            limit=MAX_HEAD,
            ssl=context,
            server_hostname=name if context else None,
        )
        try:
            if url.scheme == "ftp":
                return await ask_ftp(reader, writer, url)
            if url.scheme == "smtp":
                return await ask_smtp(reader, writer, url)
            return await ask_http(reader, writer, url, target.host)
        finally:
            cut(writer.transport)


def _outcome(error: Exception) -> str:
    """One word for a failure."""
    if isinstance(error, (ConnectionResetError, BrokenPipeError, asyncio.IncompleteReadError)):
        return "reset"
    return "no answer" if isinstance(error, ValueError) else type(error).__name__
