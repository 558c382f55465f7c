# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The documents that create a twin: an export of the original, with what differs per node made explicit.

An export holds what is set on the object itself; what it inherits would come from the other node's defaults.
Passwords pass through these documents untouched and are quoted in no message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from xml.etree.ElementTree import Element, SubElement, tostring  # building only: parsing is in wsman/xml.py

from ..errors import BadDocument, StandbyError
from ..windows.ftp_config import complete
from ..windows.iis_config import Application, IisSite, Pool
from ..wsman.xml import parse
from .on_node import information
from .twin import NOWHERE

_TYPES = frozenset(
    {"LocalSystem", "LocalService", "NetworkService", "SpecificUser", "ApplicationPoolIdentity"}
)


def site_document(
    export: bytes,
    original: IisSite,
    site_id: int,
    settings: Iterable[str] = (),
    moved: Mapping[str, str] = NOWHERE,
) -> bytes:
    """The twin of a site, stopped: what ``import_site`` takes.

    Args:
        export: of the original.
        original: the site with what it inherits.
        site_id: its number on the backup.
        settings: paths within the site, such as ``limits/maxConnections``, to be written out.
        moved: addresses that its bindings have -> those that they are to have.

    Raises:
        BadDocument: not the export of that site.
        StandbyError: a virtual directory inherits a password, which an export does not hold.
    """
    root, wrapper = _opened(export, "SITE", f'export of site "{original.name}"')
    site = _inner(wrapper, "site", original.name)
    wrapper.set("SITE.ID", str(site_id))
    site.set("id", str(site_id))
    site.set("serverAutoStart", "false")
    if original.ftp is not None:
        complete(site, replace(original.ftp, auto_start=False))
    for binding in site.findall("bindings/binding"):
        binding.set("bindingInformation", information(binding.get("bindingInformation", ""), moved))
    known = {application.path: application for application in original.applications}
    for element in site.findall("application"):
        _complete_application(element, known[element.get("path", "")], original.name)
    _write_out(site, original.element, settings)
    return _written(root)


def pool_document(export: bytes, original: Pool, settings: Iterable[str] = ()) -> bytes:
    """The twin of a pool: what ``import_pool`` takes.

    Args:
        export: of the original.
        original: the pool with what it inherits.
        settings: paths within the pool, such as ``processModel/idleTimeout``, to be written out.

    Raises:
        BadDocument: not the export of that pool.
        StandbyError: the pool inherits its password, which an export does not hold.
    """
    root, wrapper = _opened(export, "APPPOOL", f'export of application pool "{original.name}"')
    pool = _inner(wrapper, "add", original.name)
    pool.set("managedRuntimeVersion", original.runtime)
    pool.set("managedPipelineMode", original.pipeline)
    process = pool.find("processModel")
    if process is None:
        process = SubElement(pool, "processModel")
    _complete_identity(process, original)
    _write_out(pool, original.element, settings)
    return _written(root)


def _write_out(element: Element, effective: Element | None, settings: Iterable[str]) -> None:
    """Set attributes on the object itself that it inherits: the other node's defaults do not count then."""
    for path in settings:
        *steps, attribute = path.split("/")
        value = _found(effective, steps, attribute)
        if value is None or attribute == "password":
            continue
        target = element
        for step in steps:
            below = target.find(step)
            target = SubElement(target, step) if below is None else below
        target.set(attribute, value)


def _found(element: Element | None, steps: Iterable[str], attribute: str) -> str | None:
    for step in steps:
        element = element.find(step) if element is not None and step.isidentifier() else None
    return element.get(attribute) if element is not None else None


def _complete_application(element: Element, application: Application, site: str) -> None:
    if application.pool:
        element.set("applicationPool", application.pool)
    element.set("enabledProtocols", application.protocols)
    known = {directory.path: directory for directory in application.virtual_directories}
    for inner in element.findall("virtualDirectory"):
        directory = known[inner.get("path", "")]
        inner.set("physicalPath", directory.physical_path)
        if directory.credential and not inner.get("password"):
            raise _inherited(f'site "{site}"', "virtualDirectoryDefaults", "the virtual directory")
        if directory.user_name:
            inner.set("userName", directory.user_name)


def _complete_identity(process: Element, pool: Pool) -> None:
    if pool.credential and not process.get("password"):
        raise _inherited(f'application pool "{pool.name}"', "applicationPoolDefaults", "the pool")
    if pool.identity in _TYPES:
        process.set("identityType", pool.identity)
    else:
        process.set("identityType", "SpecificUser")
        process.set("userName", pool.identity)


def _inherited(resource: str, defaults: str, owner: str) -> StandbyError:
    return StandbyError(
        f"its password is set in {defaults}, where it cannot be exported from",
        resource=resource,
        remedy=f"Set user name and password on {owner} itself",
    )


def _opened(export: bytes, tag: str, name: str) -> tuple[Element, Element]:
    root = parse(export, name)
    found = root.findall(tag)
    if root.tag != "appcmd" or len(found) != 1:
        raise BadDocument(f"{name}: expected one {tag} in appcmd, found {len(found)}")
    return root, found[0]


def _inner(wrapper: Element, tag: str, name: str) -> Element:
    found = wrapper.find(tag)
    if found is None or found.get("name") != name:
        raise BadDocument(f'export of "{name}": expected its {tag} element in {wrapper.tag}, found none')
    return found


def _written(root: Element) -> bytes:
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document
