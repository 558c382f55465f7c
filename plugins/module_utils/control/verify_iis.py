# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Assumptions on IIS that reading alone can try: on appcmd, and on what twins are compared by."""

from __future__ import annotations

from collections.abc import Sequence

from ..node import Node
from ..windows import ftp, iis, smtp
from ..windows import iis_command as command
from ..windows.environment import read_machine
from ..windows.features import read_features
from ..windows.ftp_rules import read_rules
from ..windows.iis_config import UNKNOWN, IisConfiguration, parse_configuration
from ..windows.iis_run import run
from ..windows.service import read_services
from ..windows.twin_reading import TwinRequest, read_twin
from .assumption import Assumption, NotCheckable, Refuted

_NO_SUCH = "standby.iis no such site"
_NAMES_TRIED = 20


def _configuration(node: Node) -> IisConfiguration:
    try:
        return iis.read_configuration(node)
    except iis.IisMissing:
        raise NotCheckable("IIS is not installed") from None


def _nothing_listed(node: Node) -> str:
    _configuration(node)
    answer = run(node, command.list_one(command.Kind.SITE, _NO_SUCH), "sites")
    code = command.exit_code(answer)
    if code not in (0, command.NOTHING_LISTED) or parse_configuration(answer.stdout, "list of nothing").sites:
        raise Refuted(f"exit code {code} with {len(answer.stdout)} bytes")
    return f"exit code {code} with an empty list"


def _states(node: Node) -> str:
    sites = _configuration(node).sites
    for state in ("Started", "Stopped"):
        wanted = sorted(site.name for site in sites if site.state == state)
        answer = run(node, command.list_in_state(state), "sites")
        found = sorted(answer.stdout.decode("utf-8", "replace").splitlines())
        if found != wanted:
            raise Refuted(f"{len(found)} names in state {state}, {len(wanted)} sites by /xml")
    return f"the names by state are those of the {len(sites)} sites"


def _section(node: Node) -> str:
    sites = _configuration(node).sites
    answer = run(node, command.list_section(command.SITES_SECTION), "sites")
    found = parse_configuration(answer.stdout, "the section system.applicationHost/sites").sites
    wanted = [(site.name, site.id, site.bindings) for site in sites]
    if [(site.name, site.id, site.bindings) for site in found] != wanted:
        raise Refuted(
            f"the section shows {len(found)} sites, or other bindings, than the {len(sites)} listed"
        )
    return f"the section shows the {len(sites)} sites with the same bindings"


def _ftp_sites(node: Node) -> IisConfiguration:
    configuration = _configuration(node)
    if not any(site.has_ftp for site in configuration.sites):
        raise NotCheckable("the node has no site with an ftp binding")
    return configuration


def _ftp_states(node: Node) -> str:
    configuration = _ftp_sites(node)
    if "FTPSVC" not in read_services(node, ["FTPSVC"]):
        raise NotCheckable("the service FTPSVC does not exist")
    sites = [site for site in ftp.with_states(node, configuration).sites if site.has_ftp]
    unknown = [
        f'"{site.name}" ({site.ftp_problem or site.ftp_state})' for site in sites if site.ftp_state == UNKNOWN
    ]
    if unknown:
        raise Refuted(f"unknown: {', '.join(unknown)}")
    return ", ".join(f'"{site.name}" is {site.ftp_state}' for site in sites)


def _ftp_rules(node: Node) -> str:
    sites = [site for site in _ftp_sites(node).sites if site.has_ftp][:_NAMES_TRIED]
    return ", ".join(f'"{site.name}" has {len(read_rules(node, site.name))}' for site in sites)


def _smtp_servers(node: Node) -> str:
    if smtp.SERVICE not in read_services(node, [smtp.SERVICE]):
        raise NotCheckable(f"the service {smtp.SERVICE} does not exist")
    servers = smtp.read_servers(node)
    if not servers:
        raise NotCheckable("the node has no SMTP virtual server")
    for one in servers:
        missing = [
            what
            for what, found in (
                ("state", one.state),
                ("bindings", one.bindings),
                ("folders", one.directories),
            )
            if not found
        ]
        if missing:
            raise Refuted(f'"{one.name}" ({one.path}) has no {", ".join(missing)}')
    return ", ".join(f'"{one.name}" is {one.state}' for one in servers)


