"""Names that would run as code if a page forgot to escape them, and a reader that would notice."""

from html.parser import HTMLParser

PAYLOADS = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<ScRiPt src=//example.test/x.js></sCrIpT>",
    "</script><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</svg><script>alert(1)</script>",
    "</text></svg><img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<foreignObject><body onload=alert(1)></foreignObject>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mi xlink:href='javascript:alert(1)'>x",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='javascript:alert(1)'>",
    "<embed src='javascript:alert(1)'>",
    "<form action='javascript:alert(1)'><button>x",
    "<button formaction='javascript:alert(1)'>x",
    "<input onfocus=alert(1) autofocus>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<base href='//example.test/'>",
    "<link rel=stylesheet href='//example.test/x.css'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<style>@import '//example.test/x.css';</style>",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "`onmouseover=alert(1)",
    "<!--<img src='--><img src=x onerror=alert(1)>'>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><x onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{ 7 * 7 }}{% raw %}",
    "${alert(1)}",
    "<<SCRIPT>alert(1)//<</SCRIPT>",
    "<img src=x onerror\x0c=alert(1)>",
    "<x\x00 onclick=alert(1)>",
)

_NEVER = {
    *("animate", "animatetransform", "audio", "base", "button", "embed", "foreignobject", "frame", "iframe"),
    *("image", "img", "math", "mi", "object", "script", "set", "source", "textarea", "video"),
}
_ADDRESSES = {"href", "src", "action", "formaction", "xlink:href", "srcdoc", "data", "poster", "background"}


class Reader(HTMLParser):
    """Collects what would run, and what is read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.running: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag in _NEVER:
            self.running.append(tag)
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            address = "".join((value or "").split()).lower()
            if name.startswith("on") or (name in _ADDRESSES and ":" in address.split("/")[0]):
                self.running.append(f"{tag} {name}={value}")
            if name in _ADDRESSES and address.startswith("//"):
                self.running.append(f"{tag} {name}={value}")

    def handle_data(self, data):
        self.texts.append(data)

    def handle_comment(self, data):
        self.running.append(f"comment {data}")


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def values_of(reader: Reader, name: str, tag: str = "") -> list[str]:
    return [value for t, n, value in reader.attributes if n == name and tag in ("", t)]
