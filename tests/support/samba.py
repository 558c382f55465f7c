# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Samba server for the tests of the stores."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.support.server_process import ServerProcess, free_port
from tests.support.smb_disk import PASSWORD, USER, Share

_SETTINGS = """
[global]
    server role = standalone server
    smb ports = {port}
    interfaces = 127.0.0.1
    bind interfaces only = yes
    disable netbios = yes
    disable spoolss = yes
    load printers = no
    server min protocol = SMB3
    passdb backend = tdbsam:{folder}/passdb.tdb
    private dir = {folder}/private
    lock directory = {folder}/lock
    state directory = {folder}/state
    cache directory = {folder}/cache
    pid directory = {folder}/pid
    ncalrpc dir = {folder}/ncalrpc
    log file = {folder}/log
[witness$]
    path = {folder}/share
    read only = no
    csc policy = disable
[readonly$]
    path = {folder}/share
    read only = yes
"""


class Samba:
    """smbd with a configuration of its own, on a loopback address and an unprivileged port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.share = Share(free_port())
        for name in ("private", "lock", "state", "cache", "pid", "ncalrpc", "share"):
            (folder / name).mkdir(parents=True)
        self._settings = folder / "smb.conf"
        self._settings.write_text(_SETTINGS.format(port=self.share.port, folder=folder))
        subprocess.run(
            ["smbpasswd", "-c", self._settings, "-s", "-a", USER],
            input=f"{PASSWORD}\n{PASSWORD}\n",
            text=True,
            check=True,
            capture_output=True,
        )
        self._process: ServerProcess | None = None

    @staticmethod
    def missing() -> str | None:
        """Why there can be none here."""
        if os.geteuid() != 0:
            return "smbd wants to be root"
        return (
            None
            if shutil.which("smbd") and shutil.which("smbpasswd")
            else "Samba is not installed (.ci/servers)"
        )

    def start(self) -> None:
        command = ["smbd", "--foreground", "--no-process-group", "-s", str(self._settings)]
        self._process = ServerProcess(command, self.folder / "smbd.out")
        self._process.wait_for(self.share.port)

    def kill(self) -> None:
        """Power it off, in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
