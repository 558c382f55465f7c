# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both ends of a mirror that agents copy, in one process: folders, a registry each, robocopy of the lab."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from ansible_collections.standby.iis.plugins.module_utils.agent.copies import (
    CopiedVolume,
    NotReached,
    Ownership,
    Told,
    told_in,
)
from ansible_collections.standby.iis.plugins.module_utils.errors import MethodError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import (
    Mirror,
    MirrorEnd,
    MirrorMode,
    Takeover,
    Volume,
    VolumeKind,
)
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Instance, Node
from ansible_collections.standby.iis.plugins.module_utils.windows.copied import (
    Copied,
    read_end,
    read_progress,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import End, Making, Side
from lab.shell.program import Streams
from lab.shell.robocopy import Robocopy

NODES = ("server1", "server2")
RPO = 60
ENDS = tuple(MirrorEnd(name, name.upper(), f"standby-R-{name}", "") for name in NODES)
VOLUME = Volume(
    "R:\\",
    VolumeKind.MIRROR,
    NODES,
    mirror=Mirror(ENDS, MirrorMode.ASYNC, RPO, Takeover.WITHIN_RPO, "robocopy"),
)


class Registry:
    """StdRegProv, shares that can be made, and a clock."""

    def __init__(self, world: Ends) -> None:
        self._world, self.values, self.shares = world, {}, {}

    def enumerate(self, target, **_more):
        if target.name == "Win32_OperatingSystem":
            return [Instance(target.name, {"LocalDateTime": datetime.fromtimestamp(self._world.now, UTC)})]
        return []

    def invoke(self, target, method, arguments=None, **_more):
        given = arguments or {}
        if method == "CreateShare":
            self.shares[given["Name"]] = given
            return Instance("Output", {})
        key = (given["sSubKeyName"], given.get("sValueName"))
        if method == "SetStringValue":
            self.values[key] = given["sValue"]
        elif key not in self.values:
            raise MethodError("no such value", code=1)
        elif method == "DeleteValue":
            del self.values[key]
        return Instance("Output", {"sValue": self.values.get(key)})


class Shell:
    """robocopy of the lab, over the folders of both nodes."""

    def __init__(self, world: Ends, name: str) -> None:
        self._world, self._name, self.runs = world, name, 0

    def run(self, argv, stdin=b"", *, on_output=None):
        self.runs += 1
        out: list[bytes] = []

        async def nothing():
            return b""

        self._world.before_copy(self._name)
        program = Robocopy(self, self._world.reach)
        code = asyncio.run(program(argv, Streams(nothing, out.append, out.append), {}))
        self._world.after_copy(self._name)
        return Completed(code, b"".join(out), b"")

    def local_path(self, path):
        return self._world.folder(self._name) / path[3:].replace("\\", "/")

    def record(self, event, **details):
        assert event != "unknown-request", details

    def fault(self, _name):
        return None


@dataclass
class Ends:
    """The mirror.

    Attributes:
        now: time of both clocks.
        cut: neither node reaches the other.
        ownership: what each agent knows.
        before_copy, after_copy: called around each run of robocopy, with the node that ran it.
        after_answer: called with the node that has asked the other one.
    """

    root: Path
    monkeypatch: object
    now: float = 1_000_000.0
    cut: bool = False
    ownership: dict[str, Ownership] = field(default_factory=dict)
    before_copy: object = lambda _name: None
    after_copy: object = lambda _name: None
    after_answer: object = lambda _name: None

    def __post_init__(self) -> None:
        self.nodes, self.volumes = {}, {}
        self.ownership = {"server1": Ownership(True, True, False, 3), "server2": Ownership(down=True)}
        ends = {name: End(name.upper(), f"standby-R-{name}", "R:\\", "") for name in NODES}
        for name in NODES:
            self.folder(name).mkdir(parents=True)
            self.nodes[name] = Node(name, Registry(self), Shell(self, name))
            Copied().create_end(self.nodes[name], ends[name], Making(readers=("LAB\\SERVER1$",)))
            self.start(name)
        Copied().accept(self.nodes["server2"], ends["server2"], ends["server1"], RPO)
        Copied().pair(
            self.nodes["server1"],
            ends["server1"],
            ends["server2"],
            synchronous=False,
            rpo=RPO,
            seeded=False,
        )

    def start(self, name: str) -> None:
        """The agent of a node begins, perhaps anew."""
        self.monkeypatch.setenv("STANDBY_ROOT", str(self.root / name))
        other = next(one for one in NODES if one != name)

        def ask(told: Told, fresh: bool) -> Told:
            if self.cut:
                raise NotReached("the agent does not answer")
            answer = told_in(self.volumes[other].answer(told_in(told.document()), fresh).document())
            self.after_answer(name)
            return answer

        self.volumes[name] = CopiedVolume(
            self.nodes[name], VOLUME, ask, lambda: self.ownership[name], lambda: self.now, self.sleep
        )

    def sleep(self, seconds: float) -> None:
        """Time passes on both nodes."""
        self.now += seconds

    def folder(self, name: str) -> Path:
        """The volume of a node."""
        return self.root / name / "R"

    def reach(self, path: str) -> Path:
        """A share of a node."""
        if self.cut:
            raise OSError(errno.EHOSTUNREACH, "The network path was not found.")
        return self.folder(path.split("\\")[2].lower())

    def put(self, name: str, path: str, text: str) -> None:
        """Write a file."""
        file = self.folder(name) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def content(self, name: str) -> dict[str, str]:
        """What a volume holds."""
        root = self.folder(name)
        files = (path for path in root.rglob("*") if path.is_file())
        found = {path.relative_to(root).as_posix(): path.read_text() for path in files}
        return {path: text for path, text in found.items() if not path.startswith("standby.iis/")}

    def end(self, name: str):
        """As it is kept."""
        return read_end(self.nodes[name], f"standby-R-{name}")

    def progress(self, name: str):
        """As it is kept."""
        return read_progress(self.nodes[name], f"standby-R-{name}")

    def side(self, name: str) -> Side:
        """As it is shown."""
        (side,) = Copied().sides(self.nodes[name])
        return side

    def owned_by(self, name: str, epoch: int) -> None:
        """The witness names a node, which is about to serve."""
        for one in NODES:
            mine = one == name
            self.ownership[one] = replace(
                self.ownership[one], owns=mine, serves=mine, down=not mine, epoch=epoch
            )
