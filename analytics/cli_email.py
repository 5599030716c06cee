"""The command ``workbook email``: messages on the last run, sent or written into a folder."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analytics.mail.delivery import Delivery
    from analytics.params import Organisation

FAILED = 1
OUTBOX = Path("outbox")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``workbook email``."""
    parser.add_argument("params", type=Path, metavar="PARAMS", help="a YAML file, or a folder of them")
    parser.add_argument(
        "--organisation", action="append", default=[], metavar="O", help="only to this one; may be repeated"
    )
    parser.add_argument(
        "--outbox", type=Path, metavar="DIR", help="write the messages as .eml files, send none"
    )
    parser.add_argument("--again", action="store_true", help="send also what was sent, or may have been")
    parser.add_argument(
        "--out", type=Path, default=Path("reports"), metavar="DIR", help="where the reports are (reports)"
    )


def email(given: argparse.Namespace) -> int:
    """Send the messages of the last run."""
    return send(given.params, given.out, given.organisation, outbox=given.outbox, again=given.again)


def refuse_early(organisations: Iterable[Organisation], params: Path) -> None:
    """Refuse before a long run what would be refused after it.

    Parameters
    ----------
    organisations : iterable of Organisation
        Those to write to.
    params : pathlib.Path

    Raises
    ------
    ParamsError
        If nobody is named to write to, or the mail server in the environment cannot be meant.
    """
    from analytics.mail.delivery import server_of
    from analytics.mail.messages import refuse_without_readers

    refuse_without_readers(organisations, params)
    server_of(os.environ)


def send(
    params: Path,
    out: Path,
    organisations: Collection[str] = (),
    *,
    outbox: Path | None = None,
    again: bool = False,
) -> int:
    """Send the messages of the last run, or write them where no server is named.

    Parameters
    ----------
    params, out : pathlib.Path
        Params, and the folder of reports.
    organisations : collection of str
        Ids of those to write to; empty for all.
    outbox : pathlib.Path, optional
        Write there, whatever the environment names.
    again : bool
        Send also what was sent before.

    Returns
    -------
    int
        The exit code: 1 where a message did not reach somebody, or nobody knows.
    """
    from analytics.mail.delivery import HOST, send_all, server_of, write_all
    from analytics.mail.ledger import Ledger
    from analytics.mail.messages import messages_of
    from analytics.params import expand, load_workbook, notebook_folder
    from analytics.reporting.lock import only_run

    folder = notebook_folder()
    workbook = load_workbook(params, notebooks=folder)
    for name in organisations:
        workbook.organisation(name)
    server = None if outbox else server_of(os.environ)  # refused before the messages are drawn
    jobs = expand(workbook, folder=folder)
    with only_run(out) if server else nullcontext():  # no run may change what is sent
        envelopes = messages_of(jobs, out, params, organisations=organisations)
        done = send_all(envelopes, server, Ledger(out), again=again) if server else []
    if server is None:
        where = outbox or OUTBOX
        done = write_all(envelopes, where)
        _say(
            f"{_many(len(done))} written to {where}" + ("" if outbox else f"; {HOST} names no server to send")
        )
        return 0
    for delivery in done:
        _say(_words(delivery))
    return FAILED if any(one.outcome in ("failed", "unsure") for one in done) else 0


def _words(delivery: Delivery) -> str:
    got = f"sent to {delivery.recipients}"
    words = {
        "sent": got,
        "had it": "sent before",
        "unsure": f"not sure: {delivery.reason}",
        "failed": f"failed: {delivery.reason}" + (f"; {got}" if delivery.recipients else ""),
    }
    return f"{delivery.name}: {words[delivery.outcome]}"


def _many(number: int) -> str:
    return "1 message" if number == 1 else f"{number} messages"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
