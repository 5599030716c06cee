"""JupyterLab as `workbook lab` starts it, on copies of the notebooks, moved by a browser.

Nothing of the user's is read or written: JupyterLab's settings, its workspaces, models and reports lie in a
folder of the test's own. All notebooks share one kernel, so that what they import is imported once; its names
and its widgets are forgotten before each.
"""

from __future__ import annotations

import ast
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client import BlockingKernelClient
from playwright.sync_api import Browser, Locator, Page, expect

HOME = Path(__file__).resolve().parents[2]
PICTURES = "WORKBOOK_SCREENSHOTS"
"""Environment variable: a folder in which pictures of what was seen are kept, for someone to look at."""

_LIMIT, _ALL_CELLS = 60, 300
"""Seconds until a click has failed, or a notebook; a busy machine is no failure."""
_WIDE, _TALL, _AROUND, _PICTURE = 1400, 1000, 200, 16_000
"""Pixels: of the window, of JupyterLab around a notebook, and the tallest picture that is made."""
_SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
_DONE = """() => {
    const panel = document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden)');
    const prompts = [...panel.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(one => one.textContent);
    return /\\d/.test(prompts[0]) && !prompts.includes('[*]:')
        && panel.querySelector('.jp-Notebook-ExecutionIndicator').dataset.status === 'idle';
}"""
_FORGET = "import ipywidgets; ipywidgets.Widget.close_all()\n%reset -f"


@dataclass
class Lab:
    """JupyterLab, open in a browser.

    Attributes
    ----------
    page : Page
    kernel : BlockingKernelClient
        Of the kernel that all notebooks share.
    folder : pathlib.Path
        The copies of the notebooks, and what they write.
    complaints : list of str
        What JupyterLab said went wrong, in the browser's console or in an answer to it, and every address
        that is not its own.
    """

    page: Page
    kernel: BlockingKernelClient
    folder: Path
    complaints: list[str] = field(default_factory=list)
    _ran: set[str] = field(default_factory=set)

    @contextmanager
    def opened(self, name: str, *, after: str = "") -> Iterator[Locator]:
        """Open a notebook by its name in the file browser, run all of its cells, and close it again.

        Parameters
        ----------
        name : str
            Of the notebook, without its ending.
        after : str
            The notebook that must have run before.

        Yields
        ------
        Locator
            The notebook.
        """
        if after and after not in self._ran:
            with self.opened(after):
                pass
        self._say(_FORGET)
        page = self.page
        with page.expect_websocket(lambda socket: "/channels" in socket.url):
            page.locator(f'.jp-DirListing-item[title^="Name: {name}.ipynb"]').dblclick()
        page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()
        try:
            self.choose("Run", "Run All Cells")
            page.wait_for_function(_DONE, polling=250, timeout=1000 * _ALL_CELLS)
            self._ran.add(name)
            self.keep(name, whole=True)
            yield page.locator(_SHOWN)
        finally:
            page.locator(".lm-DockPanel-tabBar .jp-mod-current .lm-TabBar-tabCloseIcon").click()
            page.get_by_role("button", name="Discard").click()
            page.locator(_SHOWN).wait_for(state="detached")

    def changed(self, answer: Locator, act: Callable[[], object]) -> None:
        """Do something, and wait until an answer is another one."""
        before = answer.inner_html()
        act()
        arguments = [answer.element_handle(), before]
        self.page.wait_for_function("([one, before]) => one.innerHTML !== before", arg=arguments, polling=50)

    def choose(self, menu: str, *items: str) -> None:
        """Click an item of a menu, or of a menu within it."""
        self.page.locator(".lm-MenuBar-itemLabel").get_by_text(menu, exact=True).click()
        for item in items:
            self.page.locator(".lm-Menu-itemLabel").get_by_text(item, exact=True).click()

    def ask(self, expression: str) -> Any:
        """Ask the kernel what plain Python value an expression has, among the names of the notebook."""
        answer = self._say("", asked=expression)["user_expressions"]["asked"]
        assert answer["status"] == "ok", answer
        return ast.literal_eval(answer["data"]["text/plain"])

    def keep(self, name: str, *, whole: bool = False) -> None:
        """Keep a picture, or one of all that the notebook has, where somebody asked for pictures."""
        if not (folder := os.environ.get(PICTURES)):
            return
        if whole:
            inner = self.page.locator(_SHOWN).locator(".jp-WindowedPanel-outer")
            height = inner.evaluate("one => one.scrollHeight") + _AROUND
            self.page.set_viewport_size({"width": _WIDE, "height": min(height, _PICTURE)})
            inner.evaluate("one => one.scrollTop = 0")
        self.page.screenshot(path=Path(folder) / f"{name}.png")
        self.page.set_viewport_size({"width": _WIDE, "height": _TALL})

    def _say(self, code: str, **expressions: str) -> dict[str, Any]:
        reply = self.kernel.execute(
            code, store_history=False, user_expressions=expressions, reply=True, timeout=_ALL_CELLS
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        return reply["content"]


@contextmanager
def running(browser: Browser, folder: Path) -> Iterator[Lab]:
    """Start `workbook lab` on copies of the notebooks, and a kernel, and open it in a browser."""
    notebooks = _copies(folder)
    token = secrets.token_hex()
    environment = _environment(folder, notebooks, token)
    with (folder / "log").open("w") as log:
        command = [sys.executable, "-m", "analytics", "lab"]
        server = subprocess.Popen(command, cwd=HOME, env=environment, stdout=log, stderr=log)
    context = browser.new_context(viewport={"width": _WIDE, "height": _TALL}, reduced_motion="reduce")
    context.set_default_timeout(1000 * _LIMIT)
    expect.set_options(timeout=1000 * _LIMIT)
    try:
        address = _address(server, folder)
        kernel = _kernel(address, token, notebooks, folder)
        lab = Lab(context.new_page(), kernel, notebooks)
        _listen(lab, address)
        lab.page.goto(f"{address}lab?token={token}")
        lab.page.locator(".jp-DirListing-item").first.wait_for()
        yield lab
        kernel.stop_channels()
    finally:
        context.close()
        server.terminate()
        server.wait()


def _copies(folder: Path) -> Path:
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    for one in (*HOME.glob("notebooks/*.ipynb"), HOME / "docs/explore.ipynb"):
        shutil.copy(one, notebooks)
    (folder / "data").symlink_to(HOME / "data")  # which explore reads from beside its folder
    return notebooks


def _environment(folder: Path, notebooks: Path, token: str) -> dict[str, str]:
    """Folders of its own for all that is remembered; no question about news, no list of extensions."""
    config = {
        "ServerApp": {"port": 0, "open_browser": False, "allow_root": True},
        "IdentityProvider": {"token": token},
        "LabApp": {"extension_manager": "readonly", "news_url": None},
    }
    settings = {"apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False}}
    _write(folder / "config/jupyter_server_config.json", config)
    for name, values in settings.items():
        _write(folder / f"settings/@jupyterlab/{name}.jupyterlab-settings", values)
    own = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "share",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "WORKBOOK_MODELS": "models",
        "WORKBOOK_REPORTS": "reports",
    }
    # What another test's notebook was told, or a shell's backend for plots, does not belong to a lab.
    alien = {"WORKBOOK_OUTPUT", "WORKBOOK_PARAMS", "WORKBOOK_STARTED", "WORKBOOK_CHECKED", "MPLBACKEND"}
    inherited = {name: value for name, value in os.environ.items() if name not in alien}
    return (
        inherited
        | {name: str(folder / part) for name, part in own.items()}
        | {"WORKBOOK_NOTEBOOKS": str(notebooks)}
    )


def _write(path: Path, values: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))


