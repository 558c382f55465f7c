# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs for tests: on addresses of their own, ended surely, and looked over for corruption at the end."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.runner import Lab

FAST = Path(__file__).parent / "topologies" / "fast.yml"

# Second octets of the networks that test labs may take; 127.77 is the user's own.
_OCTETS = range(80, 128)


class LabUnderTest(Lab):
    """A lab whose processes end with the test run, however that ends.

    Attributes:
        network: what stands for 127.77 in it, such as ``127.80``.
        expected: a test that provokes corruption or an address held twice sets this to True.
    """

    def __init__(self, folder: Path, network: str) -> None:
        super().__init__(folder, bound=True)
        self.network = network
        self.expected = False

    def address(self, host: str) -> str:
        """An address of the lab by its last two octets: ``0.11`` for server1, ``1.193`` for a site."""
        return f"{self.network}.{host}"


LabFactory = Callable[..., LabUnderTest]


class Networks:
    """Networks that no other test run or worker on this machine uses."""

    def __init__(self) -> None:
        self._held: dict[str, int] = {}

    def take(self) -> str:
        """One that is free, such as ``127.80``, locked until it is given back or the process ends."""
        for octet in _OCTETS:
            path = Path(tempfile.gettempdir()) / f"standby-lab-network-{os.getuid()}-{octet}.lock"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            self._held[f"127.{octet}"] = descriptor
            return f"127.{octet}"
        pytest.fail("every network for test labs is in use: end other test runs")

    def give_back(self, network: str) -> None:
        """Let others have it."""
        os.close(self._held.pop(network))


@pytest.fixture(scope="session")
def lab_networks() -> Networks:
    """Networks for labs; what is not given back is let go when the process ends."""
    return Networks()


def _factory(networks: Networks, folders: pytest.TempPathFactory) -> Iterator[LabFactory]:
    made: list[LabUnderTest] = []

    def make(topology: Path = FAST) -> LabUnderTest:
        lab = LabUnderTest(folders.mktemp("lab") / "state", networks.take())
        made.append(lab)
        lab.up(topology, lab.network)
        return lab

    yield make
    problems = [problem for lab in made if lab.state.settings.exists() for problem in _end(lab)]
    for lab in made:
        networks.give_back(lab.network)
    assert not problems, problems


def _end(lab: LabUnderTest) -> list[str]:
    problems = lab.down()
    return [] if lab.expected else problems


@pytest.fixture
def make_lab(lab_networks: Networks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabFactory]:
    """Start a lab of the test's own: ``make_lab()`` or ``make_lab(topology_file)``."""
    yield from _factory(lab_networks, tmp_path_factory)


@pytest.fixture(scope="module")
def make_shared_lab(lab_networks: Networks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabFactory]:
    """Start a lab for the tests of a module, as ``make_lab`` does for one test."""
    yield from _factory(lab_networks, tmp_path_factory)


@pytest.fixture(scope="module")
def lab(make_shared_lab: LabFactory) -> LabUnderTest:
    """One lab of two nodes for the tests of a module; tests leave it as they found it."""
    return make_shared_lab()
