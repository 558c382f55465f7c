# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is let in, seen by pywinrm and pypsrp over HTTP and HTTPS."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import winrm
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.shell import WinRS
from pypsrp.wsman import WSMan
from winrm.exceptions import InvalidCredentialsError
from winrm.exceptions import WinRMTransportError as PywinrmTransportError

from tests.support.winrm_bench import PASSWORD, USER, Bench, Certificates, make_certificates, running
from tests.support.winrm_clients import (
    session,
    things,
    wsman,
)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def bench(tmp_path: Path, certificates: Certificates) -> Iterator[Bench]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with running(tmp_path, certificates) as bench:
            yield bench


@pytest.mark.parametrize(("transport", "secure"), [("ntlm", False), ("ntlm", True), ("basic", True)])
def test_pywinrm_runs_commands(bench: Bench, transport: str, secure: bool):
    result = session(bench, transport, secure=secure).run_cmd("echo", ["a b", "&", "whoami"])
    assert (result.status_code, result.std_out, result.std_err) == (0, b"a b \r\nserver1\\admin\r\n", b"")


@pytest.mark.parametrize("user", [USER, USER.upper(), f"SERVER1\\{USER}", f".\\{USER}", f"{USER}@SERVER1"])
def test_names_with_and_without_a_domain(bench: Bench, user: str):
    found = winrm.Session(bench.http, auth=(user, PASSWORD), transport="ntlm").run_cmd("whoami")
    assert found.std_out == b"server1\\admin\r\n"


@pytest.mark.parametrize(("transport", "secure"), [("ntlm", False), ("ntlm", True), ("basic", True)])
def test_a_wrong_password_is_refused(bench: Bench, transport: str, secure: bool):
    with pytest.raises(InvalidCredentialsError):
        session(bench, transport, "wrong", secure=secure).run_cmd("ver")


def test_a_password_in_another_script(tmp_path: Path, certificates: Certificates):
    with running(tmp_path, certificates, users={"Ёж": "пароль 😀"}) as bench:
        found = winrm.Session(bench.http, auth=("Ёж", "пароль 😀"), transport="ntlm").run_cmd("hostname")
        assert found.status_code == 0


@pytest.mark.parametrize("auth", ["negotiate", "ntlm", "basic"])
def test_pypsrp_over_verified_https(bench: Bench, auth: str):
    with wsman(bench, ssl=True, auth=auth) as client:
        assert things(client) == ["a", "b & <c>", "d"]


@pytest.mark.parametrize("user", [USER, "nobody"])
def test_pypsrp_is_refused_with_a_wrong_password(bench: Bench, user: str):
    with wsman(bench, username=user, password="wrong") as client, pytest.raises(AuthenticationError):
        things(client)


def test_a_certificate_of_another_authority_is_not_trusted_by_the_client(bench: Bench):
    with (
        wsman(bench, ssl=True, cert_validation=str(bench.certificates.foreign)) as client,
        pytest.raises(Exception) as caught,
    ):
        things(client)
    assert "CERTIFICATE_VERIFY_FAILED" in str(caught.value)


def certified(bench: Bench, certificate: Path, key: Path) -> WSMan:
    return wsman(
        bench, ssl=True, auth="certificate", username=None, password=None,
        certificate_pem=str(certificate), certificate_key_pem=str(key),
    )  # fmt: skip


def test_a_client_certificate_stands_for_its_user(bench: Bench):
    pems = bench.certificates
    with certified(bench, pems.client, pems.client_key) as client, WinRS(client) as shell:
        assert shell.owner == USER
    assert session(
        bench, "certificate", secure=True, cert_pem=str(pems.client), cert_key_pem=str(pems.client_key)
    ).run_cmd("whoami").std_out == b"server1\\admin\r\n"  # fmt: skip


def test_a_foreign_client_certificate_is_refused(bench: Bench):
    pems = bench.certificates
    with certified(bench, pems.foreign, pems.foreign_key) as client, pytest.raises(Exception) as caught:
        things(client)
    assert not isinstance(caught.value, WSManFaultError)


def test_a_certificate_that_is_mapped_to_nobody_is_refused(tmp_path: Path, certificates: Certificates):
    with (
        running(tmp_path, certificates, certificate_users={}) as bench,
        certified(bench, certificates.client, certificates.client_key) as client,
        pytest.raises(AuthenticationError),
    ):
        things(client)


def test_plain_bodies_over_http_are_refused(bench: Bench):
    with wsman(bench, encryption="never") as client, pytest.raises(WinRMTransportError) as caught:
        things(client)
    assert (caught.value.code, caught.value.response_text) == (500, "")
    with pytest.raises(PywinrmTransportError) as refused:
        session(bench, "basic").run_cmd("ver")
    assert refused.value.code == 500


def test_plain_bodies_over_http_are_accepted_where_allowed(tmp_path: Path, certificates: Certificates):
    with running(tmp_path, certificates, allow_unencrypted=True) as bench:
        assert session(bench, "basic").run_cmd("hostname").std_out == b"SERVER1\r\n"


def test_basic_is_refused_where_it_is_off(tmp_path: Path, certificates: Certificates):
    with running(tmp_path, certificates, allow_basic=False) as bench, pytest.raises(InvalidCredentialsError):
        session(bench, "basic", secure=True).run_cmd("ver")
