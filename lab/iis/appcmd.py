# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""appcmd.exe: the program itself, from arguments to output and exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lab.iis import document, editing, ftprules, listing, sections
from lab.iis.commandline import Command, UsageError, check_emulated, parse
from lab.iis.content import SCHEMA
from lab.iis.document import Node
from lab.iis.failure import (
    INVALID_DATA,
    INVALID_PARAMETER,
    NOT_FOUND,
    IisError,
    NotEmulatedError,
    error_text,
    say,
)
from lab.iis.model import Pool, Site
from lab.iis.schema import SCHEMA_DEFAULTS
from lab.iis.valuetypes import misfit
from lab.shell.program import Streams

if TYPE_CHECKING:
    from lab.iis.service import Iis

NEWLINE = "\r\n"
HELP = (
    "General purpose IIS command line administration tool.\r\n\r\n"
    "APPCMD (command) (object-type) <identifier> </parameter1:value1 ...>\r\n\r\n"
    "Supported object types:\r\n\r\n"
    "  SITE      Administration of virtual sites\r\n"
    "  APP       Administration of applications\r\n"
    "  VDIR      Administration of virtual directories\r\n"
    "  APPPOOL   Administration of application pools\r\n"
    "  CONFIG    Administration of general configuration sections\r\n"
)


