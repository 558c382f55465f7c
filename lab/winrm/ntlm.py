# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accepting side of NTLM, raw or inside SPNEGO, on pyspnego.

pyspnego reads the passwords of an acceptor from a file that an environment variable names. The file is
written for one step only, holds the one account that the client asks for, as a hash, under the name that the
client used, and is readable by the owner alone.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import spnego
from spnego._ntlm_raw.crypto import ntowfv1
from spnego._ntlm_raw.messages import Authenticate, AvId, NTClientChallengeV2
from spnego._spnego import NegTokenInit, NegTokenResp, unpack_token
from spnego.channel_bindings import GssChannelBindings

_VARIABLE = "NTLM_USER_FILE"
_NO_LM_HASH = "0" * 32


class Refused(Exception):
    """The client did not prove who it is."""


class Acceptor:
    """One handshake on one connection.

    Args:
        users: name -> password.
        channel: channel binding of the TLS connection, None without TLS. As the default of the WinRM service
            (CbtHardeningLevel Relaxed) has it, a client may leave the binding out, but a wrong one is
            refused.
    """

    def __init__(self, users: Mapping[str, str], channel: bytes | None) -> None:
        self._users = {name.casefold(): (name, password) for name, password in users.items()}
        self._channel = channel
        self.user: str | None = None
        with _accounts("none", ntowfv1("")):
            self.context = spnego.server(
                protocol="negotiate",
                options=spnego.NegotiateOptions.use_negotiate,
                context_req=spnego.ContextReq.default,
            )

    def step(self, token: bytes) -> bytes | None:
        """Take a token of the client; :attr:`user` is set when it has proved who it is.

        Returns:
            The token to answer with, None for none.

        Raises:
            Refused: wrong password, unknown user, wrong channel binding or no NTLM.
        """
        try:
            return self._step(token)
        except Refused:
            raise
        except Exception as error:
            # Tokens come from anybody; the parsers of pyspnego fail on broken ones in ways of their own.
            raise Refused(str(error)) from error

    def _step(self, token: bytes) -> bytes | None:
        proof = _authenticate(token)
        if proof is None:
            with _accounts("none", ntowfv1("")):
                return self.context.step(token)
        name, password = self._users.get((proof.user_name or "").partition("@")[0].casefold(), (None, None))
        if name is None or password is None:
            raise Refused(f"there is no user {proof.user_name}")
        bindings = self._bindings(proof)
        account = f"{proof.domain_name}\\{proof.user_name}" if proof.domain_name else str(proof.user_name)
        with _accounts(account, ntowfv1(password)):
            answer = self.context.step(token, channel_bindings=bindings)
        if self.context.complete:
            self.user = name
        return answer

    def _bindings(self, proof: Authenticate) -> GssChannelBindings | None:
        response = proof.nt_challenge_response
        if self._channel is None or response is None or len(response) <= 24:
            return None
        sent = NTClientChallengeV2.unpack(response[16:]).av_pairs
        if not sent.get(AvId.channel_bindings, b"").strip(b"\0"):
            return None
        return GssChannelBindings(application_data=self._channel)


def _authenticate(token: bytes) -> Authenticate | None:
    """The AUTHENTICATE message in a token, None where it is another message."""
    inner = token
    if not token.startswith(b"NTLMSSP\0"):
        unpacked = unpack_token(token)
        if isinstance(unpacked, NegTokenInit):
            inner = unpacked.mech_token or b""
        elif isinstance(unpacked, NegTokenResp):
            inner = unpacked.response_token or b""
    if not inner.startswith(b"NTLMSSP\0\x03"):
        return None
    return Authenticate.unpack(inner)


@contextmanager
def _accounts(account: str, nt_hash: bytes) -> Iterator[None]:
    before = os.environ.get(_VARIABLE)
    with tempfile.NamedTemporaryFile("w", prefix="ntlm-", encoding="utf-8") as file:
        file.write(f"{account}:0:{_NO_LM_HASH}:{nt_hash.hex().upper()}:[U]:LCT-0\n")
        file.flush()
        os.environ[_VARIABLE] = file.name
        try:
            yield
        finally:
            _restore(before)


def _restore(before: str | None) -> None:
    if before is None:
        with suppress(KeyError):
            del os.environ[_VARIABLE]
    else:
        os.environ[_VARIABLE] = before
