# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FTP sites of two lab nodes, protected and moved by the playbooks; clients are curl, lftp and ftplib."""

from __future__ import annotations

import ftplib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.assumption import Verdict, try_all
from ansible_collections.standby.iis.plugins.module_utils.control.fleet import Fleet
from ansible_collections.standby.iis.plugins.module_utils.control.info import sites_of
from ansible_collections.standby.iis.plugins.module_utils.control.verify_iis import IIS
from ansible_collections.standby.iis.plugins.module_utils.windows.address import remove_address
from ansible_collections.standby.iis.plugins.module_utils.windows.iis import read_configuration
from ansible_collections.standby.iis.plugins.module_utils.windows.service import start_service, stop_service
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from lab.prober import Prober, Report, Target
from playbooks import Played, play

pytestmark = pytest.mark.long

if TYPE_CHECKING:
    from tests.lab.conftest import LabUnderTest

pytest.importorskip("pyftpdlib", reason="pyftpdlib is not installed (requirements-dev.txt)")
TOPOLOGY = Path(__file__).parent / "topologies" / "ftp.yml"
NODES = ["server1", "server2"]
FILES, BOTH, UPLOADS = "FTP & Co", "Both", "Uploads"
SHARED = "600224806B1D4F1E9A0C2D3E4F506172"


class Cluster:
    """The lab, its structure, and what an operator does with it."""

    def __init__(self, lab: LabUnderTest) -> None:
        self.lab = lab
        last = {201: "WebSite1", 202: FILES, 203: BOTH, 204: UPLOADS}
        self.structure = {
            "cluster_volumes": [{"path": "E:\\"}, {"path": "F:\\", "kind": "shared", "disk": SHARED}],
            "cluster_ips": [{"address": f"{self.address(one)}/16", "nodes": NODES} for one in last],
            "cluster_sites": [{"name": name, "nodes": NODES} for name in last.values()],
        }

    def address(self, last: int) -> str:
        return self.lab.address(f"1.{last}")

    def play(self, name: str, *arguments: str, **variables: Any) -> Played:
        given = json.dumps(self.structure | variables)
        return play(self.lab.state.folder, f"standby.iis.{name}", "-e", given, *arguments)

    def states(self, site: str) -> list[str]:
        return [self.lab.status(node)["sites"].get(site, "absent") for node in NODES]

    def connection(self, node: str) -> Connection:
        return Connection(
            node,
            self.lab.topology.node(node).address,
            username="Administrator",
            password=self.lab.password,
            ca_cert=str(self.lab.state.ca),
        )

    def sites(self, node: str) -> list[dict[str, Any]]:
        with Fleet([self.connection(node)]) as fleet:
            return sites_of(fleet)

    def service(self, name: str, verb: str) -> None:
        node = connect(self.connection(name))
        {"start": start_service, "stop": stop_service}[verb](node, "FTPSVC", time)
        node.close()

    @contextmanager
    def watching(self, last: int) -> Iterator[list[Report]]:
        """Clients are greeted by a site, and ask the web site beside it."""
        seen: list[Report] = []
        ftp, web = f"ftp://{self.address(last)}:2121/", f"http://{self.address(201)}:8080/"
        prober = Prober([Target("ftp", ftp), Target("web", web)])
        prober.start()
        time.sleep(0.3)
        yield seen
        time.sleep(0.3)
        seen.append(prober.stop())

    @contextmanager
    def ftp(self, last: int, user: str = "anonymous", password: str = "") -> Iterator[ftplib.FTP]:
        with ftplib.FTP() as client:  # noqa: S321 - FTP is what is tested
            client.connect(self.address(last), 2121, timeout=5)
            client.login(user, password)
            yield client

    def names(self, last: int, **login: str) -> list[str]:
        with self.ftp(last, **login) as client:
            return client.nlst()


@pytest.fixture(scope="module")
def cluster(make_shared_lab) -> Cluster:
    return Cluster(make_shared_lab(TOPOLOGY))


@pytest.fixture(scope="module")
def configured(cluster) -> Cluster:
    checked = cluster.play("configure", "--check", "--diff")
    assert checked.code == 0, checked.text
    played = cluster.play("configure")
    assert played.code == 0, played.text
    return cluster


