"""What whole pages have in common: their templates and their style sheets."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from jinja2 import Environment
from markupsafe import Markup

from analytics.page import render


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Give the templates of whole pages."""
    return render.environment("analytics.reporting")


@lru_cache(maxsize=4)
def style_sheet(*more: str) -> Markup:
    """Give the style sheet of a page: that of the reports, and others of this package after it."""
    folder = resources.files("analytics.reporting") / "templates"
    texts = [(folder / f"{name}.css").read_text(encoding="utf-8") for name in more]
    return Markup("".join([render.page_css(), *map(render.minified, texts)]))
