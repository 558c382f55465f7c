# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lab.iis.content import install
from lab.iis.service import Iis
from tests.support.iis_bench import Bench, FakeHost


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(tmp_path)


@pytest.fixture
def bench(host: FakeHost) -> Callable[..., Bench]:
    """Makes a bench from a configuration; ``await bench.iis.start()`` boots it."""

    def make(data: bytes, **options: object) -> Bench:
        file = install(host, data)
        return Bench(host, Iis(host, file, **options), file)  # type: ignore[arg-type]

    return make
