# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of etcd for tests, with TLS and authentication, on one address of this machine."""

from __future__ import annotations

import base64
import json
import shutil
import signal
import ssl
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.etcd_access import PASSWORD, USER, Access
from tests.support.server_process import ServerProcess, free_port
from tests.support.winrm_bench import Certificates, make_certificates

_ROOT = ("root", "S3cret-of-root")
_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
PREFIX = "/standby.iis/test/"


class EtcdMembers:
    """A cluster whose members can be killed, stopped and started one by one."""

    def __init__(
        self,
        folder: Path,
        *,
        size: int = 3,
        token_seconds: int = 300,
        clients: bool = False,
        certificates: Certificates | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        """Nothing is started yet.

        Args:
            folder: for its data.
            size: how many members.
            token_seconds: after which an idle token is forgotten.
            clients: want a certificate of every client.
            certificates: those of another cluster, to be trusted as that is.
            address: where its members listen.
        """
        self._folder = folder
        self._address = address
        self.certificates = certificates or make_certificates(folder, address)
        self.nameless = make_nameless(folder)
        self._authorities = folder / "authorities.pem"
        own = self.nameless.read_text()
        self._authorities.write_text(self.certificates.authority.read_text() + own[own.index(_CERTIFICATE) :])
        self._token_seconds = token_seconds
        self._clients = clients
        self._ports = [free_port(address) for _member in range(size)]
        self._peers = [free_port(address) for _member in range(size)]
        self._processes: dict[int, ServerProcess] = {}
        self.access = Access(
            tuple(f"https://{address}:{port}" for port in self._ports), str(self.certificates.authority)
        )

    @staticmethod
    def missing() -> str | None:
        """Why there can be none here."""
        return None if shutil.which("etcd") else "etcd is not installed (.ci/servers)"

    def start(self, *members: int) -> None:
        """Start members, all where none is named; done when they answer."""
        chosen = members or range(len(self._ports))
        for member in chosen:
            self._processes[member] = ServerProcess(self._command(member), self._folder / f"etcd{member}.out")
        for member in chosen:
            self._processes[member].wait_for(self._ports[member], self._address)

    def kill(self, *members: int) -> None:
        """Power members off, all where none is named."""
        for member in members or list(self._processes):
            self._processes.pop(member).kill()

    def pause(self, *members: int) -> None:
        """Let members hang."""
        for member in members:
            self._processes[member].pause()

    def resume(self, *members: int) -> None:
        for member in members:
            self._processes[member].signal(signal.SIGCONT)

    def restore(self) -> None:
        """Let all members run."""
        self.resume(*self._processes)
        down = [member for member in range(len(self._ports)) if member not in self._processes]
        if down:
            self.start(*down)

    def protect(self) -> None:
        """Enable authentication, with a user who may use the keys of one cluster only."""
        key, end = PREFIX.encode(), PREFIX[:-1].encode() + b"0"
        permission = {"permType": "READWRITE", "key": _base64(key), "range_end": _base64(end)}
        for path, body in (
            ("auth/user/add", {"name": _ROOT[0], "password": _ROOT[1]}),
            ("auth/role/add", {"name": "root"}),
            ("auth/user/grant", {"user": "root", "role": "root"}),
            ("auth/user/add", {"name": USER, "password": PASSWORD}),
            ("auth/role/add", {"name": "standby"}),
            ("auth/role/grant", {"name": "standby", "perm": permission}),
            ("auth/user/grant", {"user": USER, "role": "standby"}),
            ("auth/enable", {}),
        ):
            self.post(path, body)

    def post(self, path: str, body: dict, token: str | None = None) -> dict:
        """One request to the gateway of the first member, again while it has no leader yet."""
        context = ssl.create_default_context(cafile=str(self.certificates.authority))
        context.load_cert_chain(self.nameless)
        request = urllib.request.Request(  # noqa: S310
            f"{self.access.endpoints[0]}/v3/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        if token is not None:
            request.add_header("Authorization", token)
        end = time.monotonic() + 20
        while True:
            try:
                with urllib.request.urlopen(request, context=context, timeout=5) as answer:  # noqa: S310
                    return json.load(answer)
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def empty(self) -> None:
        """Delete all keys of the cluster of nodes."""
        key, end = PREFIX.encode(), PREFIX[:-1].encode() + b"0"
        self.post("kv/deleterange", {"key": _base64(key), "range_end": _base64(end)}, self.root_token())

    def root_token(self) -> str:
        return str(self.post("auth/authenticate", {"name": _ROOT[0], "password": _ROOT[1]})["token"])

    def _command(self, member: int) -> list[str]:
        client = self.access.endpoints[member]
        peers = [f"http://{self._address}:{port}" for port in self._peers]
        return [
            "etcd",
            f"--name=m{member}",
            f"--data-dir={self._folder}/data{member}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peers[member]}",
            f"--initial-advertise-peer-urls={peers[member]}",
            "--initial-cluster=" + ",".join(f"m{at}={peer}" for at, peer in enumerate(peers)),
            f"--cert-file={self.certificates.server}",
            f"--key-file={self.certificates.server_key}",
            # Naming an authority makes etcd ask every client for a certificate of it.
            *([f"--trusted-ca-file={self._authorities}", "--client-cert-auth"] if self._clients else []),
            "--heartbeat-interval=50",
            "--election-timeout=500",
            f"--auth-token-ttl={self._token_seconds}",
            "--log-level=warn",
            "--logger=zap",
        ]


def make_nameless(folder: Path) -> Path:
    """A client's key and certificate without a CommonName, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "standby.iis")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    coding = serialization.Encoding.PEM
    private = key.private_bytes(coding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "nameless.pem"
    path.write_bytes(private + certificate.public_bytes(coding))
    path.chmod(0o600)
    return path


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
