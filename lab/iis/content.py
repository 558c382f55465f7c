# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of an installed IIS: its configuration, and a start page for every virtual directory."""

from __future__ import annotations

from codecs import BOM_UTF8
from html import escape
from pathlib import Path

from lab.iis.document import parse
from lab.iis.files import expand
from lab.iis.model import Configuration, read
from lab.machine.host import Host

CONFIG_FOLDER = "C:\\Windows\\System32\\inetsrv\\config"
APPLICATION_HOST = f"{CONFIG_FOLDER}\\applicationHost.config"
TWO_NODES_CONFIG = Path(__file__).with_name("two_nodes.applicationHost.config")
DEFAULT_CONFIG = Path(__file__).with_name("default.applicationHost.config")
SCHEMA = Path(__file__).with_name("IIS_schema.xml")
# What Windows installs: no redirection (IISD configuration/configurationRedirection).
_REDIRECTION = (
    '<?xml version="1.0" encoding="UTF-8"?>\r\n<configuration>\r\n    <configSections>\r\n'
    '        <section name="configurationRedirection" />\r\n    </configSections>\r\n'
    "    <configurationRedirection />\r\n</configuration>\r\n"
)


def as_windows_writes(config: bytes) -> bytes:
    """A configuration with the byte order mark and the line ends that IIS writes."""
    text = config.removeprefix(BOM_UTF8).replace(b"\r\n", b"\n")
    return BOM_UTF8 + text.replace(b"\n", b"\r\n")


def install(host: Host, config: bytes | None = None) -> Path:
    """Write what an installed IIS has on its system drive, where it is not there yet.

    Args:
        host: the machine.
        config: the applicationHost.config to begin with; None is one without sites.

    Returns:
        The applicationHost.config, as ``Iis`` takes it.
    """
    file = host.local_path(APPLICATION_HOST)
    redirection = host.local_path(f"{CONFIG_FOLDER}\\redirection.config")
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.write_bytes(as_windows_writes(DEFAULT_CONFIG.read_bytes() if config is None else config))
    if not redirection.exists():
        redirection.write_text(_REDIRECTION, newline="")
    schema = file.parent / "schema" / SCHEMA.name
    schema.parent.mkdir(exist_ok=True)
    schema.write_bytes(SCHEMA.read_bytes())
    return file


def write_content(host: Host) -> list[Path]:
    """Create a start page in the folder of every virtual directory whose volume is online on this node.

    Pages that are there already stay. A page names the site and the path, never the node: content lies on
    volumes that move.

    Args:
        host: the machine; its applicationHost.config says which folders.

    Returns:
        The pages written.

    Raises:
        FileNotFoundError: there is no applicationHost.config.
        ValueError: it is malformed.
    """
    configuration = read(parse(host.local_path(APPLICATION_HOST).read_bytes()))
    written = []
    for title, folder in _folders(configuration, host):
        try:
            page = host.local_path(f"{folder}\\index.html")
        except FileNotFoundError:
            continue
        if not page.exists():
            page.parent.mkdir(parents=True, exist_ok=True)
            text = f"<!DOCTYPE html>\n<title>{escape(title)}</title>\n<h1>{escape(title)}</h1>\n"
            page.write_text(text, encoding="utf-8")
            written.append(page)
    return written


def _folders(configuration: Configuration, host: Host) -> list[tuple[str, str]]:
    """Title and absolute folder of every virtual directory; UNC paths are left out."""
    found = []
    for site in configuration.sites:
        for application in site.applications:
            for directory in application.directories:
                title = site.name + application.path.rstrip("/") + directory.path
                folder = expand(directory.physical_path, host.environment()).rstrip("\\")
                if folder[1:2] == ":":
                    found.append((title, folder))
    return found
