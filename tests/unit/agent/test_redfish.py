# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power over Redfish: only a state that was read back, twice, counts; all else fails with its reason."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import redfish
from ansible_collections.standby.iis.plugins.module_utils.agent.bmc import Bmc, Login, check
from ansible_collections.standby.iis.plugins.module_utils.agent.bmc_access import password_in, trust
from ansible_collections.standby.iis.plugins.module_utils.agent.redfish import Redfish
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from tests.support.scripted import ManualClock

PATH = "/redfish/v1/Systems/1"
RESET = f"{PATH}/Actions/ComputerSystem.Reset"
SILENT = "the connection is closed without an answer"
BASIC = "Basic " + base64.b64encode(b"admin:SECRETWORD").decode()


class Service(BaseHTTPRequestHandler):
    """A controller whose answers the test says."""

    def _serve(self) -> None:
        of = self.server.of
        size = int(self.headers.get("Content-Length") or 0)
        given = json.loads(self.rfile.read(size) or "null")
        of.asked.append((self.command, self.path, given, dict(self.headers)))
        status, document, headers = of.answer(self.command, self.path)
        if status == SILENT:
            self.close_connection = True
            return
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - as http.server names them

    def log_message(self, *_said) -> None:
        """Say nothing."""


class Controller:
    """What the test says of a controller, and what it was asked."""

    def __init__(self, url: str) -> None:
        self.url, self.asked = url, []
        self.states = ["On"]
        self.more: dict = {}
        self.answers: dict = {}

    def answer(self, method, path):
        if (method, path) in self.answers:
            return self.answers[method, path]
        if path == PATH:
            state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            if state == SILENT:
                return SILENT, {}, {}
            return 200, {"PowerState": state, **self.more}, {}
        return 204, b"", {}

    def of(self, *methods):
        return [(method, path, given) for method, path, given, _headers in self.asked if method in methods]

    def service(self, clock=None, seconds=30.0, **options):
        bmc = Bmc(self.url, "1", "admin", "C:\\x", verify=False, **options)
        return Redfish(bmc, "SECRETWORD", seconds, clock or ManualClock())

    def off(self, clock=None, **options):
        with self.service(clock, **options) as service:
            return service.force_off()


@pytest.fixture
def bmc():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.handle_error = lambda *_who: None  # a client that has given up
    made = Controller(f"http://127.0.0.1:{server.server_port}")
    server.of = made
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_node_is_off_once_that_was_read_back_twice(bmc):
    bmc.states = ["On", "On", "PoweringOff", "Off", "Off"]
    clock = ManualClock()
    told = bmc.off(clock)
    assert bmc.of("POST") == [("POST", RESET, {"ResetType": "ForceOff"})]
    assert len(bmc.of("GET")) == 5
    assert clock.monotonic() == pytest.approx(3.0)
    host = bmc.url.removeprefix("http://")
    assert told == (
        f"{host}{PATH} was asked for ComputerSystem.Reset ForceOff, and read back as Off twice, 2 s apart"
    )


def test_one_that_is_off_already_is_not_asked_for_anything(bmc):
    bmc.states = ["Off"]
    assert "said PowerState Off before anything was asked" in bmc.off()
    assert bmc.of("POST") == []


@pytest.mark.parametrize("states", [["On", "Off", "On"], ["Off", "On"]], ids=["asked", "before"])
def test_one_that_comes_on_again_is_not_off(bmc, states):
    bmc.states = states
    with pytest.raises(StandbyError, match="said Off, and 2 s later On"):
        bmc.off()


@pytest.mark.parametrize("second", ["PoweringOn", "PoweringOff", "Paused", "off", "Reset"])
@pytest.mark.parametrize("first", [["On", "Off"], ["Off"]], ids=["asked", "before"])
def test_one_that_says_anything_but_off_at_the_second_look_is_not_off(bmc, first, second):
    bmc.states = [*first, second, "Off"]
    with pytest.raises(StandbyError, match=f"said Off, and 2 s later {second}") as failed:
        bmc.off()
    assert "look at the power policy of the controller" in failed.value.remedy


@pytest.mark.parametrize("first", [["On", "Off"], ["Off"]], ids=["asked", "before"])
def test_one_that_says_no_state_at_the_second_look_is_not_off(bmc, first):
    bmc.states = [*first, None, "Off"]
    with pytest.raises(StandbyError, match="says no PowerState"):
        bmc.off()


