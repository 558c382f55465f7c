# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command shell over scripted answers: order of calls, streams, exit codes, and how things end."""

from __future__ import annotations

import base64
from xml.etree import ElementTree

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import (
    BadDocument,
    CimError,
    StandbyError,
    Unreachable,
)
from ansible_collections.standby.iis.plugins.module_utils.wsman import protocol
from ansible_collections.standby.iis.plugins.module_utils.wsman.link import LinkLost
from ansible_collections.standby.iis.plugins.module_utils.wsman.shell import COMMAND_LIMIT, WsmanShell

from_text = ElementTree.fromstring

RSP = protocol.SHELL
NS = {"s": protocol.SOAP, "a": protocol.ADDRESSING, "w": protocol.WSMAN, "rsp": RSP}
LOST = LinkLost("the connection was lost")


def fault(code: int) -> str:
    return (
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code>"
        "<s:Reason><s:Text xml:lang='en'>x</s:Text></s:Reason>"
        f"<s:Detail><f:WSManFault xmlns:f='urn:f' Code='{code}'/></s:Detail></s:Fault>"
    )


GONE, TIMED_OUT = fault(protocol.UNEXPECTED_SELECTORS), fault(protocol.OPERATION_TIMED_OUT)


def received(stdout=b"", stderr=b"", code: int | str | None = 0) -> str:
    streams = "".join(
        f"<rsp:Stream Name='{name}' CommandId='C1'>{base64.b64encode(data).decode()}</rsp:Stream>"
        for name, data in (("stdout", stdout), ("stderr", stderr))
        if data
    )
    state = "Running" if code is None else "Done"
    inside = "" if code is None else f"<rsp:ExitCode>{code}</rsp:ExitCode>"
    return (
        f"<rsp:ReceiveResponse>{streams}<rsp:CommandState CommandId='C1' State='{RSP}/CommandState/{state}'>"
        f"{inside}</rsp:CommandState></rsp:ReceiveResponse>"
    )


class Server:
    """Answers each action from its own queue of bodies; without one, as a healthy server does."""

    def __init__(self, **queues):
        self.queues = {name: list(bodies) for name, bodies in queues.items()}
        self.sent: list[tuple[str, ElementTree.Element]] = []
        self.shells = 0

    def __call__(self, message: str) -> bytes:
        root = from_text(message)
        action = root.findtext("s:Header/a:Action", namespaces=NS).rpartition("/")[2]
        self.sent.append((action, root))
        queue = self.queues.get(action)
        body = queue.pop(0) if queue else self._healthy(action)
        if isinstance(body, Exception):
            raise body
        asked = root.findtext("s:Header/a:MessageID", namespaces=NS)
        spaces = " ".join(f"xmlns:{prefix}='{uri}'" for prefix, uri in NS.items())
        return (
            f"<s:Envelope {spaces}><s:Header><a:RelatesTo>{asked}</a:RelatesTo></s:Header>"
            f"<s:Body>{body}</s:Body></s:Envelope>"
        ).encode()

    def _healthy(self, action: str) -> str:
        if action == "Create":
            self.shells += 1
            return (
                f"<t:ResourceCreated xmlns:t='{protocol.TRANSFER}'><a:Address>x</a:Address>"
                "<a:ReferenceParameters>"
                f"<w:ResourceURI>{protocol.SHELL_RESOURCE}</w:ResourceURI><w:SelectorSet>"
                f"<w:Selector Name='ShellId'>SHELL-{self.shells}</w:Selector></w:SelectorSet>"
                "</a:ReferenceParameters>"
                "</t:ResourceCreated>"
            )
        if action == "Command":
            return "<rsp:CommandResponse><rsp:CommandId>C1</rsp:CommandId></rsp:CommandResponse>"
        return received() if action == "Receive" else ""

    @property
    def actions(self) -> list[str]:
        return [action for action, _root in self.sent]

    def stdin(self) -> list[tuple[bytes, str | None]]:
        streams = [root.find(".//rsp:Stream", NS) for action, root in self.sent if action == "Send"]
        return [(base64.b64decode(one.text or ""), one.get("End")) for one in streams]

    def shell_ids(self) -> list[str | None]:
        return [
            root.findtext("s:Header/w:SelectorSet/w:Selector", namespaces=NS) for _action, root in self.sent
        ]


def shell(server, **options):
    return WsmanShell(server, node="server1", **options)


def test_the_shell_is_opened_by_the_first_command_kept_and_deleted():
    server = Server(Receive=[received(b"one", code=0), received(b"two", b"bad", code=3)])
    client = shell(server)
    assert server.sent == []
    first, second = client.run(["hostname"]), client.run(["x", "a b"])
    client.close()
    client.close()
    assert server.actions == ["Create", "Command", "Receive", "Command", "Receive", "Delete"]
    assert set(server.shell_ids()[1:]) == {"SHELL-1"}
    assert (first.code, first.stdout, second.code, second.stdout, second.stderr) == (
        0,
        b"one",
        3,
        b"two",
        b"bad",
    )


def test_the_shell_speaks_utf8_without_a_profile_and_cmd_runs_the_quoted_line():
    server = Server()
    shell(server).run(["appcmd", "stop site", "Shop & Co"])
    options = {one.get("Name"): one.text for one in server.sent[0][1].iter(f"{{{protocol.WSMAN}}}Option")}
    assert options == {"WINRS_NOPROFILE": "TRUE", "WINRS_CODEPAGE": "65001"}
    command = server.sent[1][1]
    assert command.findtext(".//rsp:Command", namespaces=NS) == 'appcmd ^"stop site^" ^"Shop ^& Co^"'


