# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text-based command shell of WinRM ([MS-WSMV] 3.1.4.5 to 3.1.4.14)."""

from __future__ import annotations

import base64
import binascii
import codecs
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from lab.machine.host import Host
from lab.shell.arguments import split_arguments
from lab.shell.builtins import Context
from lab.shell.cmd import CommandProcessor, run_line, start_cmd
from lab.shell.environment import Environment
from lab.shell.paths import is_folder
from lab.shell.program import Find, Streams
from lab.winrm import faults, names
from lab.winrm.command import Command
from lab.winrm.envelope import Request, local_name, parse_duration, tag
from lab.winrm.faults import Fault, Kind
from lab.winrm.settings import WinRmSettings
from lab.winrm.wmi import Answer

Runner = Callable[[Streams], Awaitable[int]]

_CREATE_OPTIONS = {"WINRS_NOPROFILE", "WINRS_CODEPAGE"}
_COMMAND_OPTIONS = {"WINRS_CONSOLEMODE_STDIN", "WINRS_SKIP_CMD_SHELL"}
_RECEIVE_OPTIONS = {"WSMAN_CMDSHELL_OPTION_KEEPALIVE"}
_SHELL_ELEMENTS = {
    "InputStreams",
    "OutputStreams",
    "Environment",
    "WorkingDirectory",
    "IdleTimeOut",
    "Lifetime",
    "Name",
}
_STATE = f"{names.SHELL}/CommandState"
_SIGNALS = {f"{names.SHELL}/signal/{name}": name for name in ("terminate", "ctrl_c", "ctrl_break")}
# Raw bytes in one rsp:Stream element.
_PIECE = 32768
# The frame of a Receive answer: headers, states and end marks, generously.
_FRAME = 4096

_NO_COMMAND = (
    "The Windows Remote Shell received a request to perform an operation on a command identifier that does"
    " not exist. Either the command has completed execution or the client specified an invalid command"
    " identifier."
)
_BAD_DIRECTORY = Kind(267, "w:InvalidParameter", "The directory name is invalid.")
_BAD_FILE = Kind(2, "w:InvalidParameter", "The system cannot find the file specified.")
_PIPE_CLOSED = Kind(232, "w:InternalError", "The pipe is being closed.", receiver=True)


@dataclass
class _Shell:
    """An open shell.

    Attributes:
        expires: when the idle timeout ends, on the node's clock.
        dies: when its Lifetime ends.
    """

    id: str
    owner: str
    client: str
    context: Context
    code_page: str
    idle_timeout: float
    created: float
    inputs: str
    outputs: str
    expires: float = 0.0
    dies: float = float("inf")
    commands: dict[str, Command] = field(default_factory=dict)


