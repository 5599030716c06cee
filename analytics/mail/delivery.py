"""Handing messages to an SMTP server, or writing the same bytes into a folder."""

from __future__ import annotations

import os
import re
import smtplib
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from analytics.errors import ParamsError, nearest
from analytics.mail.envelope import Envelope
from analytics.mail.ledger import Ledger
from analytics.reporting.files import write_whole

HOST, PORT, USER, PASSWORD, TLS = (
    f"WORKBOOK_SMTP_{name}" for name in ("HOST", "PORT", "USER", "PASSWORD", "TLS")
)
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_OWN_MACHINE = ("localhost", "127.0.0.1", "::1")
_PATIENCE = 30.0  # seconds in which a server must answer
_GO_ON, _TAKEN = 354, 250
_ADDRESS = re.compile(r"[^\s<>\"]+@[^\s<>\"]+")

Outcome = Literal["sent", "had it", "failed", "unsure", "written"]


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, as the environment names it.

    Parameters
    ----------
    host : str
    port : int
    tls : {'starttls', 'tls', 'none'}
    user, password : str
        Without a user nobody logs in.
    """

    host: str
    port: int
    tls: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message.

    Parameters
    ----------
    name : str
        Of the envelope.
    outcome : {'sent', 'had it', 'failed', 'unsure', 'written'}
        ``failed`` also where only some recipients were refused; ``unsure`` where the connection was lost
        after the last byte.
    recipients : int
        How many got it now.
    reason : str
        What the server said, without addresses.
    """

    name: str
    outcome: Outcome
    recipients: int = 0
    reason: str = ""


def server_of(environment: Mapping[str, str]) -> Server | None:
    """Read the mail server from the environment; None where none is named.

    Raises
    ------
    ParamsError
        If a value cannot be meant, or a password would travel in the clear.
    """
    host = environment.get(HOST, "").strip()
    if not host:
        return None
    tls = environment.get(TLS, "starttls")
    if tls not in _PORTS:
        raise ParamsError(f'{TLS} is "{tls}"{nearest(tls, _PORTS)}; allowed: {", ".join(_PORTS)}')
    port = environment.get(PORT, "") or str(_PORTS[tls])
    if not (port.isdecimal() and 0 < int(port) < 1 << 16):
        raise ParamsError(f'{PORT} is "{port}"; it must be a number from 1 to 65535')
    user, password = environment.get(USER, ""), environment.get(PASSWORD, "")
    if user and tls == "none" and host not in _OWN_MACHINE:
        raise ParamsError(
            f"{USER} is set, but {TLS} is none: the password would be sent in the clear; use starttls or tls"
        )
    return Server(host, int(port), tls, user, password)


def write_all(envelopes: Sequence[Envelope], folder: Path) -> list[Delivery]:
    """Write messages as ``.eml`` files, in the place of those of the same name.

    Raises
    ------
    OSError
        If one cannot be written.
    """
    for envelope in envelopes:
        write_whole(folder / f"{envelope.name}.eml", envelope.content)
    return [Delivery(envelope.name, "written", len(envelope.recipients)) for envelope in envelopes]


def send_all(
    envelopes: Sequence[Envelope],
    server: Server,
    ledger: Ledger,
    *,
    again: bool = False,
    retry_after: Sequence[float] = (1.0, 4.0),
) -> list[Delivery]:
    """Send messages, each to those who have not got it yet.

    Parameters
    ----------
    envelopes : sequence of Envelope
    server : Server
    ledger : Ledger
    again : bool
        Send also to those who got it before, or may have.
    retry_after : sequence of float
        Seconds before a second try, a third, …, after a temporary refusal or a lost connection.

    Returns
    -------
    list of Delivery
        One for each message, in their order. One that fails does not keep the others back.
    """
    with _Line(server) as line:
        return [_send(envelope, line, ledger, again, retry_after) for envelope in envelopes]


def _send(
    envelope: Envelope, line: _Line, ledger: Ledger, again: bool, retry_after: Sequence[float]
) -> Delivery:
    steps = {each: None if again else ledger.step(envelope.digest, each) for each in envelope.recipients}
    todo = tuple(each for each, step in steps.items() if step is None)
    unsure = sum(step == "begun" for step in steps.values())
    if not todo:
        return (
            Delivery(envelope.name, "unsure", reason=_UNSURE) if unsure else Delivery(envelope.name, "had it")
        )
    got, reason, final = 0, "", ""
    for pause in (*retry_after, None):
        try:
            taken, refused = line.hand_over(envelope, todo, ledger)
        except _Unsure:
            return Delivery(envelope.name, "unsure", got, _UNSURE)
        except (OSError, smtplib.SMTPException) as error:
            line.hang_up()
            refused, taken = dict.fromkeys(todo, _answer(error, line.address)), ()
        got += len(taken)
        final = final or next((said for code, said in refused.values() if not _may_help(code)), "")
        reason = final or next(iter(refused.values()), (0, ""))[1]
        todo = tuple(each for each, (code, _) in refused.items() if _may_help(code))
        if not refused and not final:
            return Delivery(envelope.name, "unsure" if unsure else "sent", got, _UNSURE if unsure else "")
        if not todo or pause is None:
            break
        time.sleep(pause)
    return Delivery(envelope.name, "failed", got, reason)


