# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An etcd cluster in memory, as its JSON gateway shows it, under the etcd store."""

from __future__ import annotations

import base64
import json
from typing import Any

from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd_requests import Post, Reply


def refusal(status: int, code: int, text: str) -> Reply:
    """An answer as the gateway gives it for an error."""
    return Reply(status, json.dumps({"error": text, "message": text, "code": code}).encode())


class EtcdModel:
    """Keys with revisions; every endpoint is a member of it.

    Attributes:
        user: user and password that it wants, or None.
        tokens: those that it knows.
        requests: all that were carried out.
    """

    def __init__(self, user: tuple[str, str] | None = None) -> None:
        self.user = user
        self.tokens: set[str] = set()
        self.requests: list[Post] = []
        self._keys: dict[bytes, tuple[int, bytes]] = {}
        self._revision = 1

    def __call__(self, request: Post) -> Reply:
        self.requests.append(request)
        document = json.loads(request.body)
        if request.path == "/v3/auth/authenticate":
            return self._authenticate(document)
        if self.user is not None and request.token not in self.tokens:
            return refusal(401, 16, "etcdserver: invalid auth token")
        if request.path == "/v3/kv/range":
            return self._answer(self._range(document))
        assert request.path == "/v3/kv/txn"
        return self._answer(self._swap(document))

    def put(self, key: bytes, value: bytes) -> int:
        """Put without a condition, as a foreign hand does."""
        self._revision += 1
        self._keys[key] = (self._revision, value)
        return self._revision

    def delete(self, key: bytes) -> None:
        self._revision += 1
        del self._keys[key]

    def value(self, key: bytes) -> bytes | None:
        return self._keys[key][1] if key in self._keys else None

    def _authenticate(self, document: dict[str, Any]) -> Reply:
        if (document["name"], document["password"]) != self.user:
            return refusal(400, 3, "etcdserver: authentication failed, invalid user ID or password")
        token = f"token {len(self.tokens)}"
        self.tokens.add(token)
        return self._answer({"token": token})

    def _range(self, document: dict[str, Any]) -> dict[str, Any]:
        first = base64.b64decode(document["key"])
        end = base64.b64decode(document.get("range_end", "")) or first + b"\0"
        found = sorted(key for key in self._keys if first <= key < end)
        limit = int(document.get("limit", 0)) or len(found)
        items = [
            {
                "key": base64.b64encode(key).decode(),
                "mod_revision": str(self._keys[key][0]),
                "value": base64.b64encode(self._keys[key][1]).decode(),
            }
            for key in found[:limit]
        ]
        return {"kvs": items} if items else {}

    def _swap(self, document: dict[str, Any]) -> dict[str, Any]:
        compare = document["compare"][0]
        key = base64.b64decode(compare["key"])
        if self._keys.get(key, (0, b""))[0] != int(compare["mod_revision"]):
            wanted = document["failure"][0]["request_range"]
            return {"responses": [{"response_range": self._range(wanted)}]}
        put = document["success"][0]["request_put"]
        self.put(base64.b64decode(put["key"]), base64.b64decode(put["value"]))
        return {"succeeded": True, "responses": [{"response_put": {}}]}

    def _answer(self, content: dict[str, Any]) -> Reply:
        header = {"cluster_id": "1", "member_id": "2", "revision": str(self._revision)}
        return Reply(200, json.dumps({"header": header, **content}).encode())