class Shells:
    """The shells of a server."""

    def __init__(self, host: Host, find: Find, settings: WinRmSettings) -> None:
        self._host = host
        self._find = find
        self._settings = settings
        self._open: dict[str, _Shell] = {}

    async def clear(self) -> None:
        """Close every shell and stop what runs in it."""
        for shell in list(self._open.values()):
            await self._close(shell)

    async def create(self, request: Request, user: str, client: str) -> Answer:
        """``t:Create`` of a shell."""
        await self._expire()
        mine = sum(shell.owner == user for shell in self._open.values())
        if mine >= self._settings.max_shells_per_user:
            raise Fault(faults.QUOTA_SHELLS, _quota_text(self._settings.max_shells_per_user))
        body = request.body
        if body is None or body.tag != tag(names.SHELL, "Shell"):
            raise Fault(faults.INVALID_BODY, "The body holds no Shell.")
        unknown = next((child for child in body if local_name(child) not in _SHELL_ELEMENTS), None)
        if unknown is not None:
            raise Fault(faults.SCHEMA_VALIDATION, f"Shell with {local_name(unknown)} is not supported.")
        _check_options(request, _CREATE_OPTIONS)
        shell = self._shell(body, request, user, client)
        self._open[shell.id] = shell
        self._touch(shell)
        created = (
            f"<x:ResourceCreated><a:Address>{escape(request.to)}</a:Address><a:ReferenceParameters>"
            f"<w:ResourceURI>{names.SHELL_RESOURCE}</w:ResourceURI><w:SelectorSet>"
            f'<w:Selector Name="ShellId">{shell.id}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
            f"</x:ResourceCreated>{self._describe(shell)}"
        )
        return Answer(f"{names.CREATE}Response", created, "a x w rsp p")

    def _shell(self, body: Element, request: Request, user: str, client: str) -> _Shell:
        idle, lifetime = (body.findtext(tag(names.SHELL, name)) for name in ("IdleTimeOut", "Lifetime"))
        now = self._host.now()
        return _Shell(
            id=str(uuid.uuid4()).upper(),
            owner=user,
            client=client,
            context=self._context(body, user),
            code_page=_code_page(request.options.get("WINRS_CODEPAGE", "437")),
            idle_timeout=parse_duration(idle) if idle else self._settings.idle_timeout,
            created=now,
            inputs=body.findtext(tag(names.SHELL, "InputStreams")) or "",
            outputs=body.findtext(tag(names.SHELL, "OutputStreams")) or "",
            dies=now + parse_duration(lifetime) if lifetime else float("inf"),
        )

    def _context(self, body: Element, user: str) -> Context:
        environment = Environment(self._host.environment())
        profile = f"{environment.get('SystemDrive', 'C:')}\\Users\\{user}"
        environment.update({"COMPUTERNAME": self._host.name, "USERNAME": user, "USERPROFILE": profile})
        for variable in body.iterfind(f"{tag(names.SHELL, 'Environment')}/{tag(names.SHELL, 'Variable')}"):
            name = variable.get("Name")
            if not name:
                raise Fault(faults.SCHEMA_VALIDATION, "An environment variable has no name.")
            environment[name] = variable.text or ""
        directory = body.findtext(tag(names.SHELL, "WorkingDirectory"))
        if not directory:
            # Windows makes the profile at the first log-on.
            self._host.local_path(profile).mkdir(parents=True, exist_ok=True)
        return Context(self._host, environment, directory or profile)

    def _describe(self, shell: _Shell) -> str:
        run = max(0, int(self._host.now() - shell.created))
        idle = max(0, int(self._host.now() - (shell.expires - shell.idle_timeout)))
        return (
            f'<rsp:Shell xmlns:rsp="{names.SHELL}"><rsp:ShellId>{shell.id}</rsp:ShellId>'
            f"<rsp:ResourceUri>{names.SHELL_RESOURCE}</rsp:ResourceUri>"
            f"<rsp:Owner>{escape(shell.owner)}</rsp:Owner><rsp:ClientIP>{escape(shell.client)}</rsp:ClientIP>"
            f"<rsp:IdleTimeOut>PT{shell.idle_timeout:.3f}S</rsp:IdleTimeOut>"
            f"<rsp:InputStreams>{escape(shell.inputs)}</rsp:InputStreams>"
            f"<rsp:OutputStreams>{escape(shell.outputs)}</rsp:OutputStreams>"
            f"<rsp:ShellRunTime>{_clock(run)}</rsp:ShellRunTime>"
            f"<rsp:ShellInactivity>{_clock(idle)}</rsp:ShellInactivity></rsp:Shell>"
        )

    async def get(self, request: Request, user: str) -> Answer:
        """``t:Get`` of a shell."""
        shell = await self._named(request, user)
        return Answer(f"{names.GET}Response", self._describe(shell), "a x w rsp p")

    async def delete(self, request: Request, user: str) -> Answer:
        """``t:Delete`` of a shell; its commands are stopped."""
        await self._close(await self._named(request, user))
        return Answer(f"{names.DELETE}Response", "", "a w p")

    async def command(self, request: Request, user: str) -> Answer:
        """``rsp:Command``: starts a command."""
        shell = await self._named(request, user)
        body = request.body
        if body is None or body.tag != tag(names.SHELL, "CommandLine"):
            raise Fault(faults.INVALID_BODY, "The body holds no CommandLine.")
        _check_options(request, _COMMAND_OPTIONS)
        name = body.findtext(tag(names.SHELL, "Command"))
        if not name:
            raise Fault(faults.SCHEMA_VALIDATION, "CommandLine holds no Command.")
        arguments = [child.text or "" for child in body.iterfind(tag(names.SHELL, "Arguments"))]
        runner = self._runner(shell, name, " ".join([name, *arguments]), skip=_skips_cmd(request))
        command_id = str(uuid.uuid4()).upper()
        shell.commands[command_id] = Command(runner, shell.code_page, self._program_failed)
        inner = f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"
        return Answer(f"{names.COMMAND}Response", inner, "a x w rsp p")

    def _runner(self, shell: _Shell, name: str, line: str, *, skip: bool) -> Runner:
        # Each command has a cmd.exe of its own, so that what it sets is gone with it.
        context = shell.context.copy()
        if not is_folder(self._host, context.directory, "."):
            raise Fault(_BAD_DIRECTORY, f"{_BAD_DIRECTORY.text} ({context.directory})")
        if not skip:
            return lambda streams: run_line(line, context, self._find, streams)
        program = self._find(name.strip('"'))
        if program is None:
            raise Fault(_BAD_FILE)
        if isinstance(program, CommandProcessor):
            return lambda streams: start_cmd(line[len(name) :], context, self._find, streams)
        argv = split_arguments(line if name.startswith('"') else f'"{name}"{line[len(name) :]}')
        return lambda streams: program(argv, streams, context.environment)

    def _program_failed(self, error: BaseException) -> None:
        self._host.record("lab-error", error=repr(error))

    async def send(self, request: Request, user: str) -> Answer:
        """``rsp:Send``: standard input of a command."""
        shell = await self._named(request, user)
        body = request.body
        if body is None or body.tag != tag(names.SHELL, "Send"):
            raise Fault(faults.INVALID_BODY, "The body holds no Send.")
        for stream in body.iterfind(tag(names.SHELL, "Stream")):
            if stream.get("Name") not in shell.inputs.split():
                raise Fault(
                    faults.WINDOWS_INVALID_PARAMETER, f"There is no input stream {stream.get('Name')}."
                )
            command = self._command(shell, stream.get("CommandId"))
            if command.exit_code is not None or command.input_ended:
                raise Fault(_PIPE_CLOSED)
            command.send(_decoded(stream.text or ""), end=(stream.get("End") or "").lower() in ("true", "1"))
        return Answer(f"{names.SEND}Response", "<rsp:SendResponse/>", "a x w rsp p")

    async def receive(self, request: Request, user: str, limit: int) -> Answer:
        """``rsp:Receive``: waits for output up to the OperationTimeout.

        Args:
            request: the request.
            user: who asks.
            limit: most bytes that the answer may have.
        """
        shell = await self._named(request, user)
        _check_options(request, _RECEIVE_OPTIONS)
        desired = None if request.body is None else request.body.find(tag(names.SHELL, "DesiredStream"))
        if desired is None:
            raise Fault(faults.INVALID_BODY, "The body holds no DesiredStream.")
        wanted = set((desired.text or "").split())
        if not desired.get("CommandId") or not wanted <= set(shell.outputs.split()):
            raise Fault(faults.WINDOWS_INVALID_PARAMETER, inner=_SHELL_PLUGIN_FAULT)
        command_id = desired.get("CommandId") or ""
        command = self._command(shell, command_id)
        timeout = min(request.timeout or self._settings.max_timeout, self._settings.max_timeout)
        if not await command.wait(timeout):
            raise Fault(faults.TIMED_OUT)
        self._touch(shell)
        # Base64 makes four bytes of three, and every piece has an element around it.
        room = max(3, (limit - _FRAME) * 3 // 4 * 9 // 10)
        pieces = command.take(wanted, room, _PIECE)
        return Answer(f"{names.RECEIVE}Response", _received(command_id, command, pieces, wanted), "a w rsp p")

    async def signal(self, request: Request, user: str) -> Answer:
        """``rsp:Signal``: stops a command, or says that the client is done with it."""
        shell = await self._named(request, user)
        body = request.body
        if body is None or body.tag != tag(names.SHELL, "Signal"):
            raise Fault(faults.INVALID_BODY, "The body holds no Signal.")
        command_id = body.get("CommandId") or ""
        command = self._command(shell, command_id)
        code = (body.findtext(tag(names.SHELL, "Code")) or "").strip()
        signal = next((name for uri, name in _SIGNALS.items() if uri.lower() == code.lower()), None)
        if signal is None:
            raise Fault(faults.WINDOWS_INVALID_PARAMETER, f"The signal {code} is not known.")
        running = command.exit_code is None
        await command.stop()
        if signal == "terminate" or not running:
            del shell.commands[command_id]
        return Answer(f"{names.SIGNAL}Response", "<rsp:SignalResponse/>", "a x w rsp p")

    async def _named(self, request: Request, user: str) -> _Shell:
        await self._expire()
        selectors = {selector.name.lower(): selector.value for selector in request.selectors}
        if set(selectors) != {"shellid"}:
            raise Fault(faults.INSUFFICIENT_SELECTORS if not selectors else faults.UNEXPECTED_SELECTORS)
        shell_id = str(selectors["shellid"])
        shell = self._open.get(shell_id.upper())
        if shell is None or shell.owner != user:
            raise Fault(faults.UNEXPECTED_SELECTORS, _no_shell(shell_id))
        self._touch(shell)
        return shell

    def _command(self, shell: _Shell, command_id: str | None) -> Command:
        command = shell.commands.get((command_id or "").upper())
        if command is None:
            raise Fault(faults.UNEXPECTED_SELECTORS, _NO_COMMAND)
        return command

    def _touch(self, shell: _Shell) -> None:
        shell.expires = self._host.now() + shell.idle_timeout

    async def _expire(self) -> None:
        now = self._host.now()
        for shell in list(self._open.values()):
            busy = any(command.exit_code is None for command in shell.commands.values())
            if now >= shell.dies or (now >= shell.expires and not busy):
                await self._close(shell)

    async def _close(self, shell: _Shell) -> None:
        self._open.pop(shell.id, None)
        for command in shell.commands.values():
            await command.stop()


_SHELL_PLUGIN_FAULT = (
    '<f:ProviderFault provider="Shell cmd plugin" path="%systemroot%\\system32\\winrscmd.dll">'
    "The parameter is incorrect. </f:ProviderFault>"
)


def _quota_text(count: int) -> str:
    return (
        "The WS-Management service cannot process the request. This user is allowed a maximum number of"
        f" {count} concurrent shells, which has been exceeded. Close existing shells or raise the quota"
        " for this user."
    )


def _no_shell(shell_id: str) -> str:
    return (
        f"The request for the Windows Remote Shell with ShellId {shell_id} failed because the shell was not"
        " found on the server. Possible causes are: the specified ShellId is incorrect or the shell no"
        " longer exists on the server. Provide the correct ShellId or create a new shell and retry the"
        " operation."
    )


def _clock(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"P{hours // 24}DT{hours % 24}H{minutes}M{seconds}S"


def _check_options(request: Request, known: set[str]) -> None:
    unknown = set(request.options) - known
    if unknown:
        raise Fault(faults.INVALID_OPTIONS, f"The options {', '.join(sorted(unknown))} are not known here.")


def _code_page(text: str) -> str:
    if text.strip() == "65001":
        return "utf-8"
    try:
        return codecs.lookup(f"cp{int(text)}").name
    except (ValueError, LookupError) as error:
        raise Fault(faults.INVALID_OPTIONS, f"The code page {text} is not known.") from error


def _skips_cmd(request: Request) -> bool:
    return request.options.get("WINRS_SKIP_CMD_SHELL", "FALSE").strip().upper() in ("TRUE", "1")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise Fault(faults.SCHEMA_VALIDATION, "A stream holds no base64.") from error


def _received(command_id: str, command: Command, pieces: list[tuple[str, bytes]], wanted: set[str]) -> str:
    streams = [
        f'<rsp:Stream Name="{name}" CommandId="{command_id}">{base64.b64encode(data).decode()}</rsp:Stream>'
        for name, data in pieces
    ]
    if not command.finished():
        state = f'<rsp:CommandState CommandId="{command_id}" State="{_STATE}/Running"/>'
        return f"<rsp:ReceiveResponse>{''.join(streams)}{state}</rsp:ReceiveResponse>"
    streams += [
        f'<rsp:Stream Name="{name}" CommandId="{command_id}" End="true"></rsp:Stream>'
        for name in ("stdout", "stderr")
        if name in wanted
    ]
    state = (
        f'<rsp:CommandState CommandId="{command_id}" State="{_STATE}/Done">'
        f"<rsp:ExitCode>{command.exit_code}</rsp:ExitCode></rsp:CommandState>"
    )
    return f"<rsp:ReceiveResponse>{''.join(streams)}{state}</rsp:ReceiveResponse>"
