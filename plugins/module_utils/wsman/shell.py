# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Commands on a node through the WinRM command shell ([MS-WSMV] 3.1.4.5 and following)."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from ..errors import BadDocument, CimError, StandbyError, Unreachable
from ..node import Completed, Reference
from . import answer, envelope, protocol, xml
from .cim import fresh_id
from .commandline import command_line
from .envelope import Frame, Request
from .link import Exchange, LinkLost, unknown_outcome
from .protocol import SHELL, tag

# Seconds after which a command that has not ended is terminated.
COMMAND_LIMIT = 600

# Seconds after which the node removes a shell that was left behind, by a controller that died for instance.
IDLE_TIMEOUT = 600

# Ended commands that may wait for their release; the node counts them (MaxProcessesPerShell, 25 or more).
_UNRELEASED = 4

_SHELL_OPTIONS = {"WINRS_NOPROFILE": "TRUE", "WINRS_CODEPAGE": "65001"}
# cmd.exe runs the line, and standard input is a pipe that can be closed, not a console.
_COMMAND_OPTIONS = {"WINRS_CONSOLEMODE_STDIN": "FALSE", "WINRS_SKIP_CMD_SHELL": "FALSE"}


@dataclass
class _Command:
    """A command under way."""

    id: str
    operation: str
    on_output: Callable[[bytes], None] | None
    stdin_open: bool = True
    code: int | None = None
    stdout: list[bytes] = field(default_factory=list)
    stderr: list[bytes] = field(default_factory=list)