@pytest.mark.parametrize("state", ["On", "PoweringOn", "PoweringOff", "Paused", "off"])
def test_one_that_takes_the_request_and_is_never_off_fails_at_the_end_of_its_time(bmc, state):
    bmc.states = ["On", state]
    clock = ManualClock()
    with pytest.raises(
        StandbyError, match=f"was asked for ForceOff, and is {state} at the end of its time"
    ) as failed:
        bmc.off(clock, seconds=5.0)
    assert bmc.of("POST") == [("POST", RESET, {"ResetType": "ForceOff"})]
    assert clock.monotonic() <= 5.5
    assert failed.value.remedy


def test_a_refused_request_does_not_matter_where_another_node_was_quicker(bmc):
    bmc.answers["POST", RESET] = (409, {}, {})
    bmc.states = ["On", "Off", "Off"]
    assert "read back as Off twice" in bmc.off()


def test_a_controller_whose_link_goes_down_with_its_node_is_waited_for(bmc):
    bmc.answers["POST", RESET] = (SILENT, {}, {})
    bmc.states = ["On", SILENT, SILENT, "On", "Off", SILENT, "Off", "Off"]
    assert "read back as Off twice" in bmc.off()
    assert len(bmc.of("GET")) == 8


def test_one_that_stays_silent_has_confirmed_nothing(bmc):
    bmc.states = ["On", "On", SILENT]
    with pytest.raises(
        StandbyError, match=r"is silent \(http.* does not answer: .*\) at the end of its time"
    ):
        bmc.off(seconds=5.0)


def test_it_matters_where_the_node_is_on(bmc):
    bmc.answers["POST", RESET] = (409, {}, {})
    with pytest.raises(StandbyError, match="Reset with status 409"):
        bmc.off()


@pytest.mark.parametrize(
    ("actions", "target"),
    [
        ({"#ComputerSystem.Reset": {"target": "/redfish/v1/own/reset"}}, "/redfish/v1/own/reset"),
        ({"#ComputerSystem.Reset": {"target": "https://elsewhere.example/reset"}}, RESET),
        ({"#ComputerSystem.Reset": {"target": "//elsewhere.example/reset"}}, RESET),
        ({}, RESET),
    ],
)
def test_the_action_is_asked_for_where_the_service_says_and_nowhere_else(bmc, actions, target):
    bmc.more, bmc.states = {"Actions": actions}, ["On", "Off"]
    bmc.off()
    assert bmc.of("POST")[0][1] == target


def test_a_service_without_force_off_is_no_fence(bmc):
    allowed = {"ResetType@Redfish.AllowableValues": ["On", "GracefulShutdown"]}
    bmc.more = {"Actions": {"#ComputerSystem.Reset": allowed}}
    with pytest.raises(StandbyError, match="offers no ForceOff, only On, GracefulShutdown"):
        bmc.off()
    assert bmc.of("POST") == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((401, {}, {}), "refuses its user"),
        ((404, {}, {}), f"has no {PATH}"),
        ((503, {}, {}), "with status 503"),
        ((200, b"<html>", {}), "no JSON object"),
        ((200, b"[]", {}), "no JSON object"),
        ((200, {"PowerState": None}, {}), "says no PowerState"),
        ((302, {}, {"Location": "http://127.0.0.1:1/"}), "with status 302"),
    ],
)
def test_answers_that_tell_nothing_fail_with_their_reason(bmc, answer, told):
    bmc.answers["GET", PATH] = answer
    with pytest.raises(StandbyError, match=told) as failed:
        bmc.off()
    assert failed.value.remedy
    assert "SECRETWORD" not in str(failed.value)
    assert len(bmc.asked) == 1


def test_one_that_does_not_answer_fails_in_time(bmc, monkeypatch):
    done = threading.Event()
    monkeypatch.setattr(bmc, "answer", lambda *_asked: done.wait(5.0) and (200, {}, {}))
    monkeypatch.setattr(redfish, "_PATIENCE", 0.1)
    with pytest.raises(StandbyError, match=r"does not answer: (no answer within 0\.1 s|timed out)"):
        bmc.off()
    done.set()


def test_every_request_has_the_password_and_messages_have_not(bmc):
    bmc.states = ["Off"]
    told = bmc.off()
    assert {headers["Authorization"] for *_rest, headers in bmc.asked} == {BASIC}
    assert "SECRETWORD" not in told


