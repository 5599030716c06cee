"""The second lock: only what the workbook itself draws and writes is let through."""

from html.parser import HTMLParser

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from analytics.page import guard
from tests.page.hostile import read

REACHING_OUT = [
    '<svg><use href="x/evil.svg#a"/></svg>',
    '<svg><use href="#a b"/></svg>',
    '<svg><rect fill="URL(http://evil.example/a.svg#x)"/></svg>',
    '<svg><rect fill="u\\72l(http://evil.example/a)"/></svg>',
    '<svg><rect fill="ur\\6c (http://evil.example/a)"/></svg>',
    '<svg><rect clip-path="url(#a),url(//evil.example/a)"/></svg>',
    '<svg><rect clip-path="url(#a) url(http://evil.example)"/></svg>',
    '<svg><rect transform="url(http://evil.example)"/></svg>',
    "<svg><rect stroke=\"image-set('http://evil.example')\"/></svg>",
]


class TestDrawing:
    @pytest.mark.parametrize(
        "moved", ["rotate(-90 10.5 3)", "translate(1,2) scale(2)", "matrix(1 0 0 1e-3 4 5)"]
    )
    def test_lets_movements_through(self, moved):
        svg = f'<svg><g transform="{moved}"><use href="#a0"/></g></svg>'
        assert guard.drawing(svg) == svg
        assert guard.fragment(svg) == svg

    def test_lets_shapes_and_words_through_unchanged(self):
        group = '<g clip-path="url(#a0)"><text x="1">a &lt; b</text></g>'
        svg = f'<svg class="chart wide" viewBox="0 0 9 9">{group}</svg>'
        assert str(guard.drawing(svg)) == svg

    @pytest.mark.parametrize(
        ("svg", "why"),
        [
            ("<svg><script>1</script></svg>", 'element "script"'),
            ("<svg><style>*{}</style></svg>", 'element "style"'),
            ("<svg><foreignObject/></svg>", 'element "foreignObject"'),
            ('<svg><image href="data:,"/></svg>', 'element "image"'),
            ("<svg><animate/></svg>", 'element "animate"'),
            ('<svg onload="x"/>', 'attribute "onload"'),
            ('<svg style="x"/>', 'attribute "style"'),
            ('<svg xmlns:xlink="http://www.w3.org/1999/xlink"><use xlink:href="#a"/></svg>', "attribute"),
            ('<svg><use href="other.svg#a"/></svg>', "its own parts"),
            ('<svg><rect fill="url(other.svg#a)"/></svg>', "its own parts"),
            ('<svg><rect fill="u r l ( x"/></svg>', "its own parts"),
            *((drawn, "its own parts") for drawn in REACHING_OUT),
            ("<svg><!-- x --></svg>", "comments"),
            ('<?xml version="1.0"?><svg/>', "instructions"),
            ("<p/>", "one svg element"),
            ("<svg>", "not well-formed"),
        ],
    )
    def test_refuses(self, svg, why):
        with pytest.raises(guard.UnsafeDrawing, match=why):
            guard.drawing(svg)


class TestFragment:
    @pytest.mark.parametrize("href", ["#trend", "clv.html", "../all/clv.html", "../../index.html#acme"])
    def test_lets_links_within_the_reports_through(self, href):
        html = f'<a href="{href}">x</a>'
        assert guard.fragment(html) == html

    @pytest.mark.parametrize(
        "href", ["javascript:x", "//x.test", "https://x.test", "data:,x", "/etc/passwd", "a b", ""]
    )
    def test_refuses_other_links(self, href):
        with pytest.raises(guard.UnsafeFragment, match="link"):
            guard.fragment(f'<a href="{href}">x</a>')

    @pytest.mark.parametrize(
        ("html", "why"),
        [
            ("<p>", "not well-formed"),
            ("<p onclick=alert(1)></p>", "not well-formed"),
            ("<p class=a></p>", "not well-formed"),
            ("a < b", "not well-formed"),
            ("a &nbsp; b", "not well-formed"),
            ('<p class="a" class="b"></p>', "not well-formed"),
            ('<p class="<b>"></p>', "not well-formed"),
            ("</fragment><script></script><fragment>", "not well-formed"),
            ("</fragment><fragment>", "not well-formed"),
            ("<fragment></fragment>", 'element "fragment"'),
            ("<P></P>", 'element "P"'),
            ("<x:p></x:p>", 'element "x:p"'),
            ("<sc\x00ript></sc\x00ript>", "not well-formed"),
            ("<p\x0conclick='x'></p>", "not well-formed"),
            ("<p x\x0conclick='x'></p>", "not well-formed"),
            ("<p ONCLICK='x'></p>", 'attribute "ONCLICK"'),
            ('<p xmlns="x"></p>', 'attribute "xmlns"'),
            ('<p xmlns:onclick="x"></p>', 'attribute "xmlns:onclick"'),
            ('<svg><use xml:href="x"/></svg>', 'attribute "xml:href"'),
            ('<p href="#a&#10;b"></p>', "link"),
            ('<a href="java&#115;cript:x">x</a>', "link"),
            ('<i style="--v:1;&#112;osition:fixed"></i>', "style"),
            ('<svg><rect fill="&#117;rl(x)"/></svg>', "its own parts"),
            *((drawn, "its own parts") for drawn in REACHING_OUT),
            ("<!-- x -->", "comments"),
            ("<?x ?>", "instructions"),
        ],
    )
    def test_refuses(self, html, why):
        with pytest.raises(guard.UnsafeFragment, match=why):
            guard.fragment(html)

    def test_tells_no_data_where_a_fragment_is_not_well_formed(self):
        with pytest.raises(
            guard.UnsafeFragment, match=r"^a page's fragment is not well-formed: [^<>]*$"
        ) as said:
            guard.fragment("<p>a customer</b>")
        assert "customer" not in str(said.value)


