# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The machine: its name, where Windows is, the system's environment variables, the UUID of its firmware.

Win32_OperatingSystem, Win32_Environment and Win32_ComputerSystemProduct of ``root/cimv2``.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ..errors import BadDocument
from ..node import ClassPath, Instance, Node
from .failure import about

OPERATING_SYSTEM = ClassPath("root/cimv2", "Win32_OperatingSystem")
ENVIRONMENT = ClassPath("root/cimv2", "Win32_Environment")

PRODUCT = ClassPath("root/cimv2", "Win32_ComputerSystemProduct")
# What a firmware without a UUID shows (Win32_ComputerSystemProduct.UUID; DSP0134 7.2.1).
_NONE = {"0" * 32, "f" * 32}

_SYSTEM_VARIABLES = "SELECT * FROM Win32_Environment WHERE SystemVariable = TRUE"


@dataclass(frozen=True)
class Machine:
    r"""A Windows machine.

    Attributes:
        computer_name: CSName.
        system_drive: such as ``C:``.
        windows_directory: such as ``C:\Windows``.
        variables: upper-case name -> value as stored, which may name other variables.
        version: of Windows, such as ``10.0.17763``.
    """

    computer_name: str
    system_drive: str
    windows_directory: str
    variables: dict[str, str]
    version: str = ""


def read_machine(node: Node) -> Machine:
    """The machine of a node.

    Raises:
        BadDocument: Windows describes no operating system.
    """
    with about(node, "operating system"):
        systems = node.cim.enumerate(OPERATING_SYSTEM)
        if not systems:
            raise BadDocument("Win32_OperatingSystem: expected one instance, found none")
        return _machine(systems[0], node.cim.enumerate(ENVIRONMENT, query=_SYSTEM_VARIABLES))


def read_product_uuid(node: Node) -> str:
    """The UUID of this machine in its firmware, 32 lower case hexadecimal digits; "" where it has none.

    Raises:
        BadDocument: Windows describes no such product, or something else than a UUID.
    """
    with about(node, "UUID of the firmware"):
        products = node.cim.enumerate(PRODUCT)
        if not products:
            raise BadDocument("Win32_ComputerSystemProduct: expected one instance, found none")
        text = products[0].text("UUID")
        try:
            found = UUID(text).hex if text else ""
        except ValueError:
            raise BadDocument(f"Win32_ComputerSystemProduct.UUID: expected a UUID, found {text!r}") from None
        return "" if found in _NONE else found


def _machine(system: Instance, variables: list[Instance]) -> Machine:
    name, drive = system.text("CSName"), system.text("SystemDrive")
    directory = system.text("WindowsDirectory").rstrip("\\")
    # Windows itself sets these at start; of them only windir is stored, as %SystemRoot%.
    values = {"COMPUTERNAME": name, "SYSTEMDRIVE": drive, "SYSTEMROOT": directory}
    stored = {item.text("Name").upper(): item.text("VariableValue") for item in variables}
    return Machine(name, drive, directory, {"WINDIR": directory} | stored | values, system.text("Version"))
