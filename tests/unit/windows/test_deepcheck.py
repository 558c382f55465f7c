# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deep check against real sockets: good, bad, silent, slow and untrusted servers."""

from __future__ import annotations

import datetime
import ipaddress
import re
import socket
import ssl
import threading
import time
from contextlib import ExitStack

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.windows.deepcheck import run_check
from lab.certificates import Authority, Pair
from tests.support.talks import (
    OK,
    Talk,
    answering,
    closing,
    dripping,
    encrypted,
    late,
    server,
    silent,
)


@pytest.fixture
def ask():
    with ExitStack() as stack:

        def ask(talk: Talk, path: str = "/", scheme: str = "http", **check):
            url = f"{scheme}://127.0.0.1:{stack.enter_context(server(talk))}{path}"
            return run_check(Check(url, **{"timeout": 3.0, **check}), **ask.options)

        ask.options = {}
        yield ask


def test_an_answer_below_400_is_healthy_and_says_so_with_its_duration(ask):
    verdict = ask(answering(OK))
    assert verdict.healthy
    assert verdict.sentence.endswith(f"/ answered 200 ({verdict.seconds:.3f} s)")


@pytest.mark.parametrize(
    ("line", "wanted", "healthy"),
    [
        (b"302 Found", (), True),
        (b"404 Not Found", (), False),
        (b"503 Service Unavailable", (), False),
        (b"404 Not Found", (404,), True),
        (b"200 OK", (204, 404), False),
    ],
)
def test_the_status_decides(ask, line, wanted, healthy):
    answer = b"HTTP/1.1 " + line + b"\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    assert ask(answering(answer), status=wanted).healthy is healthy


def test_the_body_is_searched_in_its_first_64_kib(ask):
    assert ask(answering(OK), body="^ready: gr[e]+n$").healthy
    far = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 65536 + b"ready"
    verdict = ask(answering(far), body="ready")
    assert not verdict.healthy
    assert "its body does not hold 'ready'" in verdict.sentence


def test_the_host_header_is_the_one_of_the_check_with_the_port_of_the_url(ask):
    seen: list[bytes] = []
    ask(answering(OK, seen), "/health?deep=1", host="shop.example")
    ask(answering(OK, seen))
    first, second = (request.decode().split("\r\n") for request in seen)
    assert first[0] == "GET /health?deep=1 HTTP/1.1"
    assert first[1].startswith("Host: shop.example:")
    assert second[1].startswith("Host: 127.0.0.1:")


@pytest.mark.parametrize("talk", [silent, dripping])
def test_a_server_that_hangs_or_drips_is_unhealthy_within_the_timeout(ask, talk):
    start = time.monotonic()
    verdict = ask(talk, timeout=0.3)
    assert not verdict.healthy
    assert "did not answer within 0.3 s" in verdict.sentence
    assert time.monotonic() - start < 10.0


def test_a_body_that_never_ends_is_unhealthy_within_the_timeout(ask):
    def talk(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        over.wait(10)

    assert "did not answer within 0.3 s" in ask(talk, timeout=0.3, body="x").sentence


def test_a_tls_handshake_that_never_ends_is_unhealthy_within_the_timeout(ask):
    assert "did not answer within 0.3 s" in ask(silent, scheme="https", timeout=0.3).sentence


def test_a_worker_that_accepts_nothing_and_answers_nothing_is_unhealthy_within_the_timeout():
    """The kernel completes the connection and takes the request, as http.sys does for a hung worker."""
    with socket.create_server(("127.0.0.1", 0)) as hung:
        url = f"http://127.0.0.1:{hung.getsockname()[1]}/"
        assert "did not answer within 0.3 s" in run_check(Check(url, timeout=0.3)).sentence


def test_a_server_that_closes_at_once_is_unhealthy(ask):
    assert "gave no answer" in ask(closing).sentence


def test_an_answer_that_is_good_but_late_is_unhealthy_and_told_from_none(ask):
    slow = ask(late(0.3), latency=0.1)
    assert not slow.healthy
    assert slow.slow
    assert re.search(r"answered 200, but after 0\.\d{3} s, later than 0\.1 s", slow.sentence)
    in_time = ask(late(0.05), latency=2.5)
    assert in_time.healthy
    assert not in_time.slow


def test_a_wrong_answer_is_told_as_such_also_where_it_is_late(ask):
    def failing(connection: socket.socket, over: threading.Event) -> None:
        over.wait(0.2)
        connection.sendall(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")

    verdict = ask(failing, latency=0.1)
    assert "answered 500, expected a status below 400" in verdict.sentence
    assert not verdict.slow


def test_the_search_in_the_body_is_the_callers_and_may_give_up(ask):
    def endless(expression: str, text: str) -> bool:
        assert (expression, text) == ("ready", "ready: green")
        raise TimeoutError

    ask.options["search"] = endless
    verdict = ask(answering(OK), body="ready")
    assert not verdict.healthy
    assert "the search for 'ready' in its body did not end in time" in verdict.sentence


def test_the_search_is_not_part_of_the_latency(ask):
    passed = [0.0]

    def slow_search(expression: str, text: str) -> bool:
        passed[0] += 60.0
        return True

    ask.options.update(search=slow_search, monotonic=lambda: time.monotonic() + passed[0])
    verdict = ask(answering(OK), body="ready", latency=2.5)
    assert verdict.healthy
    assert verdict.seconds > 60


def test_nobody_there_is_unhealthy():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    verdict = run_check(Check(f"http://127.0.0.1:{port}/"))
    assert not verdict.healthy
    assert "gave no answer: Connection refused" in verdict.sentence


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_no_http_is_unhealthy(ask, answer):
    assert "gave no answer" in ask(answering(answer)).sentence


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("gopher://10.0.0.1/", None),
        ("http:///x", None),
        ("http://10.0.0.1:99999/", None),
        ("http://10.0.0.1/", "("),
    ],
)
def test_a_check_that_cannot_be_made_is_unhealthy_and_says_why(url, body):
    verdict = run_check(Check(url, body=body, timeout=0.1))
    assert not verdict.healthy
    assert "cannot be checked: " in verdict.sentence