def test_output_is_handed_on_piece_by_piece_and_returned_whole():
    server = Server(
        Receive=[received(b"a", code=None), TIMED_OUT, received(b"b", b"e", code=None), received(b"c")]
    )
    pieces: list[bytes] = []
    done = shell(server).run(["x"], on_output=pieces.append)
    assert pieces == [b"a", b"b", b"c"]
    assert (done.stdout, done.stderr, done.code) == (b"abc", b"e", 0)


@pytest.mark.parametrize("code", [0, 1, 255, 4294967295, -1, 2147944122])
def test_the_exit_code_is_what_the_node_says(code):
    assert shell(Server(Receive=[received(code=code)])).run(["x"]).code == code


def test_the_end_without_an_exit_code_is_an_error():
    with pytest.raises(BadDocument, match="expected an ExitCode, found nothing"):
        shell(Server(Receive=[received(code="")])).run(["x"])


def test_standard_input_goes_in_pieces_under_the_quota_and_ends():
    data = bytes(range(256)) * 500
    server = Server()
    shell(server).run(["x"], data)
    sent = server.stdin()
    assert b"".join(piece for piece, _end in sent) == data
    assert [end for _piece, end in sent] == [None, None, "true"]
    longest = max(len(ElementTree.tostring(root)) for action, root in server.sent if action == "Send")
    assert longest * 2 < 150 * 1024


def test_standard_input_is_closed_for_a_silent_program_that_was_given_none():
    server = Server(Receive=[TIMED_OUT, TIMED_OUT, received(b"x")])
    shell(server).run(["x"])
    assert server.stdin() == [(b"", "true")]
    quick = Server()
    shell(quick).run(["x"])
    assert quick.stdin() == []


def test_a_program_that_ends_without_reading_its_input_still_gives_its_exit_code():
    server = Server(Send=[fault(995)], Receive=[received(b"usage", code=2)])
    assert shell(server).run(["x"], b"data").code == 2


def test_input_that_the_node_refuses_is_the_error_where_there_is_no_exit_code_either():
    server = Server(Send=[fault(111)], Receive=[fault(222)])
    with pytest.raises(CimError) as caught:
        shell(server).run(["x"], b"data")
    assert caught.value.wsman_code == 111


def test_a_shell_that_the_node_lost_is_opened_again_and_the_command_sent_once_more():
    server = Server(
        Command=["<rsp:CommandResponse><rsp:CommandId>C1</rsp:CommandId></rsp:CommandResponse>", GONE]
    )
    client = shell(server)
    client.run(["x"])
    assert client.run(["y"]).code == 0
    assert server.actions == ["Create", "Command", "Receive", "Command", "Create", "Command", "Receive"]
    assert server.shell_ids()[-1] == "SHELL-2"


def test_a_fresh_shell_that_is_not_found_is_not_opened_for_ever():
    server = Server(Command=[GONE, GONE])
    with pytest.raises(CimError):
        shell(server).run(["x"])
    assert server.actions.count("Create") == 1


@pytest.mark.parametrize("lost_at", ["Command", "Receive", "Send"])
def test_a_command_is_never_repeated_and_its_outcome_is_called_unknown(lost_at):
    server = Server(**{lost_at: [LOST]})
    with pytest.raises(Unreachable, match=r"run x; whether it was carried out is unknown") as caught:
        shell(server).run(["x"], b"data")
    assert not isinstance(caught.value, LinkLost)
    assert server.actions.count("Command") == 1
    assert server.actions[-1] == lost_at


def test_opening_a_shell_is_safe_to_repeat():
    server = Server(Create=[LOST])
    assert shell(server).run(["x"]).code == 0
    assert server.actions[:3] == ["Create", "Create", "Command"]


def test_a_command_that_fails_under_way_is_terminated_and_the_shell_still_deleted():
    server = Server(Receive=[fault(1)])
    client = shell(server)
    with pytest.raises(CimError):
        client.run(["x"])
    client.close()
    assert server.actions == ["Create", "Command", "Receive", "Signal", "Delete"]


def test_an_interruption_terminates_the_command_too():
    server = Server(Receive=[KeyboardInterrupt()])
    server.queues["Receive"] = [received(b"x", code=None)]

    def interrupt(_piece: bytes) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shell(server).run(["x"], on_output=interrupt)
    assert server.actions[-1] == "Signal"


def test_a_command_that_never_ends_is_terminated_and_said_so():
    now = iter([0.0, COMMAND_LIMIT - 1.0, COMMAND_LIMIT + 1.0])
    server = Server(Receive=[TIMED_OUT] * 5)
    with pytest.raises(Unreachable, match=f"run x has not ended within {COMMAND_LIMIT} s and was terminated"):
        shell(server, monotonic=lambda: next(now)).run(["x"])
    assert server.actions[-1] == "Signal"


def test_ended_commands_are_released_in_groups_not_one_by_one():
    server = Server()
    client = shell(server)
    for _rest in range(5):
        client.run(["x"])
    assert server.actions.count("Signal") == 4
    assert server.actions[-6:] == ["Signal"] * 4 + ["Command", "Receive"]


@pytest.mark.parametrize("failure", [LOST, GONE])
def test_closing_never_fails(failure):
    client = shell(Server(Delete=[failure]))
    client.run(["x"])
    client.close()


def test_a_command_line_that_cannot_be_is_refused_before_a_shell_is_opened():
    server = Server()
    with pytest.raises(StandbyError, match="U\\+000A") as caught:
        shell(server).run(["x", "a\nb"])
    assert caught.value.node == "server1"
    assert server.sent == []