def need(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed (.ci/servers installs it)")
    return found


def fetched(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, (argv, done.stderr)
    return done.stdout


def test_protecting_leaves_ftp_sites_running_and_starts_none_by_windows(configured):
    assert configured.states(FILES) == ["Started", "Stopped"]
    assert configured.states(BOTH) == ["Started, ftp Started", "Stopped, ftp Stopped"]
    assert configured.states(UPLOADS) == ["Started", "Stopped"]
    again = configured.play("configure")
    assert (again.code, again.changed) == (0, 0), again.text


def test_what_depends_on_what_was_read_from_ftp_bindings_and_settings(configured):
    shown = {one["name"]: one for one in configured.sites("server1")}
    files, both, uploads = shown[FILES], shown[BOTH], shown[UPLOADS]
    assert (files["type"], files["services"], files["volumes"]) == ("ftp", ["ftp"], ["E:\\"])
    assert (both["type"], both["services"]) == ("web", ["web", "ftp"])
    assert (uploads["volumes"], uploads["ftp"]["isolation"]) == (["F:\\"], "IsolateRootDirectoryOnly")
    assert files["ftp"]["control_policy"] == "SslAllow"
    assert files["ftp"]["passive_ports"] == "52000-52020"
    assert files["certificates"][0]["chosen_by"] == "site"
    assert all(one["ftp"]["state"] == "Started" for one in (files, both, uploads))


def test_an_ftp_site_moves_alone_and_back_while_curl_fetches_and_others_do_not_feel_it(configured):
    curl = need("curl")
    url = f"ftp://{configured.address(202)}:2121/index.html"
    assert "<h1>FTP &amp; Co/" in fetched(curl, "-sS", url)
    with configured.watching(202) as seen:
        checked = configured.play("switchover", "--check", hierarchy=FILES, to="server2")
        assert checked.code == 0, checked.text
        moved = configured.play("switchover", hierarchy=FILES, to="server2")
    assert moved.code == 0, moved.text
    assert 'stop site "FTP & Co" on server1' in moved.text
    assert configured.states(FILES) == ["Stopped", "Started"]
    assert configured.states("WebSite1") == ["Started", "Stopped"]
    files, web = seen[0].targets
    assert set(files.answers) == {"SERVER1", "SERVER2"}
    assert (len(files.gaps), files.overlaps) == (1, ())
    assert not web.gaps
    assert "<h1>FTP &amp; Co/" in fetched(curl, "-sS", url)
    back = configured.play("switchback", hierarchy=FILES)
    assert back.code == 0, back.text
    assert configured.states(FILES) == ["Started", "Stopped"]


def test_after_a_move_users_may_do_on_the_twin_what_they_may_on_the_original(configured):
    before = configured.names(202)
    assert "index.html" in before
    moved = configured.play("switchover", hierarchy=FILES, to="server2")
    assert moved.code == 0, moved.text
    assert configured.names(202) == before
    with configured.ftp(202) as client, pytest.raises(ftplib.error_perm):
        client.mkd("new")
    assert configured.names(202, user="Administrator", password=configured.lab.password) == before
    assert configured.play("switchback", hierarchy=FILES).code == 0


def test_a_site_with_both_moves_as_one_with_each_of_its_services(configured):
    moved = configured.play("switchover", hierarchy=BOTH, to="server2")
    assert moved.code == 0, moved.text
    for step in ("stop the ftp service", "start the web service", "start the ftp service"):
        assert f'{step} of site "Both"' in moved.text
    assert configured.states(BOTH) == ["Stopped, ftp Stopped", "Started, ftp Started"]
    assert configured.names(203)
    assert configured.play("switchback", hierarchy=BOTH).code == 0


def test_what_was_uploaded_to_a_shared_disk_is_there_after_the_move(configured, tmp_path):
    lftp = need("lftp")
    homes = configured.lab.state.folder
    login = f"Administrator,{configured.lab.password}"
    (tmp_path / "order.txt").write_text("four")
    where = (lftp, "-u", login, "-e")
    make_home(configured, homes)
    port = f"ftp://{configured.address(204)}:2121"
    fetched(*where, f"set ftp:ssl-allow no; put {tmp_path}/order.txt; bye", port)
    moved = configured.play("switchover", hierarchy=UPLOADS, to="server2")
    assert moved.code == 0, moved.text
    assert fetched(*where, "set ftp:ssl-allow no; cat order.txt; bye", port) == "four"
    assert configured.play("switchback", hierarchy=UPLOADS).code == 0


def make_home(cluster: Cluster, _folder: Path) -> None:
    """The home directory of the user, in the isolation mode of the site."""
    root = next(cluster.lab.state.folder.rglob("uploads"))
    (root / "LocalUser" / "Administrator").mkdir(parents=True)


def test_tls_and_a_listing_are_what_curl_gets_with_the_labs_authority(configured):
    curl = need("curl")
    url = f"ftp://{configured.address(202)}:2121/"
    listed = fetched(curl, "-sS", "--ssl-reqd", "--cacert", str(configured.lab.state.ca), "--list-only", url)
    assert "index.html" in listed.split()


def test_a_deep_check_with_tls_login_and_listing_is_part_of_the_move(configured):
    check = {
        "url": f"ftp://{configured.address(202)}:2121/",
        "starttls": True,
        "verify": False,
        "login": "anonymous",
        "listing": True,
    }
    sites = [{"name": FILES, "nodes": NODES, "checks": [check]}]
    told = configured.play("configure", cluster_sites=sites)
    assert told.code == 0, told.text
    moved = configured.play("switchover", hierarchy=FILES, to="server2")
    assert moved.code == 0, moved.text
    assert f'verify site "FTP & Co" on server2 at ftp://{configured.address(202)}:2121/' in moved.text
    configured.lab.fault("server1", "site_hang", site=FILES)
    failed = configured.play("switchback", hierarchy=FILES)
    configured.lab.clear("server1", "site_hang")
    assert failed.code != 0
    assert "did not answer within 5 s" in failed.text
    assert configured.states(FILES) == ["Stopped", "Started"]
    assert configured.play("switchback", hierarchy=FILES).code == 0


def test_a_site_that_does_not_start_is_told_and_brought_back(configured):
    configured.lab.fault("server2", "start_failure", site=FILES)
    failed = configured.play("switchover", hierarchy=FILES, to="server2")
    configured.lab.clear("server2", "start_failure")
    assert failed.code != 0
    assert 'server2, site "FTP & Co": its FTP service did not start' in failed.text
    assert configured.states(FILES) == ["Started", "Stopped"]


def test_an_address_that_was_taken_away_is_brought_back_and_the_site_hears_it(configured):
    node = connect(configured.connection("server1"))
    remove_address(node, configured.address(202))
    node.close()
    with pytest.raises(OSError, match="refused"):
        configured.names(202)
    brought = configured.play("configure")
    assert brought.code == 0, brought.text
    assert configured.states(FILES) == ["Started", "Stopped"]
    assert configured.names(202)


def test_a_node_without_ftp_service_is_refused_before_anything_is_touched(configured):
    configured.service("server2", "stop")
    refused = configured.play("switchover", hierarchy=FILES, to="server2")
    configured.service("server2", "start")
    assert refused.code != 0
    assert "the service FTPSVC is stopped" in refused.text
    assert "W3SVC" not in refused.text
    assert configured.states(FILES) == ["Started", "Stopped"]


def test_what_is_assumed_of_ftp_holds_here(configured):
    node = connect(configured.connection("server1"))
    found = {one.id: one for one in try_all(IIS, node) if one.id.startswith("ftp-")}
    node.close()
    assert {name: one.verdict for name, one in found.items()} == {
        "ftp-states": Verdict.HOLDS,
        "ftp-rules": Verdict.HOLDS,
    }
    assert '"FTP & Co" is Started' in found["ftp-states"].seen


def test_a_site_that_is_no_longer_protected_serves_on_and_starts_by_itself_again(configured):
    removed = configured.play("remove")
    assert removed.code == 0, removed.text
    assert configured.states(FILES) == ["Started", "Stopped"]
    for node, automatic in (("server1", True), ("server2", False)):
        session = connect(configured.connection(node))
        site = read_configuration(session).site(FILES)
        session.close()
        assert site is not None
        assert site.ftp is not None
        assert site.ftp.auto_start is automatic
    assert configured.play("remove").changed == 0
