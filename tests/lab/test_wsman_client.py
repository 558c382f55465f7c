# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session over real sockets: servers absent, foreign, silent or broken, and what is said of each."""

from __future__ import annotations

import datetime
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.standby.iis.plugins.module_utils.errors import (
    AccessDenied,
    BadDocument,
    CimError,
    StandbyError,
    Unreachable,
)
from ansible_collections.standby.iis.plugins.module_utils.node import ClassPath
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect

SERVICES = ClassPath("root/cimv2", "Win32_Service")


class Rude:
    """A server that does to each connection what it is told, and counts the requests it read."""

    def __init__(self, *acts: Callable[[socket.socket, bytes], None], context: ssl.SSLContext | None = None):
        self.acts = list(acts)
        self.requests: list[bytes] = []
        self.context = context
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while not self.over.is_set():
            try:
                peer, _address = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer: socket.socket) -> None:
        try:
            if self.context:
                peer = self.context.wrap_socket(peer, server_side=True)
            while request := read_request(peer):
                self.requests.append(request)
                (self.acts.pop(0) if len(self.acts) > 1 else self.acts[0])(peer, request)
        except OSError:
            pass
        finally:
            peer.close()

    def close(self) -> None:
        self.over.set()
        self.socket.close()


def read_request(peer: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = peer.recv(65536)
        if not piece:
            return b""
        data += piece
        if not data.startswith(b"POST"):  # a TLS client at a plain port
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return b""
    head, _blank, body = data.partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
    while len(body) < length:
        piece = peer.recv(65536)
        if not piece:
            return b""
        body += piece
    return head + b"\r\n\r\n" + body


def status(code: int, body: bytes = b"", *headers: bytes):
    def act(peer: socket.socket, _request: bytes) -> None:
        lines = [b"HTTP/1.1 %d Because" % code, b"Content-Length: %d" % len(body), *headers]
        peer.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)

    return act


def envelope(request: bytes, body: str) -> bytes:
    asked = re.search(rb"MessageID>([^<]*)<", request).group(1).decode()
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" '
        'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">'
        f"<s:Header><a:RelatesTo>{asked}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


NOTHING = "<n:EnumerateResponse><w:EndOfSequence/></n:EnumerateResponse>"
TIMED_OUT = (
    "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:TimedOut</s:Value></s:Subcode></s:Code>"
    "<s:Reason><s:Text xml:lang='en-US'>Took too long.</s:Text></s:Reason><s:Detail>"
    "<f:WSManFault xmlns:f='http://schemas.microsoft.com/wbem/wsman/1/wsmanfault' Code='2150858793'>"
    "<f:Message>The provider is slow.</f:Message></f:WSManFault></s:Detail></s:Fault>"
)


def good(peer: socket.socket, request: bytes) -> None:
    status(200, envelope(request, NOTHING))(peer, request)


def fault(body: str):
    return lambda peer, request: status(500, envelope(request, body))(peer, request)


def hang_up(peer: socket.socket, _request: bytes) -> None:
    peer.close()


def reset(peer: socket.socket, _request: bytes) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    peer.close()


def stop_in_the_middle(peer: socket.socket, request: bytes) -> None:
    whole = envelope(request, NOTHING)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(whole) + whole[:50])
    peer.recv(1)


def drip(peer: socket.socket, _request: bytes) -> None:
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _rest in range(200):
        peer.sendall(b" ")
        time.sleep(0.1)


@pytest.fixture
def serve():
    running: list[Rude] = []

    def start(*acts, context=None) -> Rude:
        running.append(Rude(*acts, context=context))
        return running[-1]

    yield start
    for server in running:
        server.close()


def basic(server: Rude, **changes) -> Connection:
    given = {
        "name": "server1",
        "host": "127.0.0.1",
        "port": server.port,
        "scheme": "http",
        "transport": "basic",
        "username": "operator",
        "password": "pass-word-7",
        "message_encryption": "never",
        "operation_timeout": 1,
        "read_timeout": 2,
    }
    return Connection(**(given | changes))


def enumerate_(connection: Connection):
    node = connect(connection)
    try:
        return node.cim.enumerate(SERVICES)
    finally:
        node.close()


def failure(connection: Connection, kind: type[StandbyError]) -> StandbyError:
    with pytest.raises(kind) as caught:
        enumerate_(connection)
    assert caught.value.node == "server1"
    assert "pass-word-7" not in str(caught.value)
    return caught.value


# --- answers that are none


def test_a_good_answer_and_what_the_observer_sees(serve):
    seen: list[tuple[int, int, float]] = []
    node = connect(basic(serve(good)), lambda *exchange: seen.append(exchange))
    assert node.cim.enumerate(SERVICES) == []
    node.close()
    ((sent, received, seconds),) = seen
    assert sent > 500 and received > 100 and 0 < seconds < 30


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (401, AccessDenied, "refused the credentials .*Check username and password"),
        (403, AccessDenied, "refused the credentials"),
        (404, Unreachable, "HTTP 404.*Check port and path"),
        (413, CimError, "exceeds the node's MaxEnvelopeSize.*Set MaxEnvelopeSizekb"),
        (500, AccessDenied, "refuses unencrypted traffic.*AllowUnencrypted"),
        (503, Unreachable, "HTTP 503.*WinRM service"),
    ],
)
def test_a_status_without_an_answer_has_the_remedy_for_it(serve, code, kind, said):
    assert re.search(said, str(failure(basic(serve(status(code))), kind)))


