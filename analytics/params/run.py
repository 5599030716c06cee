"""What a run tells the processes that make its reports, by environment variables."""

from __future__ import annotations

import os
from pathlib import Path

STARTED = "WORKBOOK_STARTED"
"""When the run began, ISO with a time zone: nothing below asks the clock."""

CHECKED = "WORKBOOK_CHECKED"
"""Folder of the run in which it is remembered what validation has said of each table."""

REPORTS = "WORKBOOK_REPORTS"
"""Folder of all reports, where one that reads the figures of others finds them."""


def reports_folder() -> Path:
    """Return the folder of all reports: ``$WORKBOOK_REPORTS``, else ``reports`` beside the params.

    Returns
    -------
    pathlib.Path
        Absolute; it need not exist.
    """
    if given := os.environ.get(REPORTS):
        return Path(given).absolute()
    home = Path(__file__).resolve().parents[2]
    return (home if (home / "params").is_dir() else Path.cwd()) / "reports"
