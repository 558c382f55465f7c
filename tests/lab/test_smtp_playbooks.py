# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP virtual servers protected and moved by the playbooks; clients are swaks and curl."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lab.prober import Prober, Report, Target
from playbooks import Played, play
from tests.support.cluster_lab import SHARED
from tests.support.server_process import need
from tests.support.smtp_lab import MAIL, OCTETS, PORT, SECOND, SmtpLab

pytestmark = pytest.mark.long

TOPOLOGY = Path(__file__).parent / "topologies" / "smtp.yml"
NODES = ["server1", "server2"]


class Cluster(SmtpLab):
    """The lab, its structure, and what an operator and applications do with it."""

    def play(self, name: str, *arguments: str, **variables: Any) -> Played:
        given = json.dumps(self.structure | variables)
        return play(self.lab.state.folder, f"standby.iis.{name}", "-e", given, *arguments)

    @property
    def structure(self) -> dict[str, Any]:
        checks = [{"url": f"smtp://{self.address()}:{PORT}", "starttls": True, "verify": False}]
        return {
            "cluster_volumes": [{"path": "E:\\"}, {"path": "F:\\", "kind": "shared", "disk": SHARED}],
            "cluster_ips": [{"address": f"{self.address(name)}/16", "nodes": NODES} for name in OCTETS],
            "cluster_sites": [
                {"name": MAIL, "type": "smtp", "nodes": NODES, "checks": checks},
                {"name": SECOND, "type": "smtp", "nodes": NODES},
            ],
        }

    def swaks(self, *options: str, name: str = MAIL) -> subprocess.CompletedProcess[str]:
        """Send a mail with swaks, over TLS that it verifies where the server is MAIL."""
        program = _found("swaks")
        speaks_tls = _run(_found("perl"), "-MNet::SSLeay", "-e1").returncode == 0
        need(None if speaks_tls else "swaks cannot speak TLS without libnet-ssleay-perl (see .ci/servers)")
        tls = ["--tls", "--tls-verify", "--tls-ca-path", str(self.lab.state.ca)] if name == MAIL else []
        return _run(
            program,
            *("--server", self.address(name), "--port", str(PORT), "--timeout", "10"),
            *("--from", "shop@example.com", "--to", "somebody@example.com"),
            *tls,
            *options,
        )

    def curl(self, subject: str) -> subprocess.CompletedProcess[str]:
        """Send a mail with curl, over TLS that it verifies."""
        return _run(
            _found("curl"),
            *(
                "--silent",
                "--show-error",
                "--max-time",
                "10",
                "--ssl-reqd",
                "--cacert",
                str(self.lab.state.ca),
            ),
            *("--mail-from", "shop@example.com", "--mail-rcpt", "somebody@example.com"),
            *("--upload-file", "-", f"smtp://{self.address()}:{PORT}"),
            given=f"Subject: {subject}\r\n\r\nText\r\n",
        )


def _found(program: str) -> str:
    path = shutil.which(program)
    need(None if path else f"{program} is not installed (.ci/servers installs it)")
    return str(path)


def _run(*command: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def cluster(make_shared_lab) -> Cluster:
    made = Cluster(make_shared_lab(TOPOLOGY))
    checked = made.play("configure", "--check", "--diff")
    assert checked.code == 0, checked.text
    played = made.play("configure", cluster_in_service=True)
    assert played.code == 0, played.text
    return made


def test_a_second_run_changes_nothing_and_the_status_shows_both(cluster):
    again = cluster.play("configure", cluster_in_service=True)
    assert (again.code, again.changed) == (0, 0), again.text
    told = cluster.play("status").text
    assert MAIL in told
    assert SECOND in told


def test_swaks_and_curl_hand_in_mail_that_a_switchover_takes_along(cluster):
    probe = cluster.swaks("--quit-after", "RCPT")
    assert probe.returncode == 0, probe.stdout
    assert "TLS started" in probe.stdout
    assert cluster.shared_queue == []
    for sent in (cluster.swaks("--header", "Subject: by swaks"), cluster.curl("by curl")):
        assert sent.returncode == 0, sent.stdout + sent.stderr
    assert len(cluster.shared_queue) == 2

    moved, report = watched(cluster, "switchover", hierarchy=MAIL, to="server2")
    assert (moved.code, moved.changed) == (0, 1), moved.text
    mail, second = report.targets
    assert len([gap for gap in mail.gaps if set(gap.failed) != {"timeout"}]) == 1
    failed = Counter(outcome for gap in second.gaps for outcome in Counter(gap.failed).elements())
    assert set(failed) <= {"timeout"}
    assert failed["timeout"] <= 2  # what a busy machine forgets
    assert set(mail.answers) == {"SERVER1", "SERVER2"}
    assert not mail.overlaps

    assert cluster.curl("after it").returncode == 0
    with cluster.hop() as hop:
        cluster.until(lambda: not cluster.shared_queue)
    assert sorted(hop.subjects) == ["after it", "by curl", "by swaks"]
    assert cluster.swaks(name=SECOND).returncode == 0

    back = cluster.play("switchback", hierarchy=MAIL)
    assert (back.code, back.changed) == (0, 1), back.text
    assert (cluster.states(MAIL), cluster.states(SECOND)) == (["Started", "Stopped"], ["Started", "Stopped"])
    assert cluster.swaks("--quit-after", "RCPT").returncode == 0


def watched(cluster: Cluster, playbook: str, **variables: Any) -> tuple[Played, Report]:
    """A playbook, and what clients of both virtual servers saw meanwhile."""
    prober = Prober([Target(name, f"smtp://{cluster.address(name)}:{PORT}") for name in (MAIL, SECOND)])
    prober.start()
    played = cluster.play(playbook, **variables)
    return played, prober.stop()


def test_a_web_site_of_that_name_is_not_there(cluster):
    refused = cluster.play("configure", cluster_sites=[{"name": MAIL, "type": "web", "nodes": NODES}])
    assert refused.code != 0
    assert "is of type smtp by its bindings, not web" in refused.text
