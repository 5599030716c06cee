"""The second lock: only what the workbook itself draws and writes is let through."""

import pytest

from analytics.page import guard


class TestDrawing:
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
