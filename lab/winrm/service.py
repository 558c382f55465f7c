# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a request's text to an answer's text: which part of the service answers, and within which limits."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lab.cim.schema import Repository
from lab.machine.host import Host
from lab.shell.builtins import VERSION
from lab.shell.program import Find
from lab.winrm import envelope, faults, names
from lab.winrm.enumeration import Enumerations
from lab.winrm.envelope import Request
from lab.winrm.faults import Fault, NotUnderstood
from lab.winrm.settings import WinRmSettings
from lab.winrm.shells import Shells
from lab.winrm.wmi import Answer, Wmi

# Faults that say nothing about a request that the lab does not know.
_ORDINARY = (
    faults.RESOURCE_NOT_FOUND,
    faults.TIMED_OUT,
    faults.QUOTA_SHELLS,
    faults.INVALID_CONTEXT,
    faults.ENVELOPE_TOO_LARGE,
    faults.SERVER_ENVELOPE_LIMIT,
)
# These check their options themselves.
_SHELL_VERBS_WITH_OPTIONS = (names.CREATE, names.COMMAND, names.RECEIVE)


@dataclass(frozen=True)
class Reply:
    """HTTP status and body of an answer."""

    status: int
    body: str


class Service:
    """The WS-Management service of a node."""

    def __init__(self, repository: Repository, find: Find, host: Host, settings: WinRmSettings) -> None:
        self._host = host
        self._settings = settings
        self._wmi = Wmi(repository)
        self._enumerations = Enumerations(
            repository,
            first_items=settings.first_items,
            max_elements=settings.max_elements,
            timeout=settings.enumeration_timeout,
            now=host.now,
        )
        self._shells = Shells(host, find, settings)
        self._running: set[asyncio.Task[Answer]] = set()

    async def clear(self) -> None:
        """Forget enumerations, close shells and stop operations, as a restart does."""
        self._enumerations.clear()
        await self._shells.clear()
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def read(self, document: bytes) -> Request | Reply:
        """Read a request; a Reply is the fault that it ends in."""
        relates_to = ""
        try:
            root = envelope.parse_xml(document)
            relates_to = envelope.message_id(root)
            return envelope.read_request(root)
        except NotUnderstood as problem:
            self._unknown(str(problem), "", "header marked mustUnderstand is not known")
            return Reply(500, envelope.not_understood_answer(problem, relates_to))
        except Fault as fault:
            return self._fault(fault, relates_to, "", "")

    async def answer(self, request: Request, user: str | None, client: str) -> Reply:
        """Serve a request.

        Args:
            request: the request.
            user: who asks; None for an Identify without authentication.
            client: address of the client.
        """
        if request.is_identify:
            return Reply(200, _identify(authenticated=user is not None))
        limit = min(request.max_envelope or self._server_limit, self._server_limit)
        try:
            found = await self._timed(request, self._dispatch(request, user or "", client, limit))
            text = envelope.answer(found.action, request.message_id, found.body, prefixes=found.prefixes)
            self._check_size(request, text, limit)
            return Reply(200, text)
        except Fault as fault:
            return self._fault(fault, request.message_id, request.action, request.resource)
        except Exception as error:
            self._host.record(
                "lab-error", action=request.action, resource=request.resource, error=repr(error)
            )
            broken = Fault(faults.INTERNAL, f"The lab failed while it served this request: {error!r}")
            return self._fault(broken, request.message_id, request.action, request.resource)

    @property
    def _server_limit(self) -> int:
        return self._settings.max_envelope_kb * 1024

    async def _timed(self, request: Request, work: Coroutine[None, None, Answer]) -> Answer:
        """Wait for an operation up to its timeout; one that takes longer goes on, only its answer is lost."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        timeout = min(request.timeout or self._settings.max_timeout, self._settings.max_timeout)
        # Receive watches its own timeout; a moment more lets it speak first.
        done, _rest = await asyncio.wait(
            {task}, timeout=timeout + (1 if request.action == names.RECEIVE else 0)
        )
        if not done:
            raise Fault(faults.TIMED_OUT)
        if task.cancelled():
            raise Fault(faults.INTERNAL, "The service is shutting down.")
        return task.result()

    def _ended(self, task: asyncio.Task[Answer]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()

    def _dispatch(
        self, request: Request, user: str, client: str, limit: int
    ) -> Coroutine[None, None, Answer]:
        resource = request.resource.casefold()
        if resource == names.SHELL_RESOURCE.casefold():
            return self._shell(request, user, client, limit)
        if resource.startswith(f"{names.WMI_RESOURCE}/".casefold()):
            _refuse_options(request)
            return self._cim(request, user, limit)
        if resource == names.CONFIG.casefold() and request.action == names.GET:
            _refuse_options(request)
            return self._config()
        if resource.startswith(names.POWERSHELL_RESOURCE):
            raise Fault(
                faults.INVALID_RESOURCE_URI, f"{_catalog(request.resource)} The lab does not emulate PSRP."
            )
        raise Fault(faults.INVALID_RESOURCE_URI, _catalog(request.resource) if resource else "")

    def _shell(self, request: Request, user: str, client: str, limit: int) -> Coroutine[None, None, Answer]:
        shells = self._shells
        verbs = {
            names.GET: lambda: shells.get(request, user),
            names.CREATE: lambda: shells.create(request, user, client),
            names.DELETE: lambda: shells.delete(request, user),
            names.COMMAND: lambda: shells.command(request, user),
            names.SEND: lambda: shells.send(request, user),
            names.RECEIVE: lambda: shells.receive(request, user, limit),
            names.SIGNAL: lambda: shells.signal(request, user),
        }
        if request.action not in verbs:
            raise Fault(faults.ACTION_NOT_SUPPORTED)
        if request.action not in _SHELL_VERBS_WITH_OPTIONS:
            _refuse_options(request)
        return verbs[request.action]()

    def _cim(self, request: Request, user: str, limit: int) -> Coroutine[None, None, Answer]:
        wmi, enumerations = self._wmi, self._enumerations
        verbs = {
            names.GET: lambda: wmi.get(request),
            names.PUT: lambda: wmi.put(request),
            names.CREATE: lambda: wmi.create(request),
            names.DELETE: lambda: wmi.delete(request),
            names.ENUMERATE: lambda: enumerations.enumerate(request, user, limit),
            names.PULL: lambda: enumerations.pull(request, user, limit),
            names.RELEASE: lambda: enumerations.release(request, user),
        }
        if request.action in verbs:
            return verbs[request.action]()
        base, _rest, method = request.action.rpartition("/")
        if base.casefold() == request.resource.casefold() and method:
            return wmi.invoke(request, method)
        raise Fault(faults.ACTION_NOT_SUPPORTED)

    async def _config(self) -> Answer:
        inner = (
            f'<cfg:Config xmlns:xsi="{names.XSI}" xmlns:cfg="{names.CONFIG}" xml:lang="en-US">'
            f"<cfg:MaxEnvelopeSizekb>{self._settings.max_envelope_kb}</cfg:MaxEnvelopeSizekb>"
            f"<cfg:MaxTimeoutms>{self._settings.max_timeout * 1000:.0f}</cfg:MaxTimeoutms>"
            f"<cfg:MaxBatchItems>{self._settings.max_elements}</cfg:MaxBatchItems></cfg:Config>"
        )
        return Answer(f"{names.GET}Response", inner, "a x w p")

    def _check_size(self, request: Request, text: str, limit: int) -> None:
        if len(text.encode()) > limit:
            own = request.max_envelope is not None and request.max_envelope <= limit
            raise Fault(faults.ENVELOPE_TOO_LARGE if own else faults.SERVER_ENVELOPE_LIMIT)

    def _fault(self, fault: Fault, relates_to: str, action: str, resource: str) -> Reply:
        if fault.unknown or (fault.kind not in _ORDINARY and not fault.body):
            self._unknown(action, resource, fault.message)
        return Reply(500, envelope.fault_answer(fault, relates_to, self._settings.computer_name))

    def _unknown(self, action: str, resource: str, why: str) -> None:
        self._host.record("unknown-request", kind="wsman", action=action, resource=resource, why=why)


def _refuse_options(request: Request) -> None:
    """What an option changes is for the resource to say (DSP0226 6.4); here none is known."""
    if request.options:
        raise Fault(faults.INVALID_OPTIONS, f"The options {', '.join(request.options)} are not known here.")


def _catalog(resource: str) -> str:
    return (
        f"The WS-Management service cannot process the request. The resource URI ({resource}) was not found"
        " in the WS-Management catalog. The catalog contains the metadata that describes resources, or"
        " logical endpoints."
    )


def _identify(*, authenticated: bool) -> str:
    """The answer to Identify; without authentication the version of the system is not told."""
    system = VERSION.rpartition(".")[0] if authenticated else "0.0.0"
    inner = (
        f'<wsmid:IdentifyResponse xmlns:wsmid="{names.IDENTITY}">'
        "<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>"
        "<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
        f"<wsmid:ProductVersion>OS: {escape(system)} SP: 0.0 Stack: 3.0</wsmid:ProductVersion>"
        "</wsmid:IdentifyResponse>"
    )
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{names.SOAP}"><s:Header></s:Header>'
        f"<s:Body>{inner}</s:Body></s:Envelope>"
    )
