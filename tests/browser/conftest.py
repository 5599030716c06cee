"""One real browser for each module of tests, which reaches nothing but this machine."""

import pytest
from playwright.sync_api import sync_playwright

_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-proxy-server"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)


@pytest.fixture(scope="module")
def chromium(chromium_program):
    """A running Chromium; whoever opens a page in it closes its context again.

    Not one for the session: while it runs, no other test of the process can have an event loop.
    """
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_program, args=_ARGUMENTS)
        yield running
        running.close()
