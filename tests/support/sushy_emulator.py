# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Management controllers for tests: the Redfish emulator of sushy-tools, a server that is not ours.

Its fake driver has systems that are nothing but a power state, which changes 1 to 11 s after it was asked.
Before it shows a change it tells a URL of it: that is where the tests take the power of a lab node.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import urllib.request
import uuid
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from lab.certificates import Authority, Pair
from tests.support.server_process import ServerProcess, free_port

USER, PASSWORD = "fence", "S3cret-of-the-controller"
_ADDRESS = "127.0.0.1"
_JSON = {"Content-Type": "application/json"}


def program() -> str | None:
    """Path of the emulator; None where it is not installed."""
    beside = Path(sys.executable).with_name("sushy-emulator")
    named = os.environ.get("STANDBY_SUSHY_EMULATOR")
    return named or (str(beside) if beside.exists() else shutil.which("sushy-emulator"))


def missing() -> str | None:
    """Why it cannot be had, None where it can."""
    return None if program() else "sushy-tools is not installed: pip install -r requirements-dev.txt"


class Emulator:
    """A running emulator with a system for each node, all on; TLS and a password.

    Args:
        folder: where its files lie.
        nodes: names of its systems.
        cut: takes the power of a node, by its name; called before the emulator shows that it is off.

    Attributes:
        url: of the service.
        authority: PEM file of what signs it.
        certificate: PEM file of its own; it is for the address of the URL.
    """

    def __init__(self, folder: Path, nodes: Sequence[str], cut: Callable[[str], None]) -> None:
        found = program()
        assert found is not None
        self._ids = {name: str(uuid.uuid5(uuid.NAMESPACE_DNS, name)) for name in nodes}
        self._told = _Told(cut)
        port = free_port()
        authority = Authority(folder, "Controllers")
        pair = Pair.at(folder, "controller")
        authority.issue_server(pair, "controller", [_ADDRESS])
        self.url, self.authority = f"https://{_ADDRESS}:{port}", authority.pair.certificate
        self.certificate = pair.certificate
        users = folder / "users"
        users.write_text(f"{USER}:{_digest(found)}\n")
        systems = [
            {
                "uuid": self._ids[name],
                "name": name,
                "power_state": "On",
                "external_notifier": True,
                "nics": [],
            }
            for name in nodes
        ]
        config = folder / "emulator.conf"
        config.write_text(
            f"SUSHY_EMULATOR_FAKE_DRIVER = True\nSUSHY_EMULATOR_FAKE_SYSTEMS = {systems!r}\n"
            f"SUSHY_EMULATOR_STATE_DIR = {str(folder)!r}\nSUSHY_EMULATOR_AUTH_FILE = {str(users)!r}\n"
            f"EXTERNAL_NOTIFICATION_URL = {self._told.url!r}\n"
        )
        keys = ["--ssl-certificate", str(pair.certificate), "--ssl-key", str(pair.key)]
        place = ["-i", _ADDRESS, "-p", str(port)]
        command = [found, "--config", str(config), "--fake", *place, *keys]
        self._process = ServerProcess(command, folder / "emulator.log")
        self._process.wait_for(port)
        self._trusted = ssl.create_default_context(cafile=str(self.authority))

    def system(self, node: str) -> str:
        """The identifier of a node's system."""
        return self._ids[node]

    def state(self, node: str) -> str:
        """Its power state."""
        return str(self._ask(node)["PowerState"])

    def switch_on(self, node: str) -> None:
        """Have it on, some seconds later."""
        self._ask(node, {"ResetType": "On"})

    def pause(self) -> None:
        """Let it answer nobody."""
        self._process.pause()

    def resume(self) -> None:
        """Let it go on."""
        self._process.signal(signal.SIGCONT)

    def end(self) -> None:
        """Stop it."""
        self._process.kill()
        self._told.end()

    def _ask(self, node: str, given: object = None) -> dict[str, object]:
        path = f"{self.url}/redfish/v1/Systems/{self._ids[node]}"
        request = urllib.request.Request(path, headers=_JSON)  # noqa: S310 - https, see above
        if given is not None:
            request.full_url += "/Actions/ComputerSystem.Reset"
            request.data = json.dumps(given).encode()
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        with urllib.request.urlopen(request, context=self._trusted, timeout=20) as answer:  # noqa: S310
            return dict(json.loads(answer.read() or b"{}"))


class _Told:
    """Takes what the emulator tells of its systems."""

    def __init__(self, cut: Callable[[str], None]) -> None:
        class Take(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                system = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if system["power_state"] == "Off":
                    cut(system["name"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_said: object) -> None:
                pass

        self._server = ThreadingHTTPServer((_ADDRESS, 0), Take)
        self.url = f"http://{_ADDRESS}:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _digest(emulator: str) -> str:
    """The password as the emulator knows it: bcrypt, which its own interpreter has."""
    with Path(emulator).open(encoding="utf-8") as script:
        python = script.readline().removeprefix("#!").strip()
    code = "import bcrypt, sys; print(bcrypt.hashpw(sys.argv[1].encode(), bcrypt.gensalt(4)).decode())"
    made = subprocess.run([python, "-c", code, PASSWORD], capture_output=True, text=True, check=True)
    return made.stdout.strip()