def test_a_session_is_opened_used_and_ended(bmc):
    bmc.states = ["Off"]
    path = f"{redfish.SESSIONS}/7"
    headers = {"X-Auth-Token": "token", "Location": f"{bmc.url}{path}"}
    bmc.answers["POST", redfish.SESSIONS] = (201, {}, headers)
    bmc.off(login=Login.SESSION)
    assert bmc.of("POST", "DELETE") == [
        ("POST", redfish.SESSIONS, {"UserName": "admin", "Password": "SECRETWORD"}),
        ("DELETE", path, None),
    ]
    assert all("Authorization" not in headers for *_rest, headers in bmc.asked)
    assert {headers.get("X-Auth-Token") for *_rest, headers in bmc.asked[1:]} == {"token"}


def test_a_session_without_a_token_is_none(bmc):
    with pytest.raises(StandbyError, match="without X-Auth-Token"):
        bmc.off(login=Login.SESSION)


def test_looking_has_no_effect_and_tells_which_machine_it_is(bmc):
    bmc.more = {"HostName": "WEB1", "SerialNumber": "S7"}
    with bmc.service() as service:
        told = service.look()
    assert "PowerState On, HostName WEB1, SerialNumber S7" in told
    assert [method for method, *_rest in bmc.asked] == ["GET"]


@pytest.mark.parametrize(
    ("actions", "unlisted"),
    [
        ({"#ComputerSystem.Reset": {"ResetType@Redfish.AllowableValues": ["On", "ForceOff"]}}, False),
        ({"#ComputerSystem.Reset": {"target": RESET, "@Redfish.ActionInfo": "/redfish/v1/Info"}}, True),
        ({}, True),
        (None, True),
    ],
)
def test_looking_says_where_a_controller_does_not_list_what_it_offers(bmc, actions, unlisted):
    bmc.more = {"Actions": actions}
    with bmc.service() as service:
        assert service.look().endswith(f"{RESET}{'; that it has ForceOff it does not say' * unlisted}")


GOOD = {"url": "https://bmc", "system": "1", "user": "admin", "password_file": "C:\\x"}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"url": "http://bmc"}, "would send the password unprotected"),
        ({"url": "http://bmc", "verify": False}, "would send the password unprotected"),
        ({"url": "http://192.0.2.31", "verify": False}, "would send the password unprotected"),
        ({"url": "http://localhost", "verify": False}, "would send the password unprotected"),
        ({"url": "bmc"}, "is not of the form"),
        ({"url": "https://bmc/redfish/v1"}, "has more than host and port"),
        ({"url": "https://bmc:99999"}, "cannot be read"),
        ({"url": "https://root:SECRETWORD@bmc"}, "has more than host and port"),
        ({"system": "1/Actions"}, "no identifier of a ComputerSystem"),
        ({"system": ".."}, "no identifier of a ComputerSystem"),
        ({"user": ""}, "has no user"),
        ({"user": "a:b"}, "with a colon"),
        ({"verify": False, "ca_file": "C:\\ca.pem"}, "verify: false and a ca_file"),
        ({"verify_name": False}, "verify_name: false and no ca_file"),
    ],
)
def test_a_controller_that_makes_no_sense_is_refused(wrong, told):
    with pytest.raises(StandbyError, match=f"fence of server1 .*{told}") as failed:
        check("server1", Bmc(**{**GOOD, **wrong}))
    assert failed.value.remedy
    assert "SECRETWORD" not in str(failed.value)
    check("server1", Bmc(**GOOD))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8443", "http://127.1.2.3", "http://[::1]:8443"])
def test_a_tunnel_that_ends_on_the_node_needs_no_protection(url):
    check("server1", Bmc(**{**GOOD, "url": url}))


@pytest.mark.parametrize("held", [b"", b"\n", b"\xff", None], ids=["empty", "blank", "no text", "missing"])
def test_a_password_file_that_holds_none_is_told(tmp_path, held):
    path = tmp_path / "password"
    if held is not None:
        path.write_bytes(held)
    with pytest.raises(StandbyError, match="the password file"):
        password_in(path)
    path.write_bytes(b"\xef\xbb\xbfSECRETWORD\r\n")
    assert password_in(path) == "SECRETWORD"


def test_the_authorities_of_a_controller_are_those_that_are_named(tmp_path):
    bmc = SimpleNamespace(**GOOD, ca_file=str(tmp_path / "none.pem"), verify=True)
    with pytest.raises(StandbyError, match="the authorities of https://bmc cannot be used"):
        trust(bmc)
