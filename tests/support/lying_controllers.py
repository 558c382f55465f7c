# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Management controllers that lie: they take every request, switch nothing off, and say what is wanted."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from lab.certificates import Authority, Pair

_ADDRESS = "127.0.0.1"


class LyingControllers:
    """One service with a system for each node; over TLS. Its interface is that of ``Emulator``.

    Args:
        folder: where its files lie.
        nodes: names of its systems.
        cut: takes the power of a node, which ``honest`` controllers do when they are asked to.

    Attributes:
        url: of the service.
        authority: PEM file of what signs it.
        honest: what is asked is done, and said.
        says: of a system that was asked to be switched off: one state for each look, and then the last one.
        asked: how often each system was asked to be switched off.
    """

    def __init__(self, folder: Path, nodes: Sequence[str], cut: Callable[[str], None]) -> None:
        self.honest = False
        self.says: tuple[str, ...] = ("On",)
        self.asked = dict.fromkeys(nodes, 0)
        self._cut = cut
        self._left: dict[str, list[str]] = {}
        self._states = dict.fromkeys(nodes, "On")
        authority, pair = Authority(folder, "Controllers"), Pair.at(folder, "controller")
        authority.issue_server(pair, "controller", [_ADDRESS])
        self.authority = authority.pair.certificate
        self._server = ThreadingHTTPServer((_ADDRESS, 0), _handler(self))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://{_ADDRESS}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def system(self, node: str) -> str:
        """The identifier of a node's system."""
        return node

    def state(self, node: str) -> str:
        """Its power state, in truth."""
        return self._states[node]

    def switch_on(self, node: str) -> None:
        """It is on, and nothing was asked."""
        self._states[node] = "On"
        self._left.pop(node, None)

    def end(self) -> None:
        """Stop it."""
        self._server.shutdown()
        self._server.server_close()

    def told(self, node: str) -> str:
        """What it says at this look."""
        if self.honest or node not in self._left:
            return self._states[node]
        left = self._left[node]
        return left.pop(0) if len(left) > 1 else left[0]

    def reset(self, node: str) -> None:
        """It is asked to switch a system off."""
        self.asked[node] += 1
        if self.honest:
            self._cut(node)
            self._states[node] = "Off"
        else:
            self._left[node] = list(self.says)


def _handler(of: LyingControllers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, {"PowerState": of.told(self.path.rpartition("/")[2])})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            of.reset(self.path.split("/")[4])
            self._answer(204, None)

        def _answer(self, status: int, document: object) -> None:
            body = b"" if document is None else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            pass

    return Handler