def _address(server: subprocess.Popen[bytes], folder: Path) -> str:
    """Wait until the server answers, which is a little after it has written down where."""
    written = folder / "runtime" / f"jpserver-{server.pid}.json"
    end = time.monotonic() + _ALL_CELLS
    while time.monotonic() < end and server.poll() is None:
        try:
            address: str = json.loads(written.read_text())["url"]
            with urllib.request.urlopen(address + "login"):
                return address
        except (OSError, json.JSONDecodeError):
            time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start: {(folder / 'log').read_text()}")


def _kernel(address: str, token: str, notebooks: Path, folder: Path) -> BlockingKernelClient:
    """Start a kernel and bind every notebook to it, as its menu does with the kernel of another one."""

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
        asked = urllib.request.Request(f"{address}api/{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(asked) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    identity = post("kernels", {"name": "python3", "path": ""})["id"]
    for one in notebooks.glob("*.ipynb"):
        bound = {"path": one.name, "name": one.name, "type": "notebook", "kernel": {"id": identity}}
        post("sessions", bound)
    client = BlockingKernelClient(connection_file=str(folder / "runtime" / f"kernel-{identity}.json"))
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=_ALL_CELLS)
    return client


def _listen(lab: Lab, address: str) -> None:
    said, page = lab.complaints, lab.page
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda one: said.append(f"{one.url}: {one.failure}"))
    page.on("response", lambda one: said.append(f"{one.url}: {one.status}") if one.status >= 400 else None)
    own = (address, "data:", "blob:")
    page.on("request", lambda one: None if one.url.startswith(own) else said.append(one.url))
