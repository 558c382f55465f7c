# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's WinRM at the level of HTTP, seen by curl; its faults, seen by pywinrm and sockets."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import winrm
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ReadTimeout

from lab.winrm import names
from lab.winrm.values import class_uri
from tests.support.winrm_bench import PASSWORD, THING, USER, Bench, Certificates, make_certificates, running

IDENTIFY = (
    f'<s:Envelope xmlns:s="{names.SOAP}" xmlns:i="{names.IDENTITY}"><s:Header/>'
    "<s:Body><i:Identify/></s:Body></s:Envelope>"
)
THING_URI = class_uri(THING)
SOAP = "Content-Type: application/soap+xml;charset=UTF-8"

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def bench(tmp_path: Path, certificates: Certificates) -> Iterator[Bench]:
    with running(tmp_path, certificates) as bench:
        yield bench


def curl(url: str, *options: str) -> tuple[int, list[str], str]:
    """Status of the last answer, WWW-Authenticate headers of all answers, body of the last."""
    command = ["curl", "-s", "-S", "-D", "-", "-m", "10", *options, url]
    text = subprocess.run(command, capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout.decode()
    *heads, body = text.split("\r\n\r\n")
    lines = "\r\n".join(heads).split("\r\n")
    challenges = [line.split(": ", 1)[1] for line in lines if line.lower().startswith("www-authenticate:")]
    status = [line for line in lines if line.startswith("HTTP/")][-1]
    return int(status.split()[1]), challenges, body


@needs_curl
def test_negotiate_and_basic_are_offered(bench: Bench):
    assert curl(bench.http, "-d", "x")[:2] == (401, ["Negotiate", 'Basic realm="WSMAN"'])


@needs_curl
def test_curl_identifies_with_ntlm_and_basic(bench: Bench):
    ca = ["--cacert", str(bench.certificates.authority)]
    for scheme in ("--ntlm", "--basic"):
        status, _rest, body = curl(
            bench.https, *ca, scheme, "-u", f"{USER}:{PASSWORD}", "-H", SOAP, "-d", IDENTIFY
        )
        assert status == 200
        assert "<wsmid:ProductVersion>OS: 10.0.17763 SP: 0.0 Stack: 3.0</wsmid:ProductVersion>" in body
        assert curl(bench.https, *ca, scheme, "-u", f"{USER}:wrong", "-H", SOAP, "-d", IDENTIFY)[0] == 401


@needs_curl
def test_identify_without_authentication_does_not_tell_the_version(bench: Bench):
    status, _rest, body = curl(bench.http, "-H", "WSMANIDENTIFY: unauthenticated", "-H", SOAP, "-d", IDENTIFY)
    assert status == 200
    assert "OS: 0.0.0 SP: 0.0 Stack: 3.0" in body
    assert (
        curl(bench.http, "-H", "WSMANIDENTIFY: unauthenticated", "-d", envelope(THING_URI, names.GET))[0]
        == 401
    )


@needs_curl
@pytest.mark.parametrize(
    ("path", "method", "status"), [("/", "POST", 404), ("/wsman", "GET", 405), ("/wsman", "POST", 401)]
)
def test_paths_and_verbs(bench: Bench, path: str, method: str, status: int):
    assert curl(bench.http.replace("/wsman", path), "-X", method)[0] == status


def envelope(resource: str, action: str, body: str = "", header: str = "") -> str:
    return (
        f'<s:Envelope xmlns:s="{names.SOAP}" xmlns:a="{names.ADDRESSING}" xmlns:w="{names.WSMAN}"><s:Header>'
        f"<a:To>x</a:To><a:Action>{action}</a:Action><a:MessageID>uuid:M</a:MessageID>"
        f"<w:ResourceURI>{resource}</w:ResourceURI>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


def post(bench: Bench, text: str | bytes, **options: Any) -> requests.Response:
    data = text.encode() if isinstance(text, str) else text
    ca = str(bench.certificates.authority)
    headers = {"Content-Type": "application/soap+xml;charset=UTF-8"}
    return requests.post(
        bench.https, data, auth=(USER, PASSWORD), verify=ca, headers=headers, timeout=5, **options
    )


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("<a", 0x80338043),
        ("<!DOCTYPE x [<!ENTITY e 'x'>]><x/>", 0x80338043),
        ("<x/>", 0x80338027),
        (envelope("", names.GET), 0x8033803B),
        (envelope(THING_URI, ""), 0x80338011),
        (envelope(THING_URI, names.GET).replace("<a:To>x</a:To>", ""), 0x80338011),
        (envelope(THING_URI, names.GET, header="<w:MaxEnvelopeSize>100</w:MaxEnvelopeSize>"), 0x8033800F),
        (envelope(THING_URI, names.GET, header="<w:OperationTimeout>20</w:OperationTimeout>"), 0x8033800F),
        (
            envelope(
                THING_URI,
                names.GET,
                header="<w:SelectorSet><w:Selector Name='N'/><w:Selector Name='n'/></w:SelectorSet>",
            ),
            0x8033805F,
        ),
    ],
)
def test_requests_that_are_no_requests(bench: Bench, document: str, code: int):
    response = post(bench, document)
    assert response.status_code == 500
    assert f'Code="{code}" Machine="SERVER1"' in response.text
    assert [entry["kind"] for entry in bench.host.unknown_requests()] == ["wsman"]