def _names(node: Node) -> str:
    sites = _configuration(node).sites[:_NAMES_TRIED]
    if not sites:
        raise NotCheckable("the node has no site")
    for site in sites:
        answer = run(node, command.list_one(command.Kind.SITE, site.name), "sites")
        found = parse_configuration(answer.stdout, f'list of site "{site.name}"').sites
        if [one.name for one in found] != [site.name]:
            raise Refuted(f'"{site.name}" selects {", ".join(one.name for one in found) or "nothing"}')
    return f"{len(sites)} sites are selected by their names as they are"


def _many_bindings(node: Node) -> str:
    sites = [site for site in _configuration(node).sites if len(site.bindings) > iis.MANY_BINDINGS]
    if not sites:
        raise NotCheckable(f"the node has no site with more than {iis.MANY_BINDINGS} bindings")
    unknown = [f'"{site.name}"' for site in sites if site.state not in ("Started", "Stopped")]
    if unknown:
        raise Refuted(f"no state could be read of {', '.join(unknown)}")
    return f"{len(sites)} such sites were read with their states"


def _twin(node: Node) -> str:
    sites = _configuration(node).sites
    read = read_twin(node, TwinRequest(read_machine(node).windows_directory))
    known = {site.name.casefold() for site in sites}
    unknown = sorted({site for site, _information in read.bound} - known)
    if not read.schema or not read.host.at("") or unknown:
        raise Refuted(
            f"{len(read.schema)} sections in the schema, {len(read.host.at(''))} in the configuration, "
            f"certificates of sites that are not there: {', '.join(unknown) or 'none'}"
        )
    return (
        f"{len(read.schema)} sections in the schema, {len(read.certificates)} certificates, "
        f"{len(read.bound)} of them bound"
    )


def _features(node: Node) -> str:
    _configuration(node)
    found = read_features(node)
    if "IIS-WebServer" not in found:
        raise Refuted(f"{len(found)} features of IIS and .NET are installed, IIS-WebServer is not among them")
    return f"{len(found)} features of IIS and .NET are installed, IIS-WebServer among them"


IIS: Sequence[Assumption[Node]] = (
    Assumption(
        "iis-nothing-listed",
        "appcmd list ends with exit code 0 or 1 and an empty document where nothing is found",
        "windows/iis_command.py",
        _nothing_listed,
    ),
    Assumption(
        "iis-names-by-state",
        "appcmd list site /state: /text:name prints the site names in UTF-8, one a line",
        "windows/iis.py",
        _states,
    ),
    Assumption(
        "iis-section",
        "appcmd list config /section:system.applicationHost/sites prints every site with its bindings",
        "windows/iis.py",
        _section,
    ),
    Assumption(
        "iis-names-as-arguments",
        "appcmd takes a site name as it is in /site.name:, whatever characters it holds",
        "windows/iis_command.py",
        _names,
    ),
    Assumption(
        "iis-many-bindings",
        "a site with more bindings than appcmd can print is read through its section and by state",
        "windows/iis.py",
        _many_bindings,
    ),
    Assumption(
        "iis-twin-script",
        "read_twin.ps1 tells configuration, schema, certificates and what http.sys presents for each binding",
        "windows/twin_reading.py",
        _twin,
    ),
    Assumption(
        "iis-features",
        "Win32_OptionalFeature answers over WS-Management with the features of IIS that are installed",
        "windows/features.py",
        _features,
    ),
    Assumption(
        "ftp-states",
        "Windows PowerShell reads the state of every FTP site through Microsoft.Web.Administration while "
        "FTPSVC runs",
        "windows/ftp.py",
        _ftp_states,
    ),
    Assumption(
        "ftp-rules",
        "appcmd list config of a site shows the FTP authorization rules that hold for it",
        "windows/ftp_rules.py",
        _ftp_rules,
    ),
    Assumption(
        "smtp-classes",
        "IIsSmtpServer and IIsSmtpServerSetting show state, bindings and folders of every SMTP virtual "
        "server",
        "windows/smtp.py",
        _smtp_servers,
    ),
)
