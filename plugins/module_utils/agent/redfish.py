# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Power over Redfish (DMTF DSP0266): switch a system off, and read back that it is.

What is used: ``GET /redfish/v1/Systems/{id}`` with ``PowerState`` and ``Actions``, the action
``#ComputerSystem.Reset`` with ``ResetType`` ``ForceOff``, and sessions at
``/redfish/v1/SessionService/Sessions``. Sources are in docs/windows_contracts.md, under Redfish.
"""

from __future__ import annotations

import base64
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from ..errors import StandbyError
from ..node import Clock
from .bmc import Bmc, Login
from .bmc_access import trust
from .watched_http import NoRedirection, Watch

SESSIONS = "/redfish/v1/SessionService/Sessions"
RESET = "#ComputerSystem.Reset"
ALLOWED = "ResetType@Redfish.AllowableValues"
FORCE_OFF, OFF = "ForceOff", "Off"
# Seconds for one request: controllers are slow, and several of them have to fit into the time of a fence.
_PATIENCE = 10.0
# Seconds between two readings of the power state.
_LOOK = 0.5
# Some controllers say Off as soon as they are asked, while the machine still goes down: it must be so
# twice, so many seconds apart.
_SETTLED = 2.0
# Bytes that are read of an answer: a ComputerSystem has some kilobytes.
_LARGEST = 1 << 20
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_REMEDY = (
    "Check the controller's network, url and ca_file; try it by hand, on a node: "
    "python standby.pyz check --home FOLDER --fences (docs/agent.md)"
)


class RedfishError(StandbyError):
    """A controller does not do what it was asked, or does not answer."""


class NoAnswer(RedfishError):
    """A controller gives no answer that tells anything: it may have done what it was asked."""


class Redfish:
    """A Redfish service; a context, which ends its session.

    Args:
        bmc: which.
        password: of its user.
        seconds: after which everything has ended.
        clock: time.

    Raises:
        StandbyError: the authorities cannot be used.
    """

    def __init__(self, bmc: Bmc, password: str, seconds: float, clock: Clock = time) -> None:
        self._bmc, self._password, self._clock = bmc, password, clock
        self._base = bmc.url.rstrip("/")
        self._end = clock.monotonic() + seconds
        self._trusted = trust(bmc)
        self._session = ""
        self._token = ""

    def __enter__(self) -> Redfish:
        if self._bmc.login is Login.SESSION:
            self._log_in()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            with suppress(StandbyError):  # it ends by itself; that the node is off is what counts
                self._ask("DELETE", self._session)

    def power_state(self) -> str:
        """``PowerState`` as the service says it: On, Off, PoweringOn, PoweringOff, Paused.

        Raises:
            RedfishError: the service does not say it.
        """
        return _power(self._system(), self._bmc)

    def look(self) -> str:
        """What the service says of the system, without any effect: enough to tell it from another one.

        Raises:
            RedfishError: it does not answer as expected.
        """
        system = self._system()
        state, target = _power(system, self._bmc), _target(system, self._bmc)
        named = [f"{name} {system[name]}" for name in ("HostName", "SerialNumber") if system.get(name)]
        told = ", ".join([f"PowerState {state}", *named])
        unlisted = "" if _offered(system) is not None else f"; that it has {FORCE_OFF} it does not say"
        return f"{self._where} answers: {told}; it would be switched off by {target}{unlisted}"

    def force_off(self) -> str:
        """Switch the system off, and read back that it is; what was asked and read, in a sentence.

        Raises:
            RedfishError: it is not sure that it is off.
        """
        system = self._system()
        if _power(system, self._bmc) == OFF:
            self._settle()
            return f"{self._where} said PowerState Off before anything was asked, and {_SETTLED:g} s later"
        refused: RedfishError | None = None
        try:
            self._ask("POST", _target(system, self._bmc), {"ResetType": FORCE_OFF})
        except NoAnswer:  # the link of a controller may go down with its node
            pass
        except RedfishError as error:  # another node may have asked a moment before: what counts is the state
            refused = error
        last = self._await_off(refused)
        told = f"{self._where} was asked for {RESET[1:]} {FORCE_OFF}"
        return f"{told}, and read back as {last} twice, {_SETTLED:g} s apart"

    @property
    def _where(self) -> str:
        return f"{urlsplit(self._base).netloc}{self._bmc.path}"

    def _await_off(self, refused: RedfishError | None) -> str:
        state = ""
        while self._left() > 0:
            try:
                state = self.power_state()
                if state == OFF:
                    self._settle()
                    return state
            except NoAnswer as error:
                state = f"silent ({error.problem})"
            else:
                if refused is not None:
                    raise refused
            self._clock.sleep(min(_LOOK, max(0.0, self._left())))
        raise RedfishError(
            f"{self._where} was asked for {FORCE_OFF}, and is {state or 'not known'} at the end of its time",
            remedy="Look at the controller; give fence_timeout more seconds where it is slow",
        )

    def _settle(self) -> None:
        self._clock.sleep(_SETTLED)
        if (state := self.power_state()) != OFF:
            raise RedfishError(
                f"{self._where} said {OFF}, and {_SETTLED:g} s later {state}",
                remedy="Something switches it on again: look at the power policy of the controller",
            )

    def _system(self) -> Mapping[str, Any]:
        found, _headers = self._ask("GET", self._bmc.path)
        return found

    def _log_in(self) -> None:
        given = {"UserName": self._bmc.user, "Password": self._password}
        _document, headers = self._ask("POST", SESSIONS, given)
        self._token = headers.get("X-Auth-Token") or ""
        if not self._token:
            raise RedfishError(
                f"{self._base} opened a session without X-Auth-Token",
                remedy="Give login: basic, where the controller knows no sessions",
            )
        self._session = urlsplit(headers.get("Location") or "").path

    # One request

    def _ask(
        self, method: str, path: str, given: Mapping[str, Any] | None = None
    ) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """The document and the headers of an answer."""
        left = min(_PATIENCE, self._left())
        if left <= 0:
            raise NoAnswer(f"{self._where}: there is no time left to ask it", remedy=_REMEDY)
        body = None if given is None else json.dumps(given).encode("utf-8")
        request = urllib.request.Request(  # noqa: S310 - http and https alone, see bmc.check
            self._base + path, body, self._headers(), method=method
        )
        with Watch(left) as watch:
            opener = urllib.request.build_opener(
                urllib.request.ProxyHandler({}), NoRedirection(), *watch.handlers(self._trusted)
            )
            try:
                with opener.open(request, timeout=left) as answer:
                    body = answer.read(_LARGEST)
                    if watch.over:  # an answer that was shut down reads as one that has ended
                        raise TimeoutError
                    return self._document(body), answer.headers
            except urllib.error.HTTPError as error:
                error.close()
                raise self._refusal(method, path, error.code) from None
            except (OSError, http.client.HTTPException) as error:
                why = f"no answer within {left:g} s" if watch.over else _reason(error)
                raise NoAnswer(f"{self._base} does not answer: {why}", remedy=_REMEDY) from None

    def _headers(self) -> dict[str, str]:
        common = {"Accept": "application/json", "Content-Type": "application/json", "OData-Version": "4.0"}
        if self._token:
            return {**common, "X-Auth-Token": self._token}
        if self._bmc.login is Login.SESSION:
            return common
        told = base64.b64encode(f"{self._bmc.user}:{self._password}".encode()).decode("ascii")
        return {**common, "Authorization": f"Basic {told}"}

    def _document(self, body: bytes) -> Mapping[str, Any]:
        if not body.strip():
            return {}
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise RedfishError(f"{self._base} answers with what is no JSON object", remedy=_REMEDY)
        return found

    def _refusal(self, method: str, path: str, status: int) -> RedfishError:
        asked = f"{method} {path}"
        if status in (_UNAUTHORIZED, _FORBIDDEN):
            remedy = f"Check user and password: {self._bmc.user!r} must be allowed to reset the system"
            return RedfishError(f"{self._base} refuses its user ({asked}: {status})", remedy=remedy)
        if status == _NOT_FOUND:
            remedy = f"Give system: {self._base}/redfish/v1/Systems lists them"
            return RedfishError(f"{self._base} has no {path} ({status})", remedy=remedy)
        return RedfishError(f"{self._base} answers {asked} with status {status}", remedy=_REMEDY)

    def _left(self) -> float:
        return self._end - self._clock.monotonic()


def _power(system: Mapping[str, Any], bmc: Bmc) -> str:
    state = system.get("PowerState")
    if not isinstance(state, str) or not state:
        raise RedfishError(
            f"{bmc.url}{bmc.path} says no PowerState",
            remedy="Give system: the ComputerSystem of the node. One that does not say it is no fence",
        )
    return state


def _target(system: Mapping[str, Any], bmc: Bmc) -> str:
    """Where the action is asked for: the service names it, on itself (DSP0266, "POST (action)")."""
    allowed = _offered(system)
    if allowed is not None and FORCE_OFF not in allowed:
        raise RedfishError(
            f"{bmc.url}{bmc.path} offers no {FORCE_OFF}, only {', '.join(map(str, allowed)) or 'nothing'}",
            remedy="Use a command or manual as the fence of this node",
        )
    target = _action(system).get("target")
    own = isinstance(target, str) and target.startswith("/") and not target.startswith("//")
    return str(target) if own else f"{bmc.path}/Actions/{RESET[1:]}"


def _action(system: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a system says of its reset; nothing where it does not name the action."""
    known: Any = system.get("Actions")
    action = known.get(RESET) if isinstance(known, dict) else None
    return action if isinstance(action, dict) else {}


def _offered(system: Mapping[str, Any]) -> list[object] | None:
    """The kinds of reset that a system lists; None where it lists none, which it may leave out."""
    allowed = _action(system).get(ALLOWED)
    return allowed if isinstance(allowed, list) else None


def _reason(error: Exception) -> str:
    why = getattr(error, "reason", error)
    return str(getattr(why, "strerror", None) or why or type(error).__name__)
