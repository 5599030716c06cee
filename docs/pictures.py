"""Make the small pictures of the README: the top of each report, as a browser shows it.

    make pictures        # after make report

Needs a Chromium, as PDFs do. The pictures are made by hand when a report's look has changed, and looked at.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from analytics.reporting.printing import browser

HERE = Path(__file__).resolve().parent
REPORTS = HERE.parent / "reports"
TIMEFRAME = "last-quarter"
SHOWN = {
    "demo-retail": (
        *("segmentation", "purchase_patterns", "retention", "clv", "churn_training", "roi"),
        *("campaign", "revenue_forecast"),
    ),
    "demo-saas": ("pipeline", "lead_scoring", "lifecycle", "interventions", "executive"),
    "demo-vietnam": ("data_quality",),
}
"""Organisation → the reports that are shown of it."""
SEEN, WIDTH, COLOURS = (1000, 1100), 480, 24
TOP = 52  # pixels of navigation that say nothing about the report


def picture(page: Path, target: Path) -> None:
    """Show a page in a browser and keep its top, small and in few colours."""
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "shot.png"
        options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run")
        size = f"--window-size={SEEN[0]},{SEEN[1]}"
        where = (f"--user-data-dir={folder}/profile", f"--screenshot={shot}", page.resolve().as_uri())
        subprocess.run([browser(), *options, size, *where], check=True, capture_output=True, timeout=120)
        with Image.open(shot) as image:
            top = image.convert("RGB").crop((0, TOP, *SEEN))
    small = top.resize((WIDTH, round(WIDTH * top.height / top.width)), Image.Resampling.LANCZOS)
    small.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)


def main(reports: Path = REPORTS) -> None:
    """Make the picture of each report."""
    for organisation, names in SHOWN.items():
        for name in names:
            picture(reports / organisation / TIMEFRAME / f"{name}.html", HERE / "pictures" / f"{name}.png")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