def test_a_url_cannot_smuggle_a_header(ask):
    assert "cannot be checked" in ask(answering(OK), host="a\r\nX-Evil: 1").sentence


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for shop.example, as PEM with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("shop.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "shop.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def test_an_untrusted_certificate_is_unhealthy_unless_told_otherwise(ask, certificate):
    names: list[str | None] = []
    refused = ask(encrypted(certificate, names), scheme="https", host="shop.example")
    assert not refused.healthy
    assert "shows a certificate that is not trusted: self-signed certificate" in refused.sentence
    accepted = ask(encrypted(certificate, names), scheme="https", host="shop.example", verify=False)
    assert accepted.healthy
    assert names == ["shop.example", "shop.example"]


@pytest.mark.parametrize(("host", "healthy"), [("shop.example", True), ("other.example", False)])
def test_a_trusted_certificate_must_name_the_host(ask, certificate, monkeypatch, host, healthy):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert ask(encrypted(certificate, []), scheme="https", host=host).healthy is healthy


def test_a_check_that_verifies_nothing_spends_no_time_on_the_authorities_of_this_machine(
    ask, certificate, monkeypatch
):
    loaded: list[object] = []
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda one, _purpose: loaded.append(one))
    assert ask(encrypted(certificate, []), scheme="https", verify=False).healthy
    assert loaded == []


DAY = 86400.0


@pytest.mark.parametrize(
    ("moved", "wanted", "notice"),
    [
        (0.0, None, ""),
        (0.0, 0.5, ""),
        (0.0, 14.0, "expires on "),
        (2 * DAY, None, "has expired on "),
        (-2 * DAY, None, "is not valid before "),
    ],
)
def test_a_certificate_is_told_of_where_nothing_is_verified_and_makes_nothing_unhealthy(
    ask, certificate, moved, wanted, notice
):
    ask.options["wall"] = lambda: time.time() + moved
    verdict = ask(encrypted(certificate, []), scheme="https", verify=False, certificate_days=wanted)
    assert verdict.healthy
    assert verdict.certificate_days == pytest.approx(1 - moved / DAY, abs=0.01)
    assert [notice in one for one in verdict.notices] == ([True] if notice else [])


def test_a_certificate_that_was_verified_is_told_of_too(ask, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    verdict = ask(encrypted(certificate, []), scheme="https", host="shop.example", certificate_days=2)
    assert verdict.healthy
    assert "expires on" in verdict.notices[0]


def test_an_expired_certificate_is_unhealthy_where_certificates_are_verified(ask, tmp_path, monkeypatch):
    authority = Authority(tmp_path)
    pair = Pair.at(tmp_path, "old")
    authority.issue_server(pair, "shop.example", ["shop.example"], days=-3)
    (tmp_path / "both.pem").write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.pair.certificate))
    talk = encrypted(tmp_path / "both.pem", [])
    verdict = ask(talk, scheme="https", host="shop.example")
    assert not verdict.healthy
    assert "not trusted: certificate has expired" in verdict.sentence
    tolerant = ask(talk, scheme="https", host="shop.example", verify=False)
    assert tolerant.healthy
    assert tolerant.certificate_days == pytest.approx(-3, abs=0.01)
    assert "has expired on" in tolerant.notices[0]


def test_http_shows_no_certificate(ask):
    verdict = ask(answering(OK), certificate_days=14)
    assert verdict.certificate_days is None
    assert verdict.notices == ()