class Tokeniser(HTMLParser):
    """Reads as a browser's tokeniser would, and fails at whatever is not on the lists."""

    def handle_starttag(self, tag, attrs):
        assert tag in {name.lower() for name in guard._MAY_HAVE}
        drawn = tag in {name.lower() for name in guard._DRAWN}
        for name, value in attrs:
            assert name in {
                allowed.lower() for allowed in (guard._DRAWN_WITH if drawn else guard._WRITTEN_WITH)
            }
            assert name != "href" or guard._LINK.fullmatch(value)
            assert name != "style" or guard._STYLE.fullmatch(value)
            assert not drawn or "url(" not in value or value.startswith("url(#")

    def refuse(self, *said):
        raise AssertionError(said)

    handle_comment = handle_decl = unknown_decl = handle_pi = refuse


NAMES = st.sampled_from(
    ["p", "a", "b", "svg", "text", "title", "use", "clipPath", "desc", "i", "P", "script", "style", "x:p"]
)
ATTRIBUTES = st.sampled_from(
    [
        *("class", "href", "style", "fill", "id", "viewBox", "aria-label", "onclick", "CLASS", "xmlns"),
        *("xmlns:a", "xlink:href", "sty\x00le", "class\x0cid", "open/class"),
    ]
)
TEXTS = st.lists(
    st.sampled_from(
        [
            *("#a", "a.html", "javascript:x", "url(#a)", "url(x)", "--v:1", "a", "&lt;", "&#60;", "&#x3c;b>"),
            *(
                "&#x8a;",
                "&amp;",
                "&nbsp;",
                "&lt",
                " ",
                "\n",
                "\t",
                "\r",
                "\x00",
                "\x0c",
                "\x85",
                "\xa0",
                "\ufeff",
            ),
            *(
                ">",
                "/>",
                "=",
                "/",
                "'",
                '"',
                "`",
                "]]>",
                "-->",
                "</",
                "</title",
                "</p>",
                "<",
                "<b>",
                "<script>",
            ),
            *("<!--", "<?x ?>", "<![CDATA[", "&#0;", "&#10;", "&quot;", "<svg><a/></svg>"),
        ]
    ),
    max_size=3,
).map("".join)
QUOTED = st.tuples(st.sampled_from("'\""), TEXTS).map(lambda said: f"{said[0]}{said[1]}{said[0]}")
ATTRIBUTE = st.tuples(
    st.sampled_from([" ", "\n", "\t ", "\r\n", "\x0c", "/", ""]),
    ATTRIBUTES,
    st.sampled_from(["=", " = ", "=\n"]),
    QUOTED,
).map("".join)


@st.composite
def elements(draw, inside):
    name, attributes = draw(NAMES), "".join(draw(st.lists(ATTRIBUTE, max_size=2)))
    if draw(st.booleans()):
        return f"<{name}{attributes}{draw(st.sampled_from(['', ' ']))}/>"
    within = "".join(draw(st.lists(inside, max_size=3)))
    return f"<{name}{attributes}>{within}</{name}{draw(st.sampled_from(['', ' ']))}>"


@given(st.lists(st.recursive(TEXTS, elements, max_leaves=6), max_size=3).map("".join))
def test_what_is_let_through_holds_nothing_else_for_a_tokeniser_of_html(html):
    try:
        guard.fragment(html)
    except guard.UnsafeFragment:
        event("refused")
        return
    event("let through")
    seen = Tokeniser()
    seen.feed(html)
    seen.close()
    assert read(html).running == []
