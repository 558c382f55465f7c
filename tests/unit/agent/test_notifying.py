# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels as the settings of an agent name them: opened, refused, and silent about secrets."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import settings
from ansible_collections.standby.iis.plugins.module_utils.agent.notifications import (
    Notifications,
    WebhookSettings,
    check,
)
from ansible_collections.standby.iis.plugins.module_utils.agent.notify import Event
from ansible_collections.standby.iis.plugins.module_utils.agent.notifying import open_notifier
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.agent.severity import Severity
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError

OUT = Event("2026-01-01T12:00:00Z", "server1", "Shop", "failover", "server1 takes it.", Severity.WARNING)


class Server:
    """A webhook's server, and what was posted to it."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append((self.path, json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server():
    made = Server()
    yield made
    made.close()


def tell(asked, tmp_path):
    """Tell one event; what went wrong."""
    problems: list[str] = []
    notifier = open_notifier(asked, lambda path: tmp_path / path, problems.append)
    notifier.tell(OUT)
    assert notifier.close(20.0)
    return problems


def test_every_channel_is_told(server, tmp_path):
    (tmp_path / "url").write_text(f"{server.url}/secret-token\n")
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/told-$1\n")
    program.chmod(0o700)
    asked = Notifications(
        webhooks=(WebhookSettings(f"{server.url}/a"), WebhookSettings(url_file="url")),
        commands=(("program", "x"),),
    )
    assert tell(asked, tmp_path) == []
    assert sorted(path for path, _document in server.received) == ["/a", "/secret-token"]
    told = json.loads((tmp_path / "told-x").read_text())
    assert (told["what"], told["severity"], told["sentence"]) == ("failover", "warning", "server1 takes it.")


def test_a_webhook_that_cannot_be_opened_keeps_no_other_channel_silent(server, tmp_path):
    (tmp_path / "bad").write_text("ftp://hooks.example.net/secret-token")
    asked = Notifications(
        webhooks=(
            WebhookSettings(url_file="bad"),
            WebhookSettings(url_file="none"),
            WebhookSettings(server.url),
        )
    )
    problems = tell(asked, tmp_path)
    assert len(server.received) == 1
    assert len(problems) == 2
    assert "none with its URL cannot be read" in problems[1]
    assert "secret-token" not in "".join(problems)


def test_a_url_with_a_secret_is_not_told_when_it_fails(server, tmp_path):
    server.close()
    (tmp_path / "url").write_text(f"{server.url}/secret-token")
    asked = Notifications(webhooks=(WebhookSettings(url_file="url"),))
    problems: list[str] = []
    notifier = open_notifier(asked, lambda path: tmp_path / path, problems.append)
    notifier.tell(OUT)
    notifier.close(20.0)
    assert "A notification was not delivered by the webhook at 127.0.0.1" in problems[0]
    assert "secret-token" not in problems[0]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Notifications(webhooks=(WebhookSettings(),)), "webhook 1 .* has no URL"),
        (Notifications(webhooks=(WebhookSettings("http://a/", "b"),)), "webhook 1 .* has two URLs"),
        (Notifications(webhooks=(WebhookSettings("https://[a/"),)), "webhook 1 .* is none"),
        (Notifications(webhooks=(WebhookSettings("https://a/b c"),)), "webhook 1 .* has a space"),
        (Notifications(commands=((),)), "is empty"),
        (Notifications(quiet=-1.0), "have quiet -1"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(asked, told):
    with pytest.raises(StandbyError, match=told) as refused:
        check(asked)
    assert refused.value.remedy


def test_settings_carry_them_and_need_not():
    asked = Notifications(False, (WebhookSettings("https://a/", headers_file="h"),), (("a", "b"),), 60.0)
    usual = Settings("server1", "web", "w", addresses={"server1": ("10.0.0.1",)}, notifications=asked)
    assert settings.parse(settings.write(usual)) == usual
    document = json.loads(settings.write(usual))
    del document["notifications"]
    assert settings.parse(json.dumps(document)).notifications == Notifications()
    document["notifications"] = {"webhooks": [{"url": "https://a/", "url_file": "b"}]}
    with pytest.raises(StandbyError, match="two URLs"):
        settings.parse(json.dumps(document))