def test_a_500_of_something_else_is_not_taken_for_a_refusal(serve):
    error = failure(basic(serve(status(500, b"Internal Server Error"))), Unreachable)
    assert "HTTP 500, which is no answer of WS-Management" in error.problem


def test_a_fault_keeps_the_text_that_pywinrm_drops(serve):
    error = failure(basic(serve(fault(TIMED_OUT))), CimError)
    assert error.wsman_code == 2150858793
    assert "The provider is slow" in error.problem


@pytest.mark.parametrize(
    "body", [b"<html>It works!</html>", b"<a", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>']
)
def test_an_answer_of_something_else_is_a_bad_document(serve, body):
    failure(basic(serve(status(200, body))), BadDocument)


def test_a_wrong_password_is_tried_once_lest_the_account_be_locked(serve):
    server = serve(status(401))
    failure(basic(server), AccessDenied)
    assert len(server.requests) == 1


# --- no connection


def test_a_refused_connection_says_where_and_what_to_look_at(serve):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = failure(basic(serve(good), port=port), Unreachable)
    assert (
        "the connection was refused" in error.problem
        and "winrm enumerate winrm/config/listener" in error.remedy
    )


def test_an_unknown_host_name_is_called_so(serve):
    assert "host name is not known" in str(
        failure(basic(serve(good), host="no-such-host.invalid"), Unreachable)
    )


def test_https_to_an_http_port_tells_of_port_and_scheme(serve):
    assert "port and scheme" in failure(basic(serve(good), scheme="https"), Unreachable).remedy


@pytest.mark.parametrize("act", [stop_in_the_middle, drip])
def test_a_server_that_stops_answering_in_the_middle_costs_no_more_than_the_timeout(serve, act):
    server = serve(act)
    started = time.monotonic()
    node = connect(basic(server))
    with pytest.raises(Unreachable, match="did not answer within 2 s") as caught:
        node.cim.invoke(SERVICES, "StopService")
    assert "whether it was carried out is unknown" in caught.value.problem
    assert time.monotonic() - started < 20
    assert len(server.requests) == 1


# --- links that were lost


@pytest.mark.parametrize("act", [hang_up, reset, status(404), status(500)])
def test_reading_goes_on_over_a_new_link_and_changing_does_not(serve, act):
    server = serve(good, act, good)
    node = connect(basic(server))
    node.cim.enumerate(SERVICES)
    assert node.cim.enumerate(SERVICES) == []
    assert len(server.requests) == 3
    node.close()
    server = serve(good, act, good)
    node = connect(basic(server))
    node.cim.enumerate(SERVICES)
    with pytest.raises(Unreachable, match="whether it was carried out is unknown"):
        node.cim.invoke(SERVICES, "StopService")
    assert len(server.requests) == 2
    assert node.cim.enumerate(SERVICES) == []
    node.close()


@pytest.mark.parametrize("refusal", [400, 401])
def test_a_link_refused_after_it_was_accepted_is_authenticated_again(serve, refusal):
    def answered(peer: socket.socket, request: bytes) -> None:
        status(200, envelope(request, "<o/>"))(peer, request)

    server = serve(good, status(refusal), answered)
    node = connect(basic(server))
    node.cim.enumerate(SERVICES)
    node.cim.invoke(SERVICES, "StopService")
    assert len(server.requests) == 3
    node.close()


# --- certificates


def certificate(folder, *, name="127.0.0.1", days=(-1, 1), issuer=None):
    """A key and certificate for an address; returns their path and the pair that can issue others."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_key, issuer_name = issuer or (key, subject)
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer:
        built = built.add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))]), False
        )
    signed = built.sign(issuer_key, hashes.SHA256())
    path = folder / f"{signed.serial_number}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path, (key, subject)


@pytest.fixture
def authority(tmp_path):
    return certificate(tmp_path, name="Test authority")


def listening_with(path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_a_certificate_of_a_trusted_authority_is_accepted(serve, tmp_path, authority):
    path, _pair = certificate(tmp_path, issuer=authority[1])
    server = serve(good, context=listening_with(path))
    assert enumerate_(basic(server, scheme="https", ca_cert=str(authority[0]))) == []


@pytest.mark.parametrize(
    ("changes", "trusted", "said"),
    [
        ({"days": (-9, -1)}, True, "has expired.*Renew the certificate"),
        ({"days": (1, 9)}, True, "not valid yet.*Check the clocks"),
        ({"name": "127.0.0.9"}, True, "another host name than 127.0.0.1.*Use as host a name"),
        ({}, False, "no authority trusted here.*Give ca_cert"),
    ],
)
def test_each_fault_of_a_certificate_has_its_own_remedy(serve, tmp_path, authority, changes, trusted, said):
    path, _pair = certificate(tmp_path, issuer=authority[1], **changes)
    server = serve(good, context=listening_with(path))
    other, _pair = certificate(tmp_path, name="Another authority")
    error = failure(
        basic(server, scheme="https", ca_cert=str(authority[0] if trusted else other)), Unreachable
    )
    assert re.search(said, str(error))
    assert server.requests == []


def test_verification_can_be_turned_off_on_purpose(serve, tmp_path, authority):
    path, _pair = certificate(tmp_path, issuer=authority[1], days=(-9, -1))
    server = serve(good, context=listening_with(path))
    assert enumerate_(basic(server, scheme="https", validate_certs=False)) == []
