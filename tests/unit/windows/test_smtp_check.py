# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deep check of SMTP, against aiosmtpd and against servers that misbehave."""

from __future__ import annotations

import ssl
import time

import pytest
from aiosmtpd.controller import Controller

from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.windows.deepcheck import run_check
from lab.certificates import Authority, Pair
from tests.support.iis_bench import free_port
from tests.support.smtp_bench import ADDRESS, NextHop, bad_server


def ask(port: int, **fields):
    given = {"timeout": 5.0, "verify": False, **fields}
    return run_check(Check(f"smtp://{ADDRESS}:{port}", **given))


class Handler:
    """Records what it is told; refuses recipients where it is to."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.refuses = False

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        self.said.append(f"EHLO {hostname}")
        return responses

    async def handle_MAIL(self, _server, _session, envelope, address, _options):  # noqa: N802
        self.said.append(f"MAIL {address}")
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        self.said.append(f"RCPT {address}")
        if self.refuses:
            return "550 5.7.1 Unable to relay"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_RSET(self, _server, _session, _envelope):  # noqa: N802
        self.said.append("RSET")
        return "250 2.0.0 OK"

    async def handle_QUIT(self, _server, _session, _envelope):  # noqa: N802
        self.said.append("QUIT")
        return "221 2.0.0 Bye"

    async def handle_DATA(self, _server, _session, _envelope):  # noqa: N802
        self.said.append("DATA")
        return "250 2.0.0 kept"


@pytest.fixture
def serve():
    """Start aiosmtpd; gives its port."""
    running = []

    def start(handler, **options) -> int:
        port = free_port()
        controller = Controller(handler, hostname=ADDRESS, port=port, **options)
        controller.start()
        running.append(controller)
        return port

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def certificate(tmp_path):
    """A server context for mail.example, and the authority to trust."""
    return _certificate(tmp_path, 825)


def _certificate(folder, days):
    authority, pair = Authority(folder), Pair.at(folder, "server")
    authority.issue_server(pair, "mail.example", ["mail.example", ADDRESS], days=days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context, authority.pair.certificate


def test_a_server_that_greets_and_answers_is_healthy_and_says_so(serve):
    handler = Handler()
    verdict = ask(serve(handler))
    assert verdict.healthy
    assert " greeted with 220, answered EHLO (" in verdict.sentence
    hello, goodbye = handler.said
    assert (hello[:10], goodbye) == ("EHLO [127.", "QUIT")


def test_a_mail_is_begun_and_taken_back_before_anything_of_it_is_sent(serve):
    handler = Handler()
    port = serve(handler)
    verdict = ask(port, recipient="check@example.com")
    assert verdict.healthy
    assert "would take mail for check@example.com" in verdict.sentence
    assert handler.said[1:] == ["MAIL <>", "RCPT check@example.com", "RSET", "QUIT"]
    handler.said.clear()
    assert ask(port, recipient="check@example.com", sender="me@example.com").healthy
    assert handler.said[1] == "MAIL me@example.com"


def test_a_server_that_takes_no_mail_for_the_recipient_is_unhealthy(serve):
    handler = Handler()
    handler.refuses = True
    verdict = ask(serve(handler), recipient="check@example.com")
    assert not verdict.healthy
    assert "answered RCPT with 550 5.7.1 Unable to relay (" in verdict.sentence
    assert "DATA" not in handler.said


def test_starttls_is_asked_for_and_the_certificate_is_looked_at(serve, certificate, monkeypatch):
    context, authority = certificate
    port = serve(Handler(), tls_context=context)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    verdict = ask(port, starttls=True, verify=True, host="mail.example", recipient="a@example.com")
    assert verdict.healthy, verdict.sentence
    assert "speaks TLS" in verdict.sentence
    assert 800 < verdict.certificate_days < 826
    wrong = ask(port, starttls=True, verify=True, host="other.example")
    assert not wrong.healthy
    assert "shows a certificate that is not trusted" in wrong.sentence
    monkeypatch.delenv("SSL_CERT_FILE")
    assert not ask(port, starttls=True, verify=True).healthy
    assert ask(port, starttls=True).healthy


def test_a_certificate_that_is_about_to_expire_is_told_of_and_makes_nothing_unhealthy(serve, tmp_path):
    context, _authority = _certificate(tmp_path, 10)
    verdict = ask(serve(Handler(), tls_context=context), starttls=True, certificate_days=20)
    assert verdict.healthy
    assert any("expires on" in notice for notice in verdict.notices)


def test_a_server_without_starttls_is_unhealthy_where_it_is_asked_for(serve):
    verdict = ask(serve(Handler()), starttls=True)
    assert (verdict.healthy, "offers no STARTTLS" in verdict.sentence) == (False, True)
    assert verdict.certificate_days is None


GREETING, HELLO = b"220 bad.example ESMTP\r\n", b"250-bad.example\r\n250 HELP\r\n"
END = b"221 bye\r\n"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([b"421 4.3.2 Service not available\r\n"], "answered the connection with 421 4.3.2 Service not"),
        ([b"554 no\r\n"], "answered the connection with 554 no"),
        ([b"SSH-2.0-OpenSSH_9.2\r\n"], "which is no reply of SMTP"),
        ([b"HTTP/1.1 400 Bad Request\r\n"], "which is no reply of SMTP"),
        ([b"\r\n"], "which is no reply of SMTP"),
        ([GREETING, b"502 5.5.1 not implemented\r\n"], "answered EHLO with 502 5.5.1"),
        ([GREETING, b"250-a\r\n" * 300], "answered EHLO without end"),
        ([GREETING, b"250 " + b"x" * 20000 + b"\r\n"], "a line of it has no end"),
        ([GREETING, HELLO, b"500 what\r\n"], "answered QUIT with 500 what"),
    ],
    ids=["421", "554", "ssh", "http", "empty", "no-ehlo", "endless", "long-line", "no-quit"],
)
def test_what_answers_otherwise_is_unhealthy_and_says_how(answers, said):
    with bad_server(*answers) as server:
        verdict = ask(server.port)
    assert not verdict.healthy
    assert said in verdict.sentence


def test_a_reply_without_text_is_one():
    with bad_server(b"220-first\r\n220\r\n", b"250\r\n", b"221\r\n") as server:
        assert ask(server.port).healthy


@pytest.mark.parametrize("answers", [[b""], [b"220-first\r\n"], [GREETING, b""], [GREETING, b"25"]])
def test_a_server_that_falls_silent_is_unhealthy_within_the_timeout(answers):
    with bad_server(*answers) as server:
        start = time.monotonic()
        verdict = ask(server.port, timeout=0.4)
        assert time.monotonic() - start < 5
    assert not verdict.healthy
    assert "did not answer within 0.4 s" in verdict.sentence


def test_a_server_that_hangs_up_and_one_that_is_not_there_are_unhealthy():
    with bad_server(GREETING, HELLO[:5], stay=False) as server:
        verdict = ask(server.port)
        port = server.port
    assert "gave no answer" in verdict.sentence
    assert "refused" in ask(port).sentence


def test_tls_that_never_comes_is_unhealthy_within_the_timeout():
    with bad_server(GREETING, b"250 STARTTLS\r\n", b"220 go on\r\n") as server:
        verdict = ask(server.port, starttls=True, timeout=0.4)
    assert not verdict.healthy
    assert "did not answer within 0.4 s" in verdict.sentence


def test_an_answer_that_is_good_but_late_is_told_from_none():
    with bad_server(GREETING, HELLO, END) as server:
        verdict = ask(server.port, latency=1e-9)
    assert (verdict.healthy, verdict.slow) == (False, True)
    assert "later than 1e-09 s" in verdict.sentence


@pytest.mark.parametrize("address", ["a@b>\r\nDATA", "a@b\r\nDATA", "a b@c", "ä@example.com", "<a@b>"])
def test_an_address_cannot_smuggle_a_command(serve, address):
    handler = Handler()
    verdict = ask(serve(handler), recipient=address)
    assert "is no mail address" in verdict.sentence
    assert not any(line.startswith(("RCPT", "DATA")) for line in handler.said)


def test_the_check_leaves_no_mail_behind():
    port = free_port()
    with NextHop(ADDRESS, port) as hop:
        assert ask(port, recipient="a@example.com").healthy
        assert hop.messages == []
