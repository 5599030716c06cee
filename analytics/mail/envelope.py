"""A message as bytes: the same for the same content, whether it is sent or written to a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from pathlib import Path

from analytics.mail.content import Content
from analytics.mail.picture import png
from analytics.mail.render import html_of, text_of

SENDER_NAME = "Reports"
MOST_ATTACHED = 15 << 20
"""Bytes of all attachments together; base64 makes a third more of them, and many servers end at 20 MB."""

_KINDS = {
    "html": ("text", "html"),
    "pdf": ("application", "pdf"),
    "xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
_PART = "@workbook.invalid"
"""Ends the Content-ID of each picture. One that does not fit into its line is folded, and clients miss it."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class _Lines(EmailPolicy):
    """Writes headers as every client reads them; Python's own folding loses blanks between encoded words."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """Write a header, in encoded words throughout where it has other letters than ASCII."""
        if value.isascii():
            return super().fold_binary(name, value)
        words = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
        return f"{name}: {words}{self.linesep}".encode("ascii")


_LINES = _Lines(linesep="\r\n", max_line_length=200)
"""Wide lines, as in narrow ones a subject may begin on its second line, after an empty one."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A finished message.

    Attributes
    ----------
    name : str
        What it is called in a log and as a file: ``demo-retail_last-quarter``. It holds no address.
    sender : str
    recipients : tuple of str
    digest : str
        The same for messages that say the same.
    content : bytes
        All of it, headers first.
    """

    name: str
    sender: str
    recipients: tuple[str, ...]
    digest: str
    content: bytes


def seal(
    said: Content,
    *,
    sender: str,
    recipients: Sequence[str],
    made: datetime,
    attachments: Sequence[Path] = (),
) -> Envelope:
    """Turn a message's content into bytes.

    Parameters
    ----------
    said : Content
    sender : str
    recipients : sequence of str
        At least one.
    made : datetime.datetime
        When the run began that it is about.
    attachments : sequence of pathlib.Path
        Files to carry along, the most wanted first; what is too large together is left out, and said so.

    Returns
    -------
    Envelope
    """
    carried, left = _that_fit(attachments)
    names = ", ".join(path.name for path in left)
    more = f" and {len(carried) - 1} more" if carried[1:] else ""
    footer = (
        *([f"Attached: {carried[0].name}{more}."] if carried else []),
        *([f"Too large to attach, and left out: {names}."] if left else []),
        f"You get this because your address is on the list of {said.name}. "
        f"To change that, write to {sender}.",
    )
    cids = [f"{number}-{said.digest[:24]}{_PART}" for number, _ in enumerate(said.pictures, start=1)]
    message = _headed(said.subject, sender, recipients, made, said.digest)
    message.set_content(text_of(said, footer), cte="quoted-printable")
    message.add_alternative(html_of(said, cids, footer), subtype="html", cte="quoted-printable")
    page = message.get_payload()[1]  # type: ignore[index]
    for cid, picture in zip(cids, said.pictures, strict=True):
        name = f"{picture.report}-{picture.block}.png"
        page.add_related(  # type: ignore[union-attr]
            png(picture.svg), "image", "png", cid=f"<{cid}>", filename=name, disposition="inline"
        )
    for path in carried:
        main, sub = _KINDS[path.suffix.removeprefix(".")]
        message.add_attachment(path.read_bytes(), maintype=main, subtype=sub, filename=path.name)
    return _sealed(f"{said.organisation}_{said.slug}", message, sender, recipients, said.digest)


def seal_text(
    name: str,
    subject: str,
    text: str,
    digest: str,
    *,
    sender: str,
    recipients: Sequence[str],
    made: datetime,
) -> Envelope:
    """Turn plain words into a message.

    Parameters
    ----------
    name, subject, text, digest : str
    sender, recipients, made
        As for `seal`.
    """
    message = _headed(subject, sender, recipients, made, digest)
    message.set_content(text, cte="quoted-printable")
    return _sealed(name, message, sender, recipients, digest)


def one_line(text: str) -> str:
    r"""Take line ends and control characters out of what becomes a header: a name must not add another.

    Examples
    --------
    >>> one_line("Acme\r\nBcc: everybody@example.org")
    'Acme Bcc: everybody@example.org'
    """
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def _headed(
    subject: str, sender: str, recipients: Sequence[str], made: datetime, digest: str
) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = one_line(subject)
    message["From"] = Address(SENDER_NAME, addr_spec=sender)
    message["To"] = tuple(Address(addr_spec=each) for each in recipients)
    message["Date"] = format_datetime(made)
    message["Message-ID"] = f"<{digest[:32]}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    return message


def _sealed(
    name: str, message: EmailMessage, sender: str, recipients: Sequence[str], digest: str
) -> Envelope:
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{digest[:24]}_{number}")  # else drawn at random
    return Envelope(name, sender, tuple(recipients), digest, message.as_bytes(policy=_LINES))


def _that_fit(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    carried: list[Path] = []
    left: list[Path] = []
    room = MOST_ATTACHED
    for path in paths:
        size = path.stat().st_size
        (carried if size <= room else left).append(path)
        room -= size if size <= room else 0
    return carried, left
