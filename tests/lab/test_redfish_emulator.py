# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power over Redfish, against a server that is not ours, over TLS and with its password."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.bmc import Bmc
from ansible_collections.standby.iis.plugins.module_utils.agent.fence_providers import fence_of
from ansible_collections.standby.iis.plugins.module_utils.agent.redfish import Redfish
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from lab.certificates import Authority
from tests.support.server_process import need
from tests.support.sushy_emulator import PASSWORD, USER, Emulator, missing

pytestmark = pytest.mark.long
NODES = ("server1", "server2")


@pytest.fixture(scope="module")
def off() -> list[str]:
    """The nodes whose power was taken."""
    return []


@pytest.fixture(scope="module")
def emulator(tmp_path_factory, off) -> Iterator[Emulator]:
    need(missing())
    made = Emulator(tmp_path_factory.mktemp("controllers"), NODES, off.append)
    yield made
    made.end()


@pytest.fixture
def bmc(emulator) -> Bmc:
    ca = str(emulator.authority)
    return Bmc(emulator.url, emulator.system("server1"), USER, "C:\\fence.password", ca_file=ca)


def look(bmc: Bmc, password: str = PASSWORD) -> str:
    with Redfish(bmc, password, 20.0) as service:
        return service.look()


def test_it_is_looked_at_without_effect(emulator, bmc):
    assert "answers: PowerState On" in look(bmc)
    assert emulator.state("server1") == "On"


def test_a_wrong_password_is_told(bmc):
    with pytest.raises(StandbyError, match=r"refuses its user .*: 401"):
        look(bmc, "wrong")


def test_a_system_that_is_none_is_told(bmc):
    with pytest.raises(StandbyError, match=r"has no /redfish/v1/Systems/nobody \(404\)"):
        look(replace(bmc, system="nobody"))


def test_one_that_another_authority_signed_is_not_believed(bmc, tmp_path):
    strange = Authority(tmp_path, "Somebody else").pair.certificate
    with pytest.raises(StandbyError, match=r"does not answer: .*certificate verify failed"):
        look(replace(bmc, ca_file=str(strange)))
    with pytest.raises(StandbyError, match=r"does not answer: .*certificate verify failed"):
        look(replace(bmc, ca_file=None))
    assert "PowerState On" in look(replace(bmc, ca_file=None, verify=False))


def test_its_own_certificate_may_be_for_another_name_where_that_is_said(emulator, bmc, tmp_path):
    named = replace(bmc, url=bmc.url.replace("127.0.0.1", "localhost"), ca_file=str(emulator.certificate))
    with pytest.raises(StandbyError, match=r"does not answer: .*(mismatch|not valid for)"):
        look(named)
    assert "PowerState On" in look(replace(named, verify_name=False))
    strange = Authority(tmp_path, "Somebody else").pair.certificate
    with pytest.raises(StandbyError, match=r"does not answer: .*certificate verify failed"):
        look(replace(named, ca_file=str(strange), verify_name=False))


def test_a_node_is_switched_off_and_that_is_read_back(emulator, bmc, off, tmp_path):
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    told = Settings("server2", "web", bmcs={"server1": bmc}, fence_timeout=60.0)
    here = {"C:\\fence.password": tmp_path / "password", bmc.ca_file: Path(bmc.ca_file)}
    fence = fence_of(told, "server1", here.__getitem__)
    assert "read back as Off twice" in fence.cut()
    assert (off, emulator.state("server1"), emulator.state("server2")) == (["server1"], "Off", "On")
    assert "said PowerState Off before anything was asked" in fence.cut()


def test_one_that_has_no_time_left_is_not_off(emulator, bmc):
    later = replace(bmc, system=emulator.system("server2"))
    with (
        Redfish(later, PASSWORD, 0.9) as service,
        pytest.raises(StandbyError, match="is On at the end of its"),
    ):
        service.force_off()