class WsmanShell:
    """The command shell of one node: opened by the first command, kept, deleted by ``close``.

    Commands are never repeated: where the link is lost under one, the error says that its outcome is unknown.
    A shell that the node no longer has is opened anew if the command was not accepted yet.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        node: str | None = None,
        operation_timeout: int = 20,
        new_id: Callable[[], str] = fresh_id,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take a function that sends a message and returns the answer; see WsmanCim."""
        self._exchange = exchange
        self._node = node
        self._operation_timeout = operation_timeout
        self._new_id = new_id
        self._monotonic = monotonic
        self._shell: Reference | None = None
        self._ended: list[_Command] = []

    def run(
        self,
        argv: Sequence[str],
        stdin: bytes = b"",
        *,
        on_output: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """Run a program to its end; see node.Shell.

        Raises:
            Unreachable: also where the command has not ended within COMMAND_LIMIT seconds; it is terminated
            then.
        """
        operation = f"run {argv[0] if argv else 'nothing'}"
        with self._named():
            line = command_line(argv)
            try:
                command = self._start(line, operation, on_output)
                return self._follow(command, stdin)
            except LinkLost as lost:
                raise unknown_outcome(lost, operation) from lost

    def close(self) -> None:
        """Delete the shell, and with it whatever still runs in it; what fails here is not worth an error."""
        shell, self._shell = self._shell, None
        self._ended.clear()
        if shell is not None:
            with suppress(StandbyError):
                self._ask(self._request(shell, "close the shell", protocol.DELETE))

    # --- the life of a command

    def _start(self, line: str, operation: str, on_output: Callable[[bytes], None] | None) -> _Command:
        if len(self._ended) >= _UNRELEASED:
            self._release()
        shell, fresh = (self._shell, False) if self._shell else (self._open(), True)
        try:
            return self._begin(shell, line, operation, on_output)
        except CimError as error:
            if fresh or error.wsman_code != protocol.UNEXPECTED_SELECTORS:
                raise
        # The node removed the shell (idle, rebooted, service restarted) and has not seen the command.
        self._ended.clear()
        return self._begin(self._open(), line, operation, on_output)

    def _begin(
        self, shell: Reference, line: str, operation: str, on_output: Callable[[bytes], None] | None
    ) -> _Command:
        body = (
            f'<rsp:CommandLine xmlns:rsp="{SHELL}">'
            f"<rsp:Command>{xml.text(line, 'the command line')}</rsp:Command></rsp:CommandLine>"
        )
        request = self._request(shell, operation, protocol.COMMAND, body, _COMMAND_OPTIONS)
        response = self._ask(request)
        name = response.findtext(f"{tag(SHELL, 'CommandResponse')}/{tag(SHELL, 'CommandId')}", "").strip()
        if not name:
            raise BadDocument(f"answer to {operation}: s:Body: expected rsp:CommandResponse with a CommandId")
        return _Command(name, operation, on_output)

    def _follow(self, command: _Command, stdin: bytes) -> Completed:
        """Feed the command and read its output until its state is Done."""
        deadline = self._monotonic() + COMMAND_LIMIT
        try:
            refused = self._feed(command, stdin) if stdin else None
            while command.code is None:
                self._receive(command, refused)
                if command.code is None and self._monotonic() > deadline:
                    raise Unreachable(
                        f"{command.operation} has not ended within {COMMAND_LIMIT} s and was terminated",
                        remedy="Find out on the node what it waits for",
                    )
        except LinkLost:
            raise  # over a dead link an end would only cost a second wait
        except BaseException:
            self._terminate(command)
            raise
        self._ended.append(command)
        return Completed(command.code, b"".join(command.stdout), b"".join(command.stderr))

    def _feed(self, command: _Command, stdin: bytes) -> CimError | None:
        """Send standard input in pieces; the node refuses one where the program has ended before."""
        pieces = range(0, len(stdin), protocol.STDIN_PIECE)
        try:
            for start in pieces:
                piece = stdin[start : start + protocol.STDIN_PIECE]
                self._send(command, piece, last=start == pieces[-1])
        except CimError as error:
            return error
        return None

    def _send(self, command: _Command, piece: bytes, *, last: bool) -> None:
        end = ' End="true"' if last else ""
        body = (
            f'<rsp:Send xmlns:rsp="{SHELL}">'
            f'<rsp:Stream Name="stdin" CommandId={xml.attribute(command.id, "a command")}{end}>'
            f"{base64.b64encode(piece).decode()}</rsp:Stream></rsp:Send>"
        )
        self._ask(self._request(self._opened(), command.operation, protocol.SEND, body))
        command.stdin_open = not last

    def _receive(self, command: _Command, refused: CimError | None) -> None:
        body = (
            f'<rsp:Receive xmlns:rsp="{SHELL}">'
            f"<rsp:DesiredStream CommandId={xml.attribute(command.id, 'a command')}>"
            "stdout stderr</rsp:DesiredStream></rsp:Receive>"
        )
        try:
            response = self._ask(self._request(self._opened(), command.operation, protocol.RECEIVE, body))
        except CimError as error:
            if error.wsman_code != protocol.OPERATION_TIMED_OUT:
                raise refused or error from None
            self._let_go(command)
        else:
            _take(response, command)

    def _let_go(self, command: _Command) -> None:
        """Close standard input of a command that is silent.

        Without input it is not closed at once: that would cost every command a round trip for the sake of the
        few programs that read what they were not given.
        """
        if command.stdin_open:
            command.stdin_open = False
            with suppress(CimError):
                self._send(command, b"", last=True)

    # --- the life of the shell

    def _open(self) -> Reference:
        body = (
            f'<rsp:Shell xmlns:rsp="{SHELL}"><rsp:IdleTimeOut>PT{IDLE_TIMEOUT}.000S</rsp:IdleTimeOut>'
            "<rsp:InputStreams>stdin</rsp:InputStreams>"
            "<rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>"
        )
        target = Reference(protocol.SHELL_RESOURCE)

        def create() -> Element:
            return self._ask(self._request(target, "open a shell", protocol.CREATE, body, _SHELL_OPTIONS))

        try:
            response = create()
        except LinkLost:  # an empty shell too many does no harm; the node removes it when idle
            response = create()
        self._shell = answer.created(response, "open a shell")
        return self._shell

    def _opened(self) -> Reference:
        return self._shell or self._open()

    def _release(self) -> None:
        """Tell the node that ended commands may be forgotten, between commands rather than after each."""
        ended, self._ended = self._ended, []
        for command in ended:
            self._terminate(command)

    def _terminate(self, command: _Command) -> None:
        body = (
            f'<rsp:Signal xmlns:rsp="{SHELL}" CommandId={xml.attribute(command.id, "a command")}>'
            f"<rsp:Code>{protocol.TERMINATE}</rsp:Code></rsp:Signal>"
        )
        if self._shell is not None:
            with suppress(StandbyError):
                self._ask(self._request(self._shell, "end a command", protocol.SIGNAL, body))

    def _request(
        self,
        target: Reference,
        operation: str,
        action: str,
        body: str = "",
        options: Mapping[str, str] | None = None,
    ) -> Request:
        frame = Frame(self._new_id(), self._operation_timeout)
        return envelope.build(
            frame, operation, action, target.resource_uri, body, selectors=target.selectors, options=options
        )

    def _ask(self, request: Request) -> Element:
        return answer.body(self._exchange(request.text), request)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except StandbyError as error:
            error.node = error.node or self._node
            raise


def _take(response: Element, command: _Command) -> None:
    """Add what a ReceiveResponse brought."""
    for stream in response.iter(tag(SHELL, "Stream")):
        piece = _decoded(stream, command.operation)
        if stream.get("Name") == "stderr":
            command.stderr.append(piece)
        else:
            command.stdout.append(piece)
            if piece and command.on_output:
                command.on_output(piece)
    state = response.find(f".//{tag(SHELL, 'CommandState')}")
    if state is not None and state.get("State") == protocol.DONE:
        command.code = _exit_code(state, command.operation)


def _decoded(stream: Element, operation: str) -> bytes:
    try:
        return base64.b64decode(stream.text or "", validate=False)
    except binascii.Error as error:
        raise BadDocument(f"answer to {operation}: rsp:Stream: {error}") from None


def _exit_code(state: Element, operation: str) -> int:
    written = state.findtext(tag(SHELL, "ExitCode"), "").strip()
    try:
        return int(written)
    except ValueError:
        raise BadDocument(
            f"answer to {operation}: rsp:CommandState: expected an ExitCode, found {written or 'nothing'}"
        ) from None
