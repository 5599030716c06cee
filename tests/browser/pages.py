"""Real reports, rendered once, and what a browser can tell about a page."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from analytics.cli import refuse_bad_data
from analytics.data.demo import write_demo
from analytics.params import expand, load_workbook
from analytics.reporting import batch
from analytics.reporting.manifest import Failure, PageContext, ReportName
from analytics.reporting.page import render_failure
from analytics.reporting.plan import Batch
from tests.reporting.test_batch import Told

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
SHOP, SLUG = "demo-vietnam", "last-quarter"
PARAMS = """
timeframes: [last-quarter]
organisations:
  - id: demo-vietnam  # has data for every notebook, and the longest words: amounts in dong
    name: Demo Vietnam
    currency: VND
    locale: vi_VN
    timezone: Asia/Ho_Chi_Minh
    market: vietnam
    complete_history: true
    source: {path: data/demo-vietnam, owned: true}
    parameters:
      roi: {contact_cost: 50000, revenue_multiplier: 100000, high_risk_threshold: 0.2}
      interventions: {high_risk_threshold: 0.2}
      pipeline: {min_deal_value: 50000000}
      executive: {customer_value_over: 20000000, deal_value_over: 100000000}
      campaign: {m_bounds: [5000000, 10000000, 20000000, 40000000, 80000000]}
  - {id: demo-saas, name: Demo SaaS, source: {path: data/demo-saas, owned: true}, notebooks: [campaign]}
  - {id: nothing, name: Nothing & Sons, source: {path: data/nothing}, notebooks: [retention, clv]}
"""
"""Reports of every notebook, one without data, and an organisation whose data are refused."""

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


def render(root: Path) -> Path:
    """Make the pages as a batch does, and one of a report that failed in a cell."""
    write_demo(root / "data", customers=600)
    (root / "data" / "nothing").mkdir()
    params = root / "params.yml"
    params.write_text(PARAMS)
    jobs = expand(load_workbook(params, notebooks=NOTEBOOKS), folder=NOTEBOOKS)
    out, started = root / "reports", datetime(2026, 11, 21, 6, tzinfo=UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBOOK_MODELS", str(root / "models"))
        asked = Batch(jobs=jobs, params=params, notebooks=NOTEBOOKS, out=out, started=started)
        record = batch.run(replace(asked, check=refuse_bad_data), Told())
    states = {(one.report.organisation, one.report.notebook): one.state for one in record.results}
    assert [name for name in NAMES if states[SHOP, name] not in ("ready", "warning")] == []
    (out / FAILED).write_text(_failed_page(started))
    return out


def _failed_page(started: datetime) -> str:
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
        failure, PageContext(report=name, siblings=(name,), started=started, parameters=parameters)
    )


@dataclass
class Sheet:
    """A page of which it is remembered what it asked for and what the browser said of it."""

    page: Page
    address: str
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def look(self, *, width: int = WIDE, scheme: str = "light", media: str = "screen") -> Page:
        """Show it so, with everything open that is folded, but for the menu over the page."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme=scheme, media=media)
        self.page.evaluate(_UNFOLD)
        return self.page


_UNFOLD = "document.querySelectorAll('details:not(.menu)').forEach(one => one.open = true)"


def open_page(browser: Browser, path: Path, **options: object) -> Sheet:
    """Open a file in a context of its own, and listen from before its first byte."""
    page = browser.new_context(**options).new_page()
    sheet = Sheet(page, path.resolve().as_uri())
    page.on("request", lambda request: sheet.asked.append(request.url))
    page.on("console", lambda message: sheet.said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: sheet.said.append(str(error)))
    page.goto(sheet.address)
    return sheet


def axe_faults(page: Page, *rules: str) -> list[str]:
    """What axe finds, of every impact; by all rules or only by some.

    Long tables are shortened, since their rows are of one make. Charts are left out: axe knows nothing of the
    contrast of their letters, which `LETTERS` measures, and what they say is the label of their figure.
    """
    page.evaluate(_SHORTEN, True)
    options = {"resultTypes": ["violations"]} | ({"runOnly": [*rules]} if rules else {})
    axe = Axe("0") if page.evaluate("typeof axe === 'object'") else Axe()  # its half a megabyte is read once
    found = axe.run(page, context={"exclude": [["svg"]]}, options=options).response["violations"]
    page.evaluate(_SHORTEN, False)
    return [
        f"{one['impact']}: {one['id']}, {len(one['nodes'])} times, as in {one['nodes'][0]['html'][:200]}"
        for one in found
    ]


_SHORTEN = """hidden => document.querySelectorAll('tbody').forEach(
    body => [...body.rows].slice(8, -2).forEach(row => row.hidden = hidden))"""

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
