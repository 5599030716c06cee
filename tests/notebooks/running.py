"""Run a notebook's cells in this process, as a batch would, and give what it made."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


@dataclass(frozen=True)
class Ran:
    """What a notebook made.

    Attributes
    ----------
    text : str
        The JSON file, as written.
    pieces : list
        The pieces of its page, in order.
    """

    text: str
    pieces: list[Any]

    @property
    def meta(self) -> dict[str, Any]:
        return json.loads(self.text)["meta"]

    @property
    def data(self) -> dict[str, Any]:
        """Block → figures."""
        return json.loads(self.text)["data"]

    @property
    def sections(self) -> list[str]:
        """Names of the sections, in order."""
        return [piece.block for piece in self.pieces if hasattr(piece, "block")]


def run_notebook(
    name: str,
    params: Path,
    out: Path,
    *,
    started: str,
    models: Path | None = None,
    charts: bool = True,
    **parameters: Any,
) -> Ran:
    """Run every cell of a notebook.

    Parameters
    ----------
    name : str
        The notebook, without its ending.
    params : pathlib.Path
        The params file in which the notebook looks its organisation up.
    out : pathlib.Path
        Where it writes its figures and tables; made where it is missing.
    started : str
        When the run began: no notebook asks the clock.
    models : pathlib.Path, optional
        Where models are kept between runs; by default a place that all tests share.
    charts : bool
        Whether pictures are drawn: most of the time goes into them, and most tests look at none.
    **parameters
        What stands in place of the values of the parameters cell.
    """
    out.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBOOK_PARAMS", str(params))
        patch.setenv("WORKBOOK_OUTPUT", str(out))
        patch.setenv("WORKBOOK_STARTED", started)
        patch.setenv("WORKBOOK_MODELS", str(models or os.environ["WORKBOOK_MODELS"]))
        if not charts:
            patch.setattr("analytics.charts.theme.both", lambda *_, **__: None)
        shown = _run_cells(NOTEBOOKS / f"{name}.ipynb", parameters)
    pieces = [piece for one in shown if one is not None for piece in one.parts]
    return Ran((out / f"{name}.json").read_text(), pieces)


def runs_of(name: str, params: Path, folder: Path, **usual: Any) -> Callable[..., Ran]:
    """Return a function that runs a notebook with other parameters, once for each choice of them.

    Parameters
    ----------
    name : str
    params : pathlib.Path
    folder : pathlib.Path
        Where each run has a folder of its own.
    **usual
        What `run_notebook` takes beside these, where nothing else is asked for.
    """
    done: dict[str, Ran] = {}

    def run(**other: Any) -> Ran:
        asked = usual | other
        key = repr(sorted(asked.items()))
        if key not in done:
            done[key] = run_notebook(name, params, folder / str(len(done)), **asked)
        return done[key]

    return run


def _run_cells(path: Path, parameters: Mapping[str, Any]) -> list[Any]:
    """Return what the cells displayed, and what their last lines were worth."""
    shown: list[Any] = []
    names: dict[str, Any] = {"display": shown.append}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, cell.id, "exec"), names)
        if last is not None:
            shown.append(eval(compile(ast.Expression(last.value), cell.id, "eval"), names))
        if cell.id == "parameters":
            names |= parameters
    names["report"].dataset.close()
    return shown
