# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people are told by agents: a webhook that keeps it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Told:
    """What agents post to a webhook.

    Args:
        hierarchy: what they tell of.
    """

    def __init__(self, hierarchy: str) -> None:
        self._hierarchy = hierarchy
        self.events: list[dict[str, Any]] = []
        events = self.events

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_said: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def of(self, node: str, what: str) -> list[str]:
        """Sentences of the events of one kind that a node has told of the hierarchy."""
        found = [one for one in self.events if (one["node"], one["what"]) == (node, what)]
        return [one["sentence"] for one in found if one["hierarchy"] == self._hierarchy]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