_UNSURE = "the connection was lost after the last byte, so it may have arrived; --again sends it once more"


class _Unsure(Exception):
    """Nobody knows whether the server has taken the message."""


class _Line:
    """A connection to the server, made when it is needed, and again after it was lost."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> _Line:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            with suppress(OSError, smtplib.SMTPException):
                if self._smtp:
                    self._smtp.quit()
        finally:
            self.hang_up()

    def hang_up(self) -> None:
        """Let go of the connection."""
        if self._smtp:
            self._smtp.close()
        self._smtp = None

    @property
    def address(self) -> str:
        """Host and port of the server."""
        return f"{self._server.host}:{self._server.port}"

    def hand_over(
        self, envelope: Envelope, recipients: tuple[str, ...], ledger: Ledger
    ) -> tuple[tuple[str, ...], dict[str, tuple[int, str]]]:
        """Hand a message to the server.

        Returns
        -------
        tuple
            Who gets it; who does not, with the server's code and words.

        Raises
        ------
        _Unsure
            If the connection was lost after the last byte.
        OSError, smtplib.SMTPException
            If nobody gets it.
        """
        smtp = self._connected()
        code, said = smtp.mail(envelope.sender)
        if code != _TAKEN:
            smtp.rset()
            raise smtplib.SMTPSenderRefused(code, said, "")
        refused: dict[str, tuple[int, str]] = {}
        for recipient in recipients:
            code, said = smtp.rcpt(recipient)
            if code not in (_TAKEN, 251):
                refused[recipient] = code, _words(code, said)
        taken = tuple(each for each in recipients if each not in refused)
        if not taken:
            smtp.rset()
            return (), refused
        code, said = smtp.docmd("DATA")
        if code != _GO_ON:
            smtp.rset()
            raise smtplib.SMTPDataError(code, said)
        smtp.send(_stuffed(envelope.content))
        ledger.write(envelope.digest, taken, "begun")
        try:
            smtp.send(b".\r\n")
            code, said = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.hang_up()
            raise _Unsure from error
        with suppress(OSError):  # it then counts as begun: better unsure than twice
            ledger.write(envelope.digest, taken, "sent" if code == _TAKEN else "refused")
        if code != _TAKEN:
            raise smtplib.SMTPDataError(code, said)
        return taken, refused

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is None:
            self._smtp = self._connect()
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        to, trust = self._server, ssl.create_default_context()
        if to.tls == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(to.host, to.port, timeout=_PATIENCE, context=trust)
        else:
            smtp = smtplib.SMTP(to.host, to.port, timeout=_PATIENCE)
        try:
            smtp.ehlo_or_helo_if_needed()
            if to.tls == "starttls":
                smtp.starttls(context=trust)
                smtp.ehlo()
            if to.user:
                smtp.login(to.user, to.password)
        except BaseException:
            smtp.close()
            raise
        return smtp


def _stuffed(content: bytes) -> bytes:
    """A message as it travels: CRLF, a point more at the start of a line that begins with one."""
    lines = content.replace(b"\r\n", b"\n").split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines)


def _answer(error: Exception, address: str) -> tuple[int, str]:
    """The code and words of an error; a lost connection has a temporary code."""
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code, _words(error.smtp_code, error.smtp_error)
    if isinstance(error, ssl.SSLError):
        return 550, f"no safe connection: {error.reason or type(error).__name__}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return 550, "the server offers no TLS, or no login; see WORKBOOK_SMTP_TLS"
    said = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else type(error).__name__
    return 421, f"the connection to {address} was lost or not made: {said}"


def _words(code: int, said: bytes | str) -> str:
    """What a server said, on one line and without the addresses that it repeats."""
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    return f"{code} {_ADDRESS.sub('…', ' '.join(text.split()))}"[:200]


def _may_help(code: int) -> bool:
    """Whether another try may help: the server said that its refusal is temporary."""
    return 400 <= code < 500
