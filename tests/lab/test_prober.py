# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The prober against servers of the standard library, which nobody here wrote."""

from __future__ import annotations

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lab.prober import Prober, Target

ADDRESS = "127.91.8.20"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = self.server.status  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("X-Lab-Node", self.server.node)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_rest: object) -> None:
        pass


class Server:
    """A server that is up inside a ``with``."""

    def __init__(self, port: int, node: str, status: int = 200) -> None:
        self._server = ThreadingHTTPServer((ADDRESS, port), Handler)
        self._server.node, self._server.status = node, status  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_rest: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def port() -> int:
    with socket.socket() as one:
        one.bind((ADDRESS, 0))
        return int(one.getsockname()[1])


def test_an_outage_between_two_nodes_is_measured(port: int) -> None:
    prober = Prober([Target("site", f"http://{ADDRESS}:{port}/")], rate_hz=100, timeout=0.5)
    with Server(port, "A"):
        prober.start()
        time.sleep(0.4)
    down = prober.now()
    time.sleep(0.5)
    up = prober.now()
    with Server(port, "B"):
        time.sleep(0.4)
        report = prober.stop()
    (seen,) = report.targets
    (gap,) = seen.gaps
    slack = 0.05 + report.longest_stall
    assert gap.start == pytest.approx(down, abs=slack)
    assert gap.end == pytest.approx(up, abs=slack)
    assert gap.at_most >= gap.seconds
    assert set(gap.failed) <= {"refused", "reset"}
    assert set(seen.answers) == {"A", "B"}
    assert seen.overlaps == ()
    assert report.interval == pytest.approx(0.01)


def test_a_status_of_failure_is_no_service(port: int) -> None:
    prober = Prober([Target("site", f"http://{ADDRESS}:{port}/")], rate_hz=50)
    with Server(port, "A", status=503):
        prober.start()
        time.sleep(0.2)
        (seen,) = prober.stop().targets
    assert seen.answers == {}
    assert seen.gaps[0].open
    assert set(seen.gaps[0].failed) == {"503"}


def test_silence_does_not_slow_the_probing_and_stays_bounded(port: int) -> None:
    with socket.socket() as silent:
        silent.bind((ADDRESS, port))
        silent.listen(200)
        prober = Prober([Target("site", f"http://{ADDRESS}:{port}/")], rate_hz=100, timeout=5, outstanding=20)
        prober.start()
        time.sleep(0.5)
        assert prober.report().targets[0].skipped >= 10
    (seen,) = prober.stop().targets
    assert seen.gaps[0].failed["reset"] == 20


def test_a_timeout_is_an_outcome(port: int) -> None:
    with socket.socket() as silent:
        silent.bind((ADDRESS, port))
        silent.listen(200)
        prober = Prober([Target("site", f"http://{ADDRESS}:{port}/")], rate_hz=50, timeout=0.1)
        prober.start()
        time.sleep(0.2)
        (seen,) = prober.stop().targets
    assert set(seen.gaps[0].failed) == {"timeout"}


@pytest.mark.parametrize("protocol", ["ftp", "smtp"])
def test_of_protocols_in_which_the_server_speaks_first_the_greeting_counts(port: int, protocol: str) -> None:
    with socket.create_server((ADDRESS, port)) as listening:

        def greet(text: bytes, times: int) -> None:
            for _time in range(times):
                with listening.accept()[0] as connection:
                    connection.sendall(text)

        prober = Prober([Target("site", f"{protocol}://{ADDRESS}:{port}")], rate_hz=20)
        prober.start()
        greet(b"220-X-Lab-Node: A\r\n220 ready\r\n", 3)
        greet(b"421 not now\r\n", 3)
        (seen,) = prober.stop().targets
    assert seen.answers["A"] == 3
    assert seen.gaps[0].failed["421"] == 3


@pytest.mark.parametrize(("rate", "url"), [(10, "http://127.0.0.1/"), (50, "gopher://127.0.0.1/")])
def test_what_it_cannot_measure_it_refuses(rate: float, url: str) -> None:
    with pytest.raises(ValueError, match=r"too coarse|is none of http, https, ftp, smtp"):
        Prober([Target("site", url)], rate_hz=rate)


def test_it_runs_once(port: int) -> None:
    prober = Prober([], rate_hz=50)
    with pytest.raises(RuntimeError, match="never started"):
        prober.stop()
    prober.start()
    with pytest.raises(RuntimeError, match="already"):
        prober.start()
    prober.stop()
