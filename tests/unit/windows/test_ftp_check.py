# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deep check of FTP sites against real sockets: greeting, TLS, login, listing, and servers that err."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.windows.deepcheck import run_check
from lab.certificates import Authority, Pair
from tests.support.ftp_talks import speaking
from tests.support.talks import Talk, closing, server, silent


@pytest.fixture
def ask():
    with ExitStack() as stack:

        def ask(talk: Talk, path: str = "/", scheme: str = "ftp", **check):
            url = f"{scheme}://127.0.0.1:{stack.enter_context(server(talk))}{path}"
            return run_check(Check(url, **{"timeout": 3.0, **check}))

        yield ask


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificate(authority, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    pair = Pair.at(folder, "ftp")
    authority.issue_server(pair, "ftp.example", ["ftp.example"], days=5)
    both = folder / "both.pem"
    both.write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
    return both


def test_the_greeting_alone_is_asked_for_where_the_check_says_no_more(ask):
    said: list[str] = []
    verdict = ask(speaking(said, greeting="220-Welcome\nto 220 files\n220 Files"))
    assert verdict.healthy
    assert f"/ greeted with 220 ({verdict.seconds:.3f} s)" in verdict.sentence
    assert said == ["QUIT"]


@pytest.mark.parametrize(
    ("greeting", "told"),
    [
        ("421 Service not available", "answered the connection with 421 Service not available"),
        ("530-no\n530 way", "answered the connection with 530 no 530 way"),
        (
            "SSH-2.0-OpenSSH_9.2",
            "answered the connection with 'SSH-2.0-OpenSSH_9.2', which is no reply of FTP",
        ),
        ("220-" + "x" * 9000, "a line of it has no end"),
        ("\n".join(["220-x"] * 300), "without end"),
    ],
)
def test_another_greeting_is_unhealthy_and_told(ask, greeting, told):
    verdict = ask(speaking(greeting=greeting))
    assert not verdict.healthy
    assert told in verdict.sentence


@pytest.mark.parametrize("talk", [silent, speaking(replies={"QUIT": ""}), speaking(replies={"USER": ""})])
def test_a_server_that_falls_silent_is_unhealthy_within_the_timeout(ask, talk):
    verdict = ask(talk, timeout=0.3, login="anonymous")
    assert not verdict.healthy
    assert "did not answer within 0.3 s" in verdict.sentence
    assert verdict.seconds < 3


def test_a_server_that_closes_at_once_is_unhealthy(ask):
    verdict = ask(closing)
    assert not verdict.healthy
    assert "gave no answer" in verdict.sentence


def test_a_login_sends_user_and_password_from_its_file(ask, tmp_path):
    said: list[str] = []
    (tmp_path / "secret").write_text("pass word\n")
    verdict = ask(speaking(said), login="probe", password_file=str(tmp_path / "secret"))
    assert verdict.healthy
    assert "took the login of probe" in verdict.sentence
    assert "pass word" not in verdict.sentence
    assert said[:2] == ["USER probe", "PASS pass word"]


def test_a_login_that_is_refused_is_told_without_the_password(ask, tmp_path):
    (tmp_path / "secret").write_text("geheim")
    talk = speaking(replies={"PASS": "530 User cannot log in, home directory inaccessible."})
    verdict = ask(talk, login="probe", password_file=str(tmp_path / "secret"))
    assert not verdict.healthy
    assert "answered PASS with 530 User cannot log in, home directory inaccessible." in verdict.sentence
    assert "geheim" not in verdict.sentence


def test_a_password_file_that_is_missing_is_named(ask, tmp_path):
    verdict = ask(speaking(), login="probe", password_file=str(tmp_path / "none"))
    assert not verdict.healthy
    assert f"its password file {tmp_path / 'none'} cannot be read" in verdict.sentence


@pytest.mark.parametrize("login", ["a\r\nDELE x", "a\nb"])
def test_a_login_cannot_smuggle_a_command(ask, login):
    said: list[str] = []
    verdict = ask(speaking(said), login=login)
    assert not verdict.healthy
    assert "has a line end in it" in verdict.sentence
    assert said == []


def test_a_listing_goes_over_the_port_that_the_site_names_and_the_address_that_was_asked(ask):
    said: list[str] = []
    verdict = ask(speaking(said), path="/pub%20lic", login="anonymous", listing=True)
    assert verdict.healthy, verdict.sentence
    assert "listed 2 names over its port " in verdict.sentence
    assert [one for one in said if one.startswith("NLST")] == ["NLST /pub lic"]


@pytest.mark.parametrize(
    ("replies", "told"),
    [
        ({"PASV": "421 no ports"}, "answered PASV with 421 no ports"),
        ({"PASV": "227 here"}, "named no port: here"),
        ({"PASV": "227 (127,0,0,1,0,1)"}, "gave no answer: Connection refused"),
        ({"NLST": "550 no such folder"}, "answered NLST with 550 no such folder"),
    ],
)
def test_a_listing_that_fails_is_told(ask, replies, told):
    verdict = ask(speaking(replies=replies), login="anonymous", listing=True)
    assert not verdict.healthy
    assert told in verdict.sentence


def test_tls_is_asked_for_after_the_greeting_and_its_certificate_told_of(
    ask, authority, certificate, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.pair.certificate))
    said: list[str] = []
    verdict = ask(
        speaking(said, certificate=certificate),
        starttls=True, host="ftp.example", login="anonymous", listing=True, certificate_days=14,
    )  # fmt: skip
    assert verdict.healthy, verdict.sentence
    assert "greeted with 220, speaks TLS, took the login" in verdict.sentence
    assert said[0] == "AUTH TLS"
    assert said[3:5] == ["PBSZ 0", "PROT P"]
    assert verdict.certificate_days == pytest.approx(5, abs=0.1)
    assert "expires on" in verdict.notices[0]


@pytest.mark.parametrize(
    ("options", "healthy"),
    [({"host": "other.example"}, False), ({"host": "other.example", "verify": False}, True), ({}, False)],
)
def test_a_certificate_must_be_trusted_and_name_the_host(
    ask, authority, certificate, monkeypatch, options, healthy
):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.pair.certificate))
    verdict = ask(speaking(certificate=certificate), starttls=True, **options)
    assert verdict.healthy is healthy
    assert healthy or "not trusted" in verdict.sentence


def test_a_site_that_refuses_tls_is_unhealthy(ask):
    verdict = ask(speaking(), starttls=True)
    assert not verdict.healthy
    assert "answered AUTH with 534 no certificate" in verdict.sentence


def test_tls_may_come_first(ask, certificate):
    verdict = ask(speaking(certificate=certificate, implicit=True), scheme="ftps", verify=False)
    assert verdict.healthy, verdict.sentence
    assert "speaks TLS" in verdict.sentence


def test_an_answer_that_is_good_but_late_is_unhealthy(ask):
    verdict = ask(speaking(), latency=1e-6)
    assert not verdict.healthy
    assert verdict.slow
    assert "greeted with 220, but after" in verdict.sentence