def test_an_unknown_header_that_must_be_understood_is_not(bench: Bench):
    unknown = '<q:Color xmlns:q="urn:q" s:mustUnderstand="{}">red</q:Color>'
    response = post(bench, envelope(THING_URI, names.GET, header=unknown.format("true")))
    assert "<s:Value>s:MustUnderstand</s:Value>" in response.text
    assert '<s:NotUnderstood qname="q:Color" xmlns:q="urn:q"/>' in response.text
    assert "<a:RelatesTo>uuid:M</a:RelatesTo>" in response.text
    assert (
        "MustUnderstand"
        not in post(bench, envelope(THING_URI, names.GET, header=unknown.format("false"))).text
    )


def test_the_latency_of_the_setting_and_of_the_fault_add_up(tmp_path: Path, certificates: Certificates):
    with running(tmp_path, certificates, latency=lambda: 0.1) as bench:
        bench.host.faults["slow"] = {"seconds": 0.2}
        started = time.monotonic()
        assert requests.get(bench.http, timeout=5).status_code == 405
        assert 0.3 <= time.monotonic() - started < 10


def invoke(method: str) -> str:
    return envelope(THING_URI, f"{THING_URI}/{method}", f'<p:{method}_INPUT xmlns:p="{THING_URI}"/>')


def calls(bench: Bench) -> list[str]:
    return [name for name, _rest, _rest in bench.repository.things.calls]


@pytest.mark.parametrize(
    ("fault", "error", "performed"),
    [
        ({"stall": {"method": "make"}}, ReadTimeout, []),
        ({"stall": {"method": "make", "performed": True}}, ReadTimeout, ["Make"]),
        ({"reset": {"action": "Toy_Thing/Make"}}, NoConnection, ["Make"]),
        ({"reset": {"resource": "toy_thing", "performed": False}}, NoConnection, []),
    ],
)
def test_requests_that_stall_or_are_cut(
    bench: Bench, fault: dict[str, dict[str, object]], error: type, performed: list[str]
):
    bench.host.faults.update(fault)
    options = {"stream": False} if error is NoConnection else {}
    with pytest.raises((error, requests.exceptions.ChunkedEncodingError)):
        requests.post(
            bench.https,
            invoke("Make"),
            auth=(USER, PASSWORD),
            verify=str(bench.certificates.authority),
            headers={"Content-Type": "application/soap+xml;charset=UTF-8"},
            timeout=1,
            **options,
        )
    assert calls(bench) == performed
    bench.host.faults.clear()
    assert post(bench, invoke("Make")).status_code == 200


def test_a_fault_counts_the_requests_that_match(bench: Bench):
    bench.host.faults["reset"] = {"method": "Make", "after": 2, "performed": False}
    for name in ("Make", "Quiet", "Make", "Quiet"):
        assert post(bench, invoke(name)).status_code == 200
    with pytest.raises(NoConnection):
        post(bench, invoke("Make"))
    assert calls(bench) == ["Make", "Quiet", "Make", "Quiet"]


