# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WinRM listener of a node: HTTP and HTTPS in front of :mod:`lab.winrm.service`."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from lab.cim.schema import Repository
from lab.machine.host import Host
from lab.shell.program import Find
from lab.transport import cut
from lab.winrm import encryption
from lab.winrm.authentication import Authentication, Connection, Denied
from lab.winrm.envelope import Request
from lab.winrm.interference import Interference, Verdict
from lab.winrm.service import Reply, Service
from lab.winrm.settings import WinRmSettings

__all__ = ["WinRmServer", "WinRmSettings"]

_PATH = "/wsman"
_SERVER_HEADER = "Microsoft-HTTPAPI/2.0"
# How often it is looked whether the client of a request that is never answered has gone, in seconds.
_WATCH = 0.05


@dataclass
class _Listener:
    """One address and port; the port is fixed at the first start."""

    port: int
    context: ssl.SSLContext | None
    site: web.TCPSite | None = field(default=None)


class WinRmServer:
    """A node's WinRM service.

    Args:
        repository: CIM classes.
        find: programs of the command shell.
        host: the machine; its faults ``slow``, ``stall``, ``reset`` and ``refuse`` act here
            (:mod:`lab.winrm.interference`).
        settings: set-up of the service.
    """

    def __init__(self, repository: Repository, find: Find, host: Host, settings: WinRmSettings) -> None:
        self._host = host
        self._settings = settings
        self._service = Service(repository, find, host, settings)
        self._authentication = Authentication(settings)
        self._interference = Interference(host)
        self._connections: WeakKeyDictionary[asyncio.BaseTransport, Connection] = WeakKeyDictionary()
        self._listeners = _listeners(settings)
        self._channel = _channel_binding(settings.certificate)
        self._late: set[asyncio.Future[None]] = set()
        self._runner: web.AppRunner | None = None

    @property
    def http_port(self) -> int | None:
        """Port of the HTTP listener; the real one once started."""
        return next((listener.port for listener in self._listeners if listener.context is None), None)

    @property
    def https_port(self) -> int | None:
        """Port of the HTTPS listener; the real one once started."""
        return next((listener.port for listener in self._listeners if listener.context is not None), None)

    async def start(self) -> None:
        """Listen; may be called again after :meth:`stop`, on the same ports."""
        limit = self._settings.max_envelope_kb * 1024
        # Room for the multipart frame around an envelope of the largest size.
        app = web.Application(client_max_size=limit + 16384)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.follow()

    async def stop(self) -> None:
        """Stop listening, close every connection and forget all sessions."""
        await self._close_listeners()
        await self.drop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def drop(self) -> None:
        """Cut every connection at once and forget shells, enumerations and handshakes, as a reboot does."""
        for transport in list(self._connections):
            if isinstance(transport, asyncio.WriteTransport):
                cut(transport)
        self._connections.clear()
        for task in list(self._late):
            task.cancel()
        await self._service.clear()

    @property
    def late(self) -> int:
        """Requests that nobody waits for any more, and that are still to take effect."""
        return len(self._late)

    async def follow(self) -> None:
        """Listen, or not while the fault ``refuse`` is active; to be called after it was set or cleared."""
        if self._interference.refuses():
            await self._close_listeners()
        else:
            await self._listen()

    async def _listen(self) -> None:
        assert self._runner is not None  # noqa: S101  called between start and stop
        for listener in self._listeners:
            if listener.site is None:
                site = web.TCPSite(
                    self._runner,
                    self._settings.address,
                    listener.port,
                    ssl_context=listener.context,
                    reuse_address=True,
                )
                await site.start()
                listener.site = site
                listener.port = _bound_port(site)

    async def _close_listeners(self) -> None:
        for listener in self._listeners:
            if listener.site is not None:
                await listener.site.stop()
                listener.site = None

    async def _handle(self, http: web.Request) -> web.StreamResponse:
        if self._interference.refuses():
            return await _cut(http)
        await asyncio.sleep(self._settings.latency() + self._interference.delay())
        if http.path.rstrip("/").lower() != _PATH:
            return _plain(404)
        if http.method != "POST":
            return _plain(405)
        try:
            body = await http.read()
        except web.HTTPRequestEntityTooLarge:
            return _plain(413)
        if http.headers.get("WSMANIDENTIFY", "").lower() == "unauthenticated":
            return await self._identify(http, body)
        return await self._authenticated(http, body)

    async def _identify(self, http: web.Request, body: bytes) -> web.StreamResponse:
        request = self._service.read(body)
        if isinstance(request, Request) and request.is_identify:
            return _soap(await self._service.answer(request, None, http.remote or ""))
        return _plain(401, {"WWW-Authenticate": "Negotiate"})

    async def _authenticated(self, http: web.Request, body: bytes) -> web.StreamResponse:
        connection = self._connection(http)
        verdict = self._authentication.check(http.headers.get("Authorization"), connection)
        if isinstance(verdict, Denied):
            response = _plain(401)
            for challenge in verdict.challenges:
                response.headers.add("WWW-Authenticate", challenge)
            return response
        answer = await self._body(http, connection, verdict.user, body)
        if verdict.challenge is not None and not answer.prepared:
            answer.headers["WWW-Authenticate"] = verdict.challenge
        return answer

    async def _body(
        self, http: web.Request, connection: Connection, user: str, body: bytes
    ) -> web.StreamResponse:
        # Clients send an empty request to authenticate a connection before the first encrypted message.
        if not body:
            return _plain(200)
        sealed = encryption.is_encrypted(http.headers.get("Content-Type", ""))
        if not sealed and not connection.secure and not self._settings.allow_unencrypted:
            self._host.record("unencrypted-refused", user=user)
            return _plain(500)
        if not sealed:
            return await self._serve(http, user, body, None)
        if connection.context is None:
            return _plain(400)
        try:
            message = encryption.decrypt(connection.context, body)
        except encryption.BadEnvelope as error:
            self._host.record("unknown-request", kind="encryption", why=str(error))
            return _plain(400)
        return await self._serve(http, user, message, connection.context)

    async def _serve(
        self, http: web.Request, user: str, message: bytes, context: encryption.Sealer | None
    ) -> web.StreamResponse:
        if len(message) > self._settings.max_envelope_kb * 1024:
            return _plain(413)
        request = self._service.read(message)
        if not isinstance(request, Request):
            return _soap(request, context)
        verdict = self._interference.judge(request)
        if verdict.late is not None:
            self._perform_late(request, user, http.remote or "", verdict.late)
        if not verdict.performed:
            return await _interrupted(http, verdict, None)
        response = _soap(await self._service.answer(request, user, http.remote or ""), context)
        return response if verdict.kind == "serve" else await _interrupted(http, verdict, response)

    def _perform_late(self, request: Request, user: str, client: str, seconds: float) -> None:
        """Have a request take effect later, for nobody; a restart before that ends it."""

        async def perform() -> None:
            await asyncio.sleep(seconds)
            await self._service.answer(request, user, client)

        task = asyncio.ensure_future(perform())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    def _connection(self, http: web.Request) -> Connection:
        transport = http.transport
        if transport is None:
            raise web.HTTPBadRequest
        known = self._connections.get(transport)
        if known is None:
            secure = transport.get_extra_info("ssl_object")
            certificate = secure.getpeercert(binary_form=True) if secure is not None else None
            channel = self._channel if secure is not None else None
            known = Connection(secure is not None, certificate, channel)
            self._connections[transport] = known
        return known