class AppCmd:
    """The program; everything it knows it asks of IIS."""

    def __init__(self, iis: Iis) -> None:
        self._iis = iis

    async def __call__(self, argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
        """Run one command; errors go to standard output, as appcmd's do."""
        del environment
        if len(argv) < 2 or any(one in ("/?", "-?") for one in argv[1:]):
            streams.out(HELP.encode())
            return 0
        run = _Run(self._iis, streams)
        try:
            return await run.command(parse(argv[1:]))
        except UsageError as error:
            run.print(str(error))
            return error.code
        except NotEmulatedError as problem:
            self._iis.host.record("unknown-request", kind="appcmd", why=str(problem))
            run.print(f"ERROR ( message:The lab does not emulate {problem}. )")
            return problem.code
        except IisError as error:
            run.print(error_text(error, localized=self._iis.localized))
            return error.exit_code


class _Run:
    """One run of the program."""

    def __init__(self, iis: Iis, streams: Streams) -> None:
        self._iis = iis
        self._streams = streams

    def print(self, text: str) -> None:
        """A line of output."""
        self._streams.out((text + NEWLINE).encode())

    def _say(self, template: str, *details: str) -> None:
        self.print(say(template, *details, localized=self._iis.localized))

    async def command(self, command: Command) -> int:
        """Carry it out and return the exit code."""
        if ftprules.concerns(command):
            return self._ftp_rules(command)
        check_emulated(command)
        if command.verb == "list":
            return self._list(command)
        if command.object in ("app", "vdir"):
            # Applications and virtual directories are shown; they are changed with their site, by import.
            raise NotEmulatedError(f"{command.verb} {command.object}")
        if command.verb in ("start", "stop", "recycle"):
            return await self._control(command)
        if command.object == "config":
            return self._set_section(command)
        if command.verb == "add":
            return await self._add(command)
        name = self._exact(command)
        if command.verb == "delete":
            self._iis.edit(lambda data: editing.delete(data, command.object, name))
            self._say('{0} object "{1}" deleted', command.object.upper(), name)
            return 0
        return self._set(command, name)

    def _list(self, command: Command) -> int:
        configuration = self._iis.configuration()
        self._iis.state.settle(configuration, self._iis.host.now())
        return listing.run(
            command,
            configuration,
            self._iis.state,
            self._iis.schema_defaults,
            lambda text: self._streams.out(text.encode()),
        )

    def _set_section(self, command: Command) -> int:
        """A section at a location; what is committed elsewhere is not emulated."""
        place, section = command.identifier, command.general.get("section", "")
        if place is None or command.general.get("commit", "").lower() != "apphost":
            raise NotEmulatedError(f"{command.verb} config without a location or without /commit:apphost")
        section = sections.known(SCHEMA.read_bytes(), section)
        if command.verb == "clear":
            self._iis.edit(lambda data: sections.clear_section(data, place, section))
        else:
            parameters = command.parameters
            self._iis.edit(lambda data: sections.set_section(data, place, section, parameters))
        self._say('Applied configuration changes to section "{0}"', section)
        return 0

    def _ftp_rules(self, command: Command) -> int:
        self._site(command.identifier or "")
        if command.verb == "list":
            root = self._iis.configuration().root
            ftprules.show(command, root, lambda text: self._streams.out(text.encode()))
            return 0
        self._iis.edit(lambda data: ftprules.change(command, data))
        self._say(
            'Applied configuration changes to section "{0}" for "MACHINE/WEBROOT/APPHOST/{1}" at '
            'configuration commit path "MACHINE/WEBROOT/APPHOST"',
            ftprules.SECTION,
            command.identifier or "",
        )
        return 0

    def _exact(self, command: Command) -> str:
        """The one object a command is about.

        Raises:
            UsageError: it names none.
        """
        name = command.identifier or command.parameter(f"{command.object}.name")
        if not name:
            kind, verb = command.object.upper(), command.verb.upper()
            raise UsageError(
                f"ERROR ( message:Must use exact identifer for {kind} object with verb {verb}. )"  # sic
            )
        return name

    async def _control(self, command: Command) -> int:
        name = self._exact(command)
        if command.object == "site":
            await self._control_site(command.verb, self._site(name))
        else:
            self._control_pool(command.verb, self._pool(name))
        return 0

    async def _control_site(self, verb: str, site: Site) -> None:
        if verb == "start":
            await self._iis.start_site(site)
            self._say('"{0}" successfully started.', site.name)
        else:
            self._iis.stop_site(site)
            self._say('"{0}" successfully stopped', site.name)

    def _control_pool(self, verb: str, pool: Pool) -> None:
        state = self._iis.state
        if verb == "start":
            state.start_pool(pool)
            self._say('"{0}" successfully started.', pool.name)
        elif verb == "stop":
            state.stop_pool(pool)
            self._say('"{0}" successfully stopped', pool.name)
        else:
            self._iis.recycle_pool(pool)
            self._say('"{0}" successfully recycled', pool.name)

    def _site(self, name: str) -> Site:
        configuration = self._iis.configuration()
        self._iis.state.settle(configuration, self._iis.host.now())
        site = configuration.site(name)
        if site is None:
            raise IisError(NOT_FOUND, 'Cannot find {0} object with identifier "{1}".', "SITE", name)
        return site

    def _pool(self, name: str) -> Pool:
        pool = self._iis.configuration().pool(name)
        if pool is None:
            raise IisError(NOT_FOUND, 'Cannot find {0} object with identifier "{1}".', "APPPOOL", name)
        return pool

    async def _add(self, command: Command) -> int:
        if "in" in command.general:
            return await self._import(command)
        if command.object == "site":
            return self._add_site(command)
        return self._add_pool(command)

    async def _import(self, command: Command) -> int:
        data = await self._streams.read_all()
        wrapper, tag = ("SITE", "site") if command.object == "site" else ("APPPOOL", "add")
        for node in editing.imported(data, wrapper, tag):
            _check_schema(node)
            if command.object == "site":
                self._iis.edit(lambda data, new=node: editing.add_site(data, new))  # type: ignore[misc]
                self._added(node)
            else:
                self._iis.edit(lambda data, new=node: editing.add_pool(data, new))  # type: ignore[misc]
                self._say('{0} object "{1}" added', "APPPOOL", node.attributes["name"])
        return 0

    def _added(self, site: Node) -> None:
        name = site.attributes["name"]
        self._say('{0} object "{1}" added', "SITE", name)
        for application in site.all("application"):
            path = name + application.attributes.get("path", "/")
            self._say('{0} object "{1}" added', "APP", path)
            for directory in application.all("virtualDirectory"):
                self._say(
                    '{0} object "{1}" added', "VDIR", path.rstrip("/") + directory.attributes.get("path", "/")
                )

    def _add_site(self, command: Command) -> int:
        name = command.identifier or command.parameter("name", "site.name")
        if not name:
            raise IisError(INVALID_PARAMETER, "New site object missing required attributes. ")
        root = document.parse(self._iis.store.content())
        number = command.parameter("id") or str(editing.next_id(root))
        if not number.isdigit():
            raise IisError(INVALID_DATA)
        node = editing.new_site(
            name, int(number), command.parameter("bindings") or "", command.parameter("physicalPath")
        )
        taken = {"name", "site.name", "id", "bindings", "physicalpath"}
        rest = [(key, value) for key, value in command.parameters if key.lower() not in taken]
        self._iis.edit(lambda data: self._apply(editing.add_site(data, node), "site", name, rest))
        self._added(node)
        return 0

    def _add_pool(self, command: Command) -> int:
        name = command.identifier or command.parameter("name", "apppool.name")
        if not name:
            raise IisError(INVALID_PARAMETER, "New add object missing required attributes. ")
        rest = [
            (key, value) for key, value in command.parameters if key.lower() not in ("name", "apppool.name")
        ]
        node = Node("add", {"name": name})
        self._iis.edit(lambda data: self._apply(editing.add_pool(data, node), "apppool", name, rest))
        self._say('{0} object "{1}" added', "APPPOOL", name)
        return 0

    def _apply(self, data: bytes, kind: str, name: str, parameters: Sequence[tuple[str, str]]) -> bytes:
        for parameter, value in parameters:
            data = editing.change(data, kind, name, parameter, value, self._iis.schema_defaults)
        return data

    def _set(self, command: Command, name: str) -> int:
        key = f"{command.object}.name"
        changes = [(parameter, value) for parameter, value in command.parameters if parameter.lower() != key]
        editing.find(document.parse(self._iis.store.content()), command.object, name)
        self._iis.edit(lambda data: self._apply(data, command.object, name, changes))
        self._say('{0} object "{1}" changed', command.object.upper(), name)
        return 0


def _check_schema(node: Node) -> None:
    """Refuse what the schema does not know, as an import from a newer IIS into an older one is refused.

    Raises:
        IisError: 8007000d.
        NotEmulatedError: a value is not of its attribute's type.
    """
    allowed = {name for names in SCHEMA_DEFAULTS.values() for name in names}
    top = SCHEMA_DEFAULTS["site" if node.tag == "site" else "add"]
    if not set(node.attributes) <= set(top):
        raise IisError(INVALID_DATA)
    for binding in (one for one in node.walk() if one.tag == "binding"):
        if not set(binding.attributes) <= allowed:
            raise IisError(INVALID_DATA)
    wrong = misfit(node, node.tag)
    if wrong is not None:
        raise NotEmulatedError(f"an import with a value of {wrong} that is not of its type")
