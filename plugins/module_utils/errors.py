# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one error type of the collection: what failed, where, and what to do next."""

from __future__ import annotations


class StandbyError(Exception):
    """A failure an operator can act on.

    Attributes:
        problem: what happened, one clause without a final full stop.
        node: inventory name of the node it happened on, or None where it concerns the cluster.
        resource: the resource it concerns, such as ``ip 10.0.0.50`` or ``site "Shop & Co"``, or None.
        remedy: what to do next, one sentence without a final full stop, or None where nothing can be advised.
    """

    def __init__(
        self, problem: str, *, node: str | None = None, resource: str | None = None, remedy: str | None = None
    ) -> None:
        self.problem = problem
        self.node = node
        self.resource = resource
        self.remedy = remedy
        super().__init__(problem)

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.node, self.resource) if part)
        message = f"{where}: {self.problem}." if where else f"{self.problem}."
        return f"{message} {self.remedy}." if self.remedy else message


def foreseen(error: Exception, node: str | None, resource: str | None = None) -> StandbyError:
    """Any exception as the one error type: what must not end half-way cannot let another one through.

    Args:
        error: kept as the cause where it is none of ours.
        node: where it happened.
        resource: what it concerns.
    """
    if isinstance(error, StandbyError):
        return error
    failure = StandbyError(
        f"an unexpected {type(error).__name__}: {str(error).rstrip('.') or 'without a text'}",
        node=node,
        resource=resource,
        remedy="Look at the status before anything else, and report this with the output of -vvv",
    )
    failure.__cause__ = error
    return failure


class Unreachable(StandbyError):
    """The node did not answer: connection refused, timed out, reset, or a certificate that is not trusted."""


class OutcomeUnknown(Unreachable):
    """A change was sent and no answer came: it has taken effect, or it may still do so, or it never will."""


class AccessDenied(StandbyError):
    """The node answered and refused the credentials or the right to do this."""


class BadDocument(StandbyError):
    """A document (XML, JSON, record) is malformed; the problem names the document and the place in it."""


class CimError(StandbyError):
    """A WS-Management fault or a CIM error.

    Attributes:
        wsman_code: ``WSManFault/@Code`` as an unsigned integer, or None.
        subcode: the SOAP fault subcode without its prefix, such as ``InvalidSelectors``, or None.
        cim_status: ``CIMStatusCode`` of MSFT_WmiError (DSP0200 status codes), or None.
        provider_code: ``error_Code`` of MSFT_WmiError (HRESULT or Win32 code), or None.
    """

    def __init__(
        self,
        problem: str,
        *,
        node: str | None = None,
        resource: str | None = None,
        remedy: str | None = None,
        wsman_code: int | None = None,
        subcode: str | None = None,
        cim_status: int | None = None,
        provider_code: int | None = None,
    ) -> None:
        super().__init__(problem, node=node, resource=resource, remedy=remedy)
        self.wsman_code = wsman_code
        self.subcode = subcode
        self.cim_status = cim_status
        self.provider_code = provider_code


class MethodError(CimError):
    """A CIM method returned a non-zero ReturnValue.

    Attributes:
        code: the ReturnValue.
    """

    def __init__(
        self,
        problem: str,
        code: int,
        *,
        node: str | None = None,
        resource: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(problem, node=node, resource=resource, remedy=remedy)
        self.code = code
