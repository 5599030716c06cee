"""A page as a PDF, laid out for A4 by the print of a headless Chromium."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from analytics.errors import AnalyticsError, ParamsError

BROWSER = "WORKBOOK_BROWSER"
"""Environment variable: the program, where it has another name or stands elsewhere."""

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_QUIET = (
    *("--headless", "--disable-gpu", "--no-first-run", "--hide-scrollbars", "--mute-audio"),
    *("--disable-extensions", "--disable-sync", "--disable-background-networking"),
    *("--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND", "--no-pdf-header-footer"),
)
"""Nothing is fetched and nothing called: a page needs nothing from elsewhere."""


def browser(environment: Mapping[str, str] | None = None) -> str:
    """Find the browser that prints.

    Parameters
    ----------
    environment : mapping of str to str, optional
        By default that of the process.

    Returns
    -------
    str
        Its path.

    Raises
    ------
    ParamsError
        If there is none.
    """
    known = os.environ if environment is None else environment
    given = known.get(BROWSER, "")
    names = (given,) if given else _NAMES
    for name in names:
        if found := shutil.which(name, path=known.get("PATH")):
            return found
    said = f'{BROWSER} names "{given}", which is no program' if given else "no Chromium was found"
    raise ParamsError(
        f"{said}; a PDF needs one. Install it (apt install chromium), name the program in {BROWSER}, or take "
        "pdf out of formats"
    )


def print_page(page: Path, pdf: Path, *, limit: float) -> None:
    """Print a page.

    Parameters
    ----------
    page : pathlib.Path
        HTML that needs nothing from elsewhere.
    pdf : pathlib.Path
        Written where all went well, and not otherwise.
    limit : float
        Seconds that it may take; then the browser is ended, with all processes that it started.

    Raises
    ------
    ParamsError
        If there is no browser.
    AnalyticsError
        If it failed or took too long.
    """
    program = browser()
    with tempfile.TemporaryDirectory(prefix="print-", dir=pdf.parent, ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        made = folder / "page.pdf"
        command = [program, *_QUIET, f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={made}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium's own refuses to run for root, as containers do
        process = subprocess.Popen(
            [*command, page.resolve().as_uri()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AnalyticsError(f"the PDF was not printed within {limit:g} s") from None
        finally:
            _end(process)
        if code or not made.is_file() or not made.read_bytes().rstrip().endswith(b"%%EOF"):
            raise AnalyticsError(f"the PDF could not be printed: the browser ended with code {code}")
        made.replace(pdf)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the browser and what it started; it leaves helpers behind where it is killed alone."""
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
