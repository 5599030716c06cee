"""The command ``workbook``: parse and delegate.

What a command needs is imported when the command is known, so that help and refusals come at once. Exit
codes: 0 all is well, 1 a report failed or data were refused, 2 nothing was run, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from analytics import cli_email, cli_models
from analytics.errors import AnalyticsError, ParamsError, nearest

if TYPE_CHECKING:
    from analytics.params import Job, NotebookCard, Organisation

FAILED, REFUSED, STOPPED = 1, 2, 130
DEBUG = "WORKBOOK_DEBUG"
_HOME = Path(__file__).resolve().parents[1]
_MANY = 256


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        The exit code.
    """
    given = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = given.command
    try:
        return command(given)
    except AnalyticsError as error:
        sys.stderr.write(f"workbook: {error}\n")
        return REFUSED
    except KeyboardInterrupt:
        sys.stderr.write("workbook: stopped\n")
        return STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        what = error.strerror if isinstance(error, OSError) and error.strerror else "an error nobody foresaw"
        at = f": {error.filename}" if isinstance(error, OSError) and error.filename else ""
        sys.stderr.write(f"workbook: {what}{at} ({type(error).__name__}); {DEBUG}=1 shows where\n")
        return FAILED


# Commands -----------------------------------------------------------------------------------------------


def demo(given: argparse.Namespace) -> int:
    """Write the demonstration organisations."""
    from analytics.data.demo import DEFAULT_SEED, write_demo

    out = given.out or _home() / "data" / "demo"
    seed = DEFAULT_SEED if given.seed is None else given.seed
    write_demo(out, given.customers, seed, done=lambda name: _say(f"{name}: written"))
    _say(str(out))
    return 0


def run(given: argparse.Namespace) -> int:
    """Make reports."""
    from analytics.params import expand, load_workbook, notebook_folder

    folder = notebook_folder()
    workbook = load_workbook(given.params, notebooks=folder)
    _refuse_bad_folder(given.out)
    jobs = expand(
        workbook,
        organisations=given.organisation,
        timeframes=given.timeframe,
        notebooks=given.notebook,
        folder=folder,
        lacking=_lacking,
    )
    if not jobs:
        raise ParamsError(f"there is nothing to run: {folder} holds no notebook")
    if given.email:
        cli_email.refuse_early([job.organisation for job in jobs], given.params)
    out: Path = given.out
    for job in jobs:
        if job.added_for:
            what = f"{job.organisation.id}  {job.timeframe}  {job.card.name}"
            _say(f"{what}: added to the run, because {job.added_for} and there are none yet")
    if given.dry_run:
        for job in jobs:
            _say(str(out / job.organisation.id / job.slug / f"{job.card.name}.html"))
        return 0
    chosen = given.organisation or given.timeframe or given.notebook
    whole = expand(workbook, folder=folder) if chosen else jobs
    return _run(jobs, whole, folder, given, given.jobs or workbook.jobs)


