"""What a run tells the processes that make its reports, by environment variables."""

STARTED = "WORKBOOK_STARTED"
"""When the run began, ISO with a time zone: nothing below asks the clock."""

CHECKED = "WORKBOOK_CHECKED"
"""Folder of the run in which it is remembered what validation has said of each table."""
