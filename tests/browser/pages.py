"""Real reports, rendered once, and what a browser can tell about a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from analytics.reporting.manifest import Failure, PageContext, ReportName
from analytics.reporting.page import render_failure
from tests.rendered import NAMES, SHOP, SLUG, STARTED

FAILED = "failed.html"
PAGES = {
    **{name: f"{SHOP}/{SLUG}/{name}.html" for name in NAMES},
    "no data": f"demo-saas/{SLUG}/campaign.html",
    "refused": f"nothing/{SLUG}/retention.html",
    "failed": FAILED,
    "index": "index.html",
    "index of one": f"{SHOP}/index.html",
    "history": "_history/2026-11.html",
}
WIDE, NARROW = 1280, 320


def failed_page() -> str:
    """The page of a report that failed in a cell."""
    name = ReportName(
        organisation="acme",
        organisation_name="Acme & Sons",
        timeframe="2026-Q3",
        slug="2026-Q3",
        notebook="clv",
        title="Lifetime value",
    )
    failure = Failure(
        type="ConversionException",
        message="Could not convert string … to INT64",
        cell=5,
        cells=12,
        cell_title="Who brings how much",
        source="found = value.by_customer(report.dataset)\n" * 6 + f"value.table(found, {'wide, ' * 40})",
        line=7,
    )
    parameters = {"organisation": "acme", "timeframe": "2026-Q3", "note": "long " * 30}
    return render_failure(
        failure,
        PageContext(report=name, siblings=(name,), started=STARTED, parameters=parameters),
        command="workbook run params/acme.yml --timeframe 2026-Q3 --notebook clv --out reports",
    )


@dataclass
class Sheet:
    """A page of which it is remembered what it asked for and what the browser said of it."""

    page: Page
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    address: str = ""
    _view: tuple[int, str, str] | None = None

    def __post_init__(self) -> None:
        """Listen from before the first byte."""
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def open(self, path: Path) -> Sheet:
        """Open a file in the place of the one before, and forget what that one did."""
        self.page.goto("about:blank")
        self.asked.clear()
        self.said.clear()
        self.address, self._view = path.resolve().as_uri(), None
        self.page.goto(self.address)
        return self

    def look(self, *, width: int = WIDE, scheme: str = "light", media: str = "screen") -> Page:
        """Show it so, if it is not, with everything open that is folded, but for the menu over the page."""
        if self._view != (width, scheme, media):
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=scheme, media=media)
            self.page.evaluate(_UNFOLD)
            self._view = (width, scheme, media)
        return self.page


_UNFOLD = "document.querySelectorAll('details:not(.menu)').forEach(one => one.open = true)"


def axe_faults(page: Page, *rules: str) -> list[str]:
    """What axe finds, of every impact; by all rules or only by some.

    Tables are shortened to three rows, all of one make: their contrast is most of the work. Charts are left
    out: axe knows nothing of the contrast of their letters, which `LETTERS` measures, and what they say is
    the label of their figure. Their marks are taken away, since axe looks for each word through all that is
    drawn; the place that they have on the page stays.
    """
    page.evaluate(_SHORTEN, True)
    options = {"resultTypes": ["violations"], "preload": False} | ({"runOnly": [*rules]} if rules else {})
    axe = Axe("0") if page.evaluate("typeof axe === 'object'") else Axe()  # its half a megabyte is read once
    found = axe.run(page, context={"exclude": [["svg"]]}, options=options).response["violations"]
    page.evaluate(_SHORTEN, False)
    return [
        f"{one['impact']}: {one['id']}, {len(one['nodes'])} times, as in {one['nodes'][0]['html'][:200]}"
        for one in found
    ]


_SHORTEN = """hidden => {
    document.querySelectorAll('tbody').forEach(
        body => [...body.rows].slice(2, -1).forEach(row => row.hidden = hidden));
    document.querySelectorAll('svg.chart > *').forEach(one => one.style.display = hidden ? 'none' : '');
}"""

LETTERS = """() => {
    const light = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(x => x / 255)
            .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const faults = [];
    for (const drawing of document.querySelectorAll('svg.chart')) {
        if (!drawing.getBoundingClientRect().width) continue;
        const below = [];
        for (const one of drawing.querySelectorAll('path, rect, text')) {
            const style = getComputedStyle(one), box = one.getBoundingClientRect();
            if (one.tagName !== 'text') {
                const solid = style.fill !== 'none' && +style.fillOpacity * +style.opacity > 0.9;
                if (solid) below.push([box, style.fill, one]);
                continue;
            }
            const x = box.x + box.width / 2, y = box.y + box.height / 2;
            const on = below.findLast(([b, , shape]) => x > b.left && x < b.right && y > b.top && y < b.bottom
                && (b.width * b.height > 1) && covers(shape, x, y));
            const ground = on ? on[1] : getComputedStyle(document.body).backgroundColor;
            const [a, b] = [light(style.fill), light(ground)].sort((a, b) => b - a);
            const halo = style.paintOrder.startsWith('stroke') && on;
            const ratio = (a + 0.05) / (b + 0.05);
            if (ratio < 4.5 && !halo)
                faults.push(`${one.textContent}: ${style.fill} on ${ground}, ${ratio.toFixed(2)}`);
        }
    }
    return [...new Set(faults)];
    function covers(shape, x, y) {
        const at = new DOMPoint(x, y).matrixTransform(shape.getScreenCTM().inverse());
        return shape.isPointInFill(at);
    }
}"""
"""Letters of charts that stand out from what is under them by less than 4.5 to 1."""

PAINTS = """() => [...document.querySelectorAll('svg :is(path, rect, circle, text, line)')]
    .filter(one => one.getBoundingClientRect().width + one.getBoundingClientRect().height)
    .map(one => [one.outerHTML.slice(0, 120), getComputedStyle(one).fill, getComputedStyle(one).stroke])"""
"""Every mark of the charts that are shown, with the colours it is painted in."""

OUTSIDE = """() => [...document.querySelectorAll('svg.chart text')].filter(one => {
    const box = one.getBoundingClientRect();
    return box.width && (box.right > innerWidth || box.left < 0);
}).map(one => one.textContent)"""
"""Words of charts that the edge of the window cuts."""

CONTROLS = """() => [...document.querySelectorAll('a[href], summary, input, select, button, [tabindex]')]
    .filter(one => one.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true}))"""

FOCUS = f"""() => ({CONTROLS})().filter(one => {{
    const around = one.matches('.chip input') ? one.nextElementSibling : one;
    const shown = style => style.outlineStyle + style.outlineWidth + style.outlineColor + style.boxShadow;
    const before = shown(getComputedStyle(around));
    one.focus({{focusVisible: true, preventScroll: true}});
    const style = getComputedStyle(around);
    const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    const seen = outlined && shown(style) !== before;
    one.blur();
    return one.tabIndex > 0 || !seen;
}}).map(one => one.outerHTML.slice(0, 120))"""
"""Controls that show no outline with the focus, or ask for it out of turn."""

WALK = f"""() => {{
    const all = ({CONTROLS})(), once = new Set();
    const first = one => one.checked && !once.has(one.name) && once.add(one.name);
    window.due = all.filter(one => one.type !== 'radio' || first(one));
    window.met = [];
    document.addEventListener('focusin', event => met.push(window.due.indexOf(event.target)));
    return window.due.length;
}}"""
"""Remember which controls the focus meets from now on, by their place; radios of one name are one."""
