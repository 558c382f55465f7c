# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How IIS says no: HRESULTs, the exit code appcmd makes of them, and its texts in two languages.

The form ``ERROR ( hresult:XXXXXXXX, message:... )`` and the codes 8007000d, 800700b7, 80070490, 800710d8 and
8007007a are from published reports. 80070426, 80070420 and 80070005 are Windows' own codes for what is said
here (winerror.h); that appcmd gives them in these places is not confirmed.
"""

from __future__ import annotations

FACILITY_WIN32 = 0x80070000

INVALID_DATA = 0x8007000D
ACCESS_DENIED = 0x80070005
INVALID_PARAMETER = 0x80070057
BUFFER_TOO_SMALL = 0x8007007A
ALREADY_EXISTS = 0x800700B7
NOT_FOUND = 0x80070490
ALREADY_RUNNING = 0x80070420
NOT_ACTIVE = 0x80070426
INVALID_OBJECT = 0x800710D8

_ENGLISH = {
    INVALID_DATA: "The data is invalid.",
    ACCESS_DENIED: "Access is denied.",
    INVALID_PARAMETER: "The parameter is incorrect.",
    BUFFER_TOO_SMALL: "The data area passed to a system call is too small.",
    ALREADY_EXISTS: "Cannot create a file when that file already exists.",
    NOT_FOUND: "Element not found.",
    ALREADY_RUNNING: "An instance of the service is already running.",
    NOT_ACTIVE: "The service has not been started.",
    INVALID_OBJECT: "The object identifier does not represent a valid object.",
}
_GERMAN = {
    INVALID_DATA: "Die Daten sind unzulässig.",
    ACCESS_DENIED: "Zugriff verweigert",
    INVALID_PARAMETER: "Falscher Parameter.",
    BUFFER_TOO_SMALL: "Der an einen Systemaufruf übergebene Datenbereich ist zu klein.",
    ALREADY_EXISTS: "Eine Datei kann nicht erstellt werden, wenn sie bereits vorhanden ist.",
    NOT_FOUND: "Element nicht gefunden.",
    ALREADY_RUNNING: "Es wird bereits eine Instanz des Dienstes ausgeführt.",
    NOT_ACTIVE: "Der Dienst wurde nicht gestartet.",
    INVALID_OBJECT: "Der Objektbezeichner repräsentiert kein gültiges Objekt.",
}
# appcmd's own sentences -> German; what is not here stays English, as partly translated systems show it.
_SENTENCES = {
    "Command execution failed.": "Fehler bei der Befehlsausführung.",
    "Failed to generate item output.": "Fehler beim Generieren der Elementausgabe.",
    'Cannot find {0} object with identifier "{1}".': 'Das {0}-Objekt "{1}" wurde nicht gefunden.',
    'Failed to add duplicate collection element "{0}".': 'Das Element "{0}" ist doppelt.',
    '{0} object "{1}" added': '{0}-Objekt "{1}" hinzugefügt',
    '{0} object "{1}" changed': '{0}-Objekt "{1}" geändert',
    '{0} object "{1}" deleted': '{0}-Objekt "{1}" gelöscht',
    '"{0}" successfully started.': '"{0}" wurde erfolgreich gestartet.',
    '"{0}" successfully stopped': '"{0}" wurde erfolgreich beendet',
    '"{0}" successfully recycled': '"{0}" wurde erfolgreich wiederverwendet',
}


class NotEmulatedError(Exception):
    """A request whose answer no public contract tells. The lab fails loudly, it does not guess.

    Its text says what is not emulated; it holds no value that may be secret.

    Attributes:
        code: exit code of appcmd then, ERROR_NOT_SUPPORTED.
    """

    code = 50


class IisError(Exception):
    """A request that IIS refuses.

    Attributes:
        hresult: the code.
        sentence: what appcmd says, a template for ``details``; None for the bare "Command execution failed.".
        details: what fills the template.
    """

    def __init__(self, hresult: int, sentence: str | None = None, *details: str) -> None:
        super().__init__(f"{hresult:08x} {sentence or _ENGLISH.get(hresult, '')} {details or ''}".strip())
        self.hresult = hresult
        self.sentence = sentence
        self.details = details

    @property
    def exit_code(self) -> int:
        """The Win32 part of the HRESULT: what appcmd exits with."""
        return self.hresult & 0xFFFF if self.hresult & 0xFFFF0000 == FACILITY_WIN32 else self.hresult


def say(template: str, *details: str, localized: bool = False) -> str:
    """A sentence of appcmd, in English or in the other language."""
    return (_SENTENCES.get(template, template) if localized else template).format(*details)


def error_text(error: IisError, *, localized: bool = False) -> str:
    """The error as appcmd prints it, without the last line end."""
    if error.sentence and error.hresult in (NOT_FOUND, ALREADY_EXISTS, INVALID_PARAMETER):
        return f"ERROR ( message:{say(error.sentence, *error.details, localized=localized)} )"
    heading = say(error.sentence or "Command execution failed.", *error.details, localized=localized)
    texts = _GERMAN if localized else _ENGLISH
    detail = texts.get(error.hresult, f"HRESULT 0x{error.hresult:08X}")
    return f"ERROR ( hresult:{error.hresult:08x}, message:{heading}\r\n{detail}\r\n )"
