"""What mail clients do not bear, as rules that a message is held against.

The facts: Gmail cuts HTML beyond some 102 KB and shows neither data URIs nor SVG; Outlook's Word engine lays
out tables only; no client runs scripts, sends forms or knows CSS variables; whatever is fetched from
elsewhere tells the sender who has opened the message.
"""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

LARGEST = 90_000
_FORBIDDEN = {
    *("script", "svg", "form", "input", "button", "iframe", "object", "embed", "video", "audio"),
    *("link", "base", "canvas", "picture", "source"),
}
_LAYOUT = re.compile(
    r"(?<![-\w])(display\s*:\s*(flex|grid|inline-flex|inline-grid)|position\s*:|float\s*:|background-image|"
    r"@import|@font-face|var\(|--[a-z]|url\(|expression\()",
    re.IGNORECASE,
)
_MUST = {"img": ("alt", "width", "style"), "td": ("style",), "a": ("href", "style")}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.cids: list[str] = []
        self.styles = ""
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self._in_style = tag == "style"
        if tag in _FORBIDDEN:
            self.found.append(f"<{tag}> is not allowed")
        self.found += [f"<{tag}> has {name}" for name in said if name.startswith("on")]
        self.found += [
            f"<{tag}> lacks {name}"
            for name in _MUST.get(tag, ())
            if name not in said and not _plain(tag, said)
        ]
        if tag == "img":
            self._image(said)
        if tag == "a" and not re.match(r"(https?://|mailto:)", said.get("href", "")):
            self.found.append("a link leads neither to the web nor to an address")
        if tag == "meta" and said.get("http-equiv", "").casefold() == "refresh":
            self.found.append("a page that refreshes itself")
        for name in ("src", "background"):
            if said.get(name) and not said[name].startswith("cid:"):
                self.found.append(f"<{tag}> fetches {said[name][:40]}")
        if match := _LAYOUT.search(said.get("style", "")):
            self.found.append(f"<{tag}> is laid out by {match[0]}")

    def _image(self, said: dict[str, str]) -> None:
        if not re.search(r"\d", said.get("alt", "")):
            self.found.append("a picture's words hold no figure")
        if said.get("src", "").startswith("cid:"):
            self.cids.append(said["src"].removeprefix("cid:"))

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.styles += data


def _plain(tag: str, said: dict[str, str]) -> bool:
    """A cell that only holds a table needs no style of its own."""
    return tag == "td" and not said


def read(content: bytes) -> EmailMessage:
    """Parse a message as a client would."""
    message: Any = message_from_bytes(content, policy=policy.default)
    return message


def faults(content: bytes) -> list[str]:
    """Say what is wrong with a message; an empty list where nothing is.

    Parameters
    ----------
    content : bytes
        The whole message.
    """
    message = read(content)
    found = [f"a header has a defect: {name}" for name, value in message.items() if value.defects]
    found += [
        f"the header {name} is missing"
        for name in ("From", "To", "Subject", "Date", "Message-ID")
        if not message[name]
    ]
    found += ["lines do not end with CR LF"] if re.search(rb"(?<!\r)\n", content) else []
    found += ["a header begins on its second line"] if re.search(rb"\n[\w-]+: *\r\n[ \t]", content) else []
    found += ["a line is too long"] if max(map(len, content.split(b"\r\n"))) > 998 else []
    text, page = message.get_body(("plain",)), message.get_body(("html",))
    if text is None:
        found.append("there is no plain text")
    if page is None:
        return found
    html = page.get_content()
    reader = _Reader()
    reader.feed(html)
    found += reader.found
    size = len(html.encode())
    found += [f"{size} bytes of HTML, {LARGEST} are allowed"] if size > LARGEST else []
    found += ["styles are laid out by " + match[0] for match in [_LAYOUT.search(reader.styles)] if match]
    found += ["a data URI"] if "data:" in html else []
    parts = [part for part in message.walk() if part["Content-ID"]]
    ids = [part["Content-ID"].strip("<>") for part in parts]
    found += [f"cid:{cid} has no part" for cid in reader.cids if ids.count(cid) != 1]
    found += [f"part {cid} is shown nowhere" for cid in ids if reader.cids.count(cid) != 1]
    inline = ("image/png", "inline")
    found += [
        f"part {part['Content-ID']} is no inline PNG"
        for part in parts
        if (part.get_content_type(), part.get_content_disposition()) != inline
    ]
    related = [part for part in message.walk() if part.get_content_type() == "multipart/related"]
    found += ["pictures do not stand in multipart/related"] if ids and len(related) != 1 else []
    return found