def _run(
    jobs: Sequence[Job],
    whole: Sequence[Job],
    notebooks: Path,
    given: argparse.Namespace,
    workers: int | None,
) -> int:
    from analytics.data import source_state
    from analytics.reporting import batch
    from analytics.reporting.plan import Batch, default_workers
    from analytics.reporting.printing import browser
    from analytics.reporting.progress import progress, summary_of

    if not given.scheduler and any("pdf" in job.organisation.formats for job in jobs):
        browser()  # refused before anything runs, where there is none
    wanted = Batch(
        jobs=jobs,
        params=given.params,
        notebooks=notebooks,
        out=given.out,
        workers=min(workers or default_workers(), len(jobs)),
        check=refuse_bad_data,
        data=source_state,
        whole=whole,
        force=given.force,
        resume=given.resume,
        scheduler=given.scheduler,
    )
    try:
        with _stopped_by_signals(), progress(sys.stdout, len(jobs)) as reporter:
            record = batch.run(wanted, reporter)
    except batch.Stopped as stopped:
        sys.stderr.write(f"workbook: stopped. {summary_of(stopped.record)}\n")
        return STOPPED
    except batch.Unsaved as unsaved:
        sys.stderr.write(f"workbook: {summary_of(unsaved.record)} {unsaved}\n")
        return FAILED
    _say(summary_of(record))
    _say(str(given.out / "index.html"))
    unsent = cli_email.send(given.params, given.out, given.organisation) if given.email else 0
    return FAILED if record.count("failed") else unsent


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM stop the run, once: a second one must not keep it from ending well."""
    signals = (signal.SIGINT, signal.SIGTERM)

    def stop(*_: object) -> NoReturn:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = [signal.signal(each, stop) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


def _lacking(organisation: Organisation, need: str, timeframes: Sequence[str]) -> Sequence[str]:
    from analytics.data.needs import timeframes_without

    return timeframes_without(organisation, need, timeframes)


def check(given: argparse.Namespace) -> int:
    """Hold the data against the contract."""
    from analytics.params import load_workbook, notebook_folder, notebook_names, read_card

    folder = notebook_folder()
    workbook = load_workbook(given.params, notebooks=folder)
    chosen = [workbook.organisation(name) for name in dict.fromkeys(given.organisation)]
    refused = False
    for organisation in chosen or workbook.organisations:
        names = organisation.notebooks or notebook_names(folder)
        refused |= _check(organisation, [read_card(name, folder) for name in names])
    return FAILED if refused else 0


def lab(given: argparse.Namespace) -> int:
    """Open JupyterLab on the notebooks, with the interpreter of this command as their kernel.

    Their defaults are the demonstration organisations, which are written first where they are not there.
    Where the notebooks are the project's own, the rest of it can be opened beside them.
    """
    from analytics.data.demo import write_demo
    from analytics.params import notebook_folder

    shown = _home() / "data" / "demo"
    if not shown.exists():
        write_demo(shown)
    folder = notebook_folder()
    paths = [str(_HOME), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
    inside = folder.resolve().is_relative_to(_home().resolve())
    options = [
        f"--ServerApp.root_dir={_home() if inside else folder}",
        f"--ServerApp.preferred_dir={folder}",
        *given.options,
    ]
    command = [sys.executable, "-m", "jupyterlab", *options]
    os.execve(command[0], command, environment)


def refuse_bad_data(organisation: Organisation, told: Mapping[str, str]) -> None:
    """Open an organisation's data, and raise where they cannot be used at all.

    What is found stands in the folder of the run, so that its reports need not look again.
    """
    from analytics.data.dataset import open_dataset
    from analytics.params.run import CHECKED, STARTED

    started, checked = datetime.fromisoformat(told[STARTED]), Path(told[CHECKED])
    open_dataset(organisation, started=started, checked=checked).close()


# Words of `check` ---------------------------------------------------------------------------------------


def _check(organisation: Organisation, cards: Sequence[NotebookCard]) -> bool:
    """Print what is found in one organisation's data; return whether they are refused."""
    from contextlib import closing

    from analytics.data.dataset import check_dataset
    from analytics.data.readiness import readiness

    _say(f"{organisation.name} ({organisation.id})")
    try:
        dataset = check_dataset(organisation)
    except AnalyticsError as error:
        _say(_indented(f"refused: {error}"))
        return True
    with closing(dataset):
        rows = [("table", "rows used", "set aside")]
        rows += [
            (t, "refused" if t in dataset.refused else f"{n:,}", f"{dataset.left_out.get(t, 0):,}")
            for t, n in dataset.rows.items()
        ]
        _say(_aligned(rows))
        for f in dataset.findings:
            if f.rows or f.action == "refused":
                rows_of = f", {f.rows:,} {'row' if f.rows == 1 else 'rows'}" if f.rows else ""
                _say(f"  {f.action}{rows_of}: {f.table} {f.rule}")
                _say(textwrap.indent(textwrap.fill(f.message, 100, break_long_words=False), "    ") + "\n")
        _say(_aligned([("notebook", "state"), *((c.name, readiness(c, dataset).words) for c in cards)]))
        return bool(dataset.refused)


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    """Set rows in columns, figures to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            text.rjust(width) if re.fullmatch(r"[\d,]+|refused", rows[-1][column]) else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"  {'  '.join(cells)}".rstrip())
    return "\n".join([*lines, ""])


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


# Arguments ----------------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """An argument parser that suggests the name that was probably meant."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments; nothing has been run."""
        if found := re.match(r"argument .*?: invalid choice: '(.*?)' \(choose from (.*)\)", message):
            allowed = [name.strip(" '") for name in found[2].split(",")]
            listed = ", ".join(allowed)
            message = f'there is no command "{found[1]}"{nearest(found[1], allowed)}; there are {listed}'
        elif message.startswith("unrecognized arguments: "):
            first = message.removeprefix("unrecognized arguments: ").split()[0]
            options = [
                option for action in self._actions for option in action.option_strings if option[1] == "-"
            ]
            message = f'{self.prog} does not take "{first}"{nearest(first.partition("=")[0], options)}'
            message += f"; its options are {', '.join(options)}"
            if self.prog.endswith(" lab"):
                message += f", and JupyterLab's own after --: {self.prog} -- {first}"
        sys.stderr.write(f"workbook: {message}\n")
        sys.exit(REFUSED)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Refuse what is not known where it is not known, so that the right options are suggested."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="workbook", description="Reports on customers, for every organisation and timeframe."
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command_name", metavar="COMMAND", required=True)

    one = _command(commands, "demo", demo, "write the demonstration organisations")
    one.add_argument(
        "--customers", type=_whole(50, 5_000_000), default=2_000, metavar="N", help="of each (2000)"
    )
    one.add_argument(
        "--seed", type=_whole(0, 2**32 - 1), metavar="S", help="the same seed gives the same data"
    )
    one.add_argument("--out", type=Path, metavar="DIR", help="where to (data/demo)")

    one = _command(commands, "run", run, "make reports")
    one.add_argument("params", type=Path, metavar="PARAMS", help="a YAML file, or a folder of them")
    one.add_argument(
        "--organisation", action="append", default=[], metavar="O", help="only this one; may be repeated"
    )
    one.add_argument(
        "--timeframe", action="append", default=[], metavar="T", help="this one; may be repeated"
    )
    one.add_argument("--notebook", action="append", default=[], metavar="N", help="this one; may be repeated")
    one.add_argument("--jobs", type=_whole(1, _MANY), metavar="J", help="reports at once (2)")
    one.add_argument("--force", action="store_true", help="make also the reports for which nothing changed")
    one.add_argument("--resume", action="store_true", help="finish the last run, if it was stopped or killed")
    one.add_argument(
        "--scheduler", default="", metavar="ADDRESS", help="of a Dask cluster, such as tcp://10.0.0.5:8786"
    )
    one.add_argument("--email", action="store_true", help="then send the messages, see workbook email")
    one.add_argument("--out", type=Path, default=Path("reports"), metavar="DIR", help="where to (reports)")
    one.add_argument("--dry-run", action="store_true", help="only say which pages would be made")

    one = _command(commands, "check", check, "hold the data against the contract")
    one.add_argument("params", type=Path, metavar="PARAMS", help="a YAML file, or a folder of them")
    one.add_argument(
        "--organisation", action="append", default=[], metavar="O", help="only this one; may be repeated"
    )

    one = _command(commands, "email", cli_email.email, "send the messages of the last run, or write them")
    cli_email.add_arguments(one)

    one = _command(commands, "models", cli_models.overview, "list, show, compare and choose trained models")
    cli_models.add_arguments(one, _command)

    one = _command(commands, "lab", lab, "open JupyterLab on the notebooks")
    one.add_argument(
        "options", nargs="*", metavar="OPTION", help="for JupyterLab: lab -- --no-browser --port 8890"
    )
    return parser


def _command(
    commands: argparse._SubParsersAction[_Parser],
    name: str,
    call: Callable[[argparse.Namespace], int],
    words: str,
) -> _Parser:
    one = commands.add_parser(
        name, help=words, description=f"{words[0].upper()}{words[1:]}.", allow_abbrev=False
    )
    one.set_defaults(command=call)
    return one


def _whole(least: int, most: int) -> Callable[[str], int]:
    """Read a whole number between two bounds."""

    def read(text: str) -> int:
        if not re.fullmatch(r"\d+", text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(
                f'a whole number from {least} to {most} is needed, not "{text[:40]}"'
            )
        return int(text)

    return read


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("customer-analytics-workbook")
    except PackageNotFoundError:
        return "not installed"


def _refuse_bad_folder(out: Path) -> None:
    """Refuse a place where reports cannot be written, before anything runs."""
    existing = next(folder for folder in (out, *out.absolute().parents) if folder.exists())
    if not existing.is_dir():
        raise ParamsError(f"--out {out}: {existing} is a file; give a folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise ParamsError(f"--out {out}: {existing} cannot be written to")


def _home() -> Path:
    return _HOME if (_HOME / "params").is_dir() else Path.cwd()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