def _listeners(settings: WinRmSettings) -> list[_Listener]:
    listeners: list[_Listener] = []
    if settings.http_port is not None:
        listeners.append(_Listener(settings.http_port, None))
    if settings.https_port is not None and settings.certificate is not None:
        listeners.append(_Listener(settings.https_port, _tls(settings)))
    return listeners


def _tls(settings: WinRmSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert settings.certificate is not None  # noqa: S101  checked by the caller
    context.load_cert_chain(settings.certificate, settings.key)
    if settings.client_ca is not None:
        context.load_verify_locations(settings.client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _channel_binding(certificate: Path | None) -> bytes | None:
    """``tls-server-end-point`` of a certificate ([RFC5929] 4.1): SHA-256 for MD5 and SHA-1."""
    if certificate is None:
        return None
    parsed = x509.load_pem_x509_certificate(certificate.read_bytes())
    algorithm = parsed.signature_hash_algorithm
    if algorithm is None or algorithm.name in ("md5", "sha1"):
        algorithm = hashes.SHA256()
    return b"tls-server-end-point:" + parsed.fingerprint(algorithm)


def _bound_port(site: web.TCPSite) -> int:
    server = site._server
    assert isinstance(server, asyncio.Server)  # noqa: S101  a started TCPSite has one
    port: int = server.sockets[0].getsockname()[1]
    return port


def _plain(status: int, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, headers={"Server": _SERVER_HEADER, **(headers or {})})


def _soap(reply: Reply, context: encryption.Sealer | None = None) -> web.Response:
    text = reply.body.encode()
    body = text if context is None else encryption.encrypt(context, text)
    content_type = encryption.SOAP_TYPE if context is None else encryption.CONTENT_TYPE
    headers = {"Server": _SERVER_HEADER, "Content-Type": content_type}
    return web.Response(status=reply.status, body=body, headers=headers)


async def _interrupted(
    http: web.Request, verdict: Verdict, response: web.Response | None
) -> web.StreamResponse:
    """Never answer, or send half of the answer and cut the connection."""
    if verdict.kind == "stall":
        while http.transport is not None and not http.transport.is_closing():
            await asyncio.sleep(_WATCH)
        return await _cut(http)
    if response is not None and isinstance(response.body, bytes):
        half = web.StreamResponse(status=response.status, headers=response.headers)
        half.content_length = len(response.body)
        await half.prepare(http)
        await half.write(response.body[: len(response.body) // 2])
    return await _cut(http)


async def _cut(http: web.Request) -> web.StreamResponse:
    if isinstance(http.transport, asyncio.WriteTransport):
        cut(http.transport)
    return _plain(503)