def reachable(port: int | None) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port or 0), 1).close()
    except ConnectionRefusedError:
        return False
    return True


def test_nothing_listens_while_the_fault_refuse_is_active(bench: Bench):
    bench.host.faults["refuse"] = {}
    bench.run(bench.server.follow())
    assert not reachable(bench.server.http_port)
    assert not reachable(bench.server.https_port)
    bench.host.faults.clear()
    bench.run(bench.server.follow())
    assert reachable(bench.server.http_port)
    assert winrm.Session(bench.http, auth=(USER, PASSWORD), transport="ntlm").run_cmd("ver").status_code == 0


def test_drop_cuts_connections_and_forgets_shells(bench: Bench):
    protocol = winrm.Protocol(endpoint=bench.http, transport="ntlm", username=USER, password=PASSWORD)
    shell = protocol.open_shell()
    bench.table.register("%SystemRoot%\\System32\\wait.exe", wait)
    command = protocol.run_command(shell, "wait")
    with ThreadPoolExecutor(1) as pool:
        receiving = pool.submit(protocol.get_command_output_raw, shell, command)
        time.sleep(0.2)
        bench.run(bench.server.drop())
        with pytest.raises(NoConnection):
            receiving.result(10)
    other = winrm.Protocol(endpoint=bench.http, transport="ntlm", username=USER, password=PASSWORD)
    with pytest.raises(winrm.exceptions.WSManFaultError) as caught:
        other.run_command(shell, "ver")
    assert caught.value.wsman_fault_code == 0x8033805B


async def wait(argv: Any, streams: Any, environment: Any) -> int:
    await streams.read_all()
    return 0


def test_a_stopped_server_starts_again_on_its_ports(bench: Bench):
    ports = (bench.server.http_port, bench.server.https_port)
    bench.run(bench.server.stop())
    assert not reachable(ports[0])
    bench.run(bench.server.start())
    assert (bench.server.http_port, bench.server.https_port) == ports
    assert post(bench, IDENTIFY).status_code == 200


def test_ansible_s_own_connection_runs_raw_commands(bench: Bench, tmp_path: Path):
    outcomes = {
        "ntlm over http": {"ansible_port": bench.server.http_port, "ansible_winrm_scheme": "http"},
        "ntlm over https": {
            "ansible_port": bench.server.https_port,
            "ansible_winrm_scheme": "https",
            "ansible_winrm_ca_trust_path": str(bench.certificates.authority),
        },
    }
    for variables in outcomes.values():
        assert ansible(tmp_path, PASSWORD, variables, "hostname") == (0, "SERVER1\r\n")
        assert ansible(tmp_path, PASSWORD, variables, 'cmd /c "echo a & exit 3"') == (1, "a \r\n")
    rc, message = ansible(tmp_path, "wrong", outcomes["ntlm over http"], "hostname")
    assert rc is None
    assert "the specified credentials were rejected by the server" in message


def ansible(folder: Path, password: str, variables: dict[str, Any], command: str) -> tuple[int | None, str]:
    """Return code and standard output of a raw task; None and the message without a connection."""
    host = {
        "ansible_host": "127.0.0.1",
        "ansible_connection": "winrm",
        "ansible_shell_type": "cmd",
        "ansible_user": USER,
        "ansible_password": password,
        "ansible_winrm_transport": "ntlm",
        **variables,
    }
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": {"server1": host}}}))
    inventory.chmod(0o600)
    environment = {
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
        "ANSIBLE_LOCAL_TEMP": str(folder / "ansible"),
        "ANSIBLE_HOME": str(folder / "home"),
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "PATH": "/usr/bin:/bin",
        "ANSIBLE_NOCOLOR": "1",
    }
    program = Path(sys.executable).with_name("ansible")
    arguments = [program, "-i", inventory, "all", "-m", "ansible.builtin.raw", "-a", command]
    found = subprocess.run(
        arguments, capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    _rest, _rest, rest = found.stdout.replace("\n", "\r\n").replace("\r\r\n", "\r\n").partition("rc=")
    if not rest:
        return None, found.stdout + found.stderr
    code, _rest, output = rest.partition(" >>\r\n")
    return int(code), output.rstrip("\r\n").removesuffix("non-zero return code").rstrip("\r\n") + "\r\n"
