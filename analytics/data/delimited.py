"""Text files as people export them: read exactly as the params say, and told apart when they are not.

DuckDB reads the bytes, every value as text; `analytics.data.casting` turns text into types. Nothing is
sniffed: a wrong guess about a delimiter or a date would be a wrong figure without a word.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import shutil
from pathlib import Path
from typing import IO

from analytics.errors import SourceError
from analytics.params.source import DELIMITERS, CsvFormat

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz")

_HEAD = 65_536
_CODECS = {"utf-8": "utf-8-sig", "latin-1": "cp1252", "cp1252": "cp1252", "utf-16": "utf-16"}
_BINARY = {
    b"PK\x03\x04": "a spreadsheet or zip archive: save it as CSV UTF-8",
    b"PAR1": "a Parquet file: name it .parquet",
    b"SQLite format 3": "an SQLite file: say kind: sqlite",
    b"%PDF": "a PDF document",
}


def is_text(path: Path) -> bool:
    """Whether a file's name says that it is delimited text."""
    return path.name.lower().endswith(SUFFIXES)


def quoted(name: str) -> str:
    """Quote an identifier for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a string for DuckDB."""
    return "'" + text.replace("'", "''") + "'"


def read_header(path: Path, form: CsvFormat) -> list[str]:
    """Read the names of a text file's columns.

    Parameters
    ----------
    path : Path
    form : CsvFormat
        How the file is written.

    Returns
    -------
    list of str
        Names in the file's order, without blanks around them.

    Raises
    ------
    SourceError
        If the file is empty, is not text, or is plainly not written as `form` says.
    """
    with _open(path) as file:
        try:
            head = file.read(_HEAD)
        except (OSError, EOFError) as error:
            raise SourceError(f"{path.name}: the compressed file is damaged; export it again") from error
    _refuse_other_kinds(path, head, form)
    # Only the names matter here: what cannot be decoded further down is found when it is read.
    lines = head.decode(_CODECS[form.encoding], errors="replace").lstrip("\ufeff").splitlines()
    if lines and "\ufffd" in lines[0]:
        raise _not_in_encoding(path, form)
    if not lines or not lines[0].strip():
        raise SourceError(f"{path.name} begins with an empty line; its first line must name the columns")
    if form.delimiter == "whitespace":
        names = lines[0].split()
    else:
        names = [name.strip() for name in next(csv.reader(lines, delimiter=DELIMITERS[form.delimiter]))]
    _refuse_other_delimiters(path, lines[0], names, form)
    seen = [name.lower() for name in names]
    twice = sorted({name for name in names if name and seen.count(name.lower()) > 1})
    if twice:
        raise SourceError(f"{path.name} names the column {twice[0]!r} more than once; rename one of them")
    return [name or f"column {number}" for number, name in enumerate(names, start=1)]


def select_sql(path: Path, names: list[str], form: CsvFormat, *, numbered: str | None = None) -> str:
    """Write the query that reads a text file, every value as text.

    Parameters
    ----------
    path : Path
        The file, in UTF-8; see `utf8_copy`.
    names : list of str
        Its columns, as `read_header` gives them.
    form : CsvFormat
    numbered : str, optional
        A name: two columns ``file__`` (that name) and ``row__`` (1 for the first row) are added.

    Returns
    -------
    str
        SQL for DuckDB. Rows keep the file's order, so that their numbers are those of the file.
    """
    place = literal(str(path))
    if form.delimiter == "whitespace":
        reader = (
            f"SELECT regexp_split_to_array(trim(line), '\\s+') AS v FROM read_csv({place}, delim='\x01', "
            "quote='', escape='', header=true, auto_detect=false, columns={'line': 'VARCHAR'}) "
            "WHERE trim(line) <> ''"
        )
        wrong = literal(f"a row has not {len(names)} values")
        chosen = [
            f"CASE WHEN len(v) = {len(names)} THEN v[{i}] ELSE error({wrong}) END AS {quoted(name)}"
            for i, name in enumerate(names, start=1)
        ]
        origin = f"({reader})"
    else:
        columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(1, len(names) + 1))
        origin = (
            f"read_csv({place}, delim={literal(DELIMITERS[form.delimiter])}, quote='\"', escape='\"', "
            f"header=true, auto_detect=false, columns={{{columns}}}, nullstr='', null_padding=false, "
            "strict_mode=true)"
        )
        chosen = [f"c{i} AS {quoted(name)}" for i, name in enumerate(names, start=1)]
    if numbered is not None:
        chosen += [f"{literal(numbered)} AS file__", "row_number() OVER () AS row__"]
    return f"SELECT {', '.join(chosen)} FROM {origin}"


def utf8_copy(path: Path, form: CsvFormat, folder: Path) -> Path:
    """Give a file that DuckDB can read: itself, or a copy in UTF-8 within `folder`.

    DuckDB reads UTF-8, and of Latin-1 only the half that nobody has trouble with.
    """
    if form.encoding == "utf-8":
        return path
    copy = folder / f"{len(list(folder.iterdir()))}.csv"
    try:
        with _open(path) as file, copy.open("w", encoding="utf-8", newline="") as out:
            text = io.TextIOWrapper(file, encoding=_CODECS[form.encoding], newline="")
            shutil.copyfileobj(text, out, 1 << 20)
    except UnicodeDecodeError:
        raise _not_in_encoding(path, form) from None
    return copy


def explain(path: Path, form: CsvFormat, error: Exception) -> SourceError:
    """Turn DuckDB's error about a text file into one that shows no row of it."""
    text = str(error)
    if "not utf-8 encoded" in text or "Invalid unicode" in text:
        return _not_in_encoding(path, form)
    line = re.search(r"CSV Error on Line: (\d+)", text)
    where = f"{path.name}, line {line[1]}" if line else path.name
    if "has not" in text and "values" in text:
        why = "a row has more or fewer values than the first line has names"
    elif "Expected Number of Columns" in text:
        counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
        why = f"a row has {counts[2]} values where the first line has {counts[1]}" if counts else "ragged row"
    elif "quote" in text.lower():
        why = "a quotation mark is not closed, or stands unescaped inside a value"
    elif "line_size" in text or "Maximum line size" in text:
        why = "a line is longer than 2 MB, as when a quotation mark is never closed"
    else:
        why = "the line cannot be read"
    return SourceError(
        f"{where}: {why}, reading it as {form.delimiter}-separated text; mend the line, or say in the "
        "params how the file is written (source: csv: delimiter)"
    )


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb")  # type: ignore[return-value]


def _refuse_other_kinds(path: Path, head: bytes, form: CsvFormat) -> None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise SourceError(f"{path.name} is empty; its first line must name the columns")
    if re.match(rb"<(!doctype|html|head|\?xml)", start[:20], re.IGNORECASE):
        raise SourceError(
            f"{path.name} is a web page, not a table: somebody saved the page that shows the file, or the "
            "one that asks for a log-in; download the file itself (on code hosts, its raw form)"
        )
    for magic, kind in _BINARY.items():
        if start.startswith(magic):
            raise SourceError(f"{path.name} is not text but {kind}")
    if form.encoding != "utf-16" and (head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head):
        raise SourceError(
            f"{path.name} is not {form.encoding} text; if it is UTF-16 (Excel's “Unicode text”), say "
            "csv: {encoding: utf-16}"
        )


def _refuse_other_delimiters(path: Path, line: str, names: list[str], form: CsvFormat) -> None:
    for other, mark in DELIMITERS.items():
        count = line.count(mark)
        if other not in (form.delimiter, "whitespace") and count >= len(names):
            raise SourceError(
                f"{path.name} was read as {form.delimiter}-separated, but its first line holds {count} "
                f"{other}{'' if count == 1 or other == 'whitespace' else 's'} and {len(names) - 1} of those: "
                f"it is {other}-separated; say csv: {{delimiter: {other}}}"
            )


def _not_in_encoding(path: Path, form: CsvFormat) -> SourceError:
    """Find the first line that cannot be decoded, to say where it is."""
    codec = _CODECS[form.encoding]
    advice = (
        "Windows programs write cp1252: say csv: {encoding: cp1252} (or latin-1), or save it as UTF-8"
        if form.encoding == "utf-8"
        else "say csv: {encoding: …} with one of utf-8, latin-1, cp1252, utf-16"
    )
    with _open(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(codec)
            except UnicodeDecodeError as error:
                byte = line[error.start]
                return SourceError(
                    f"{path.name}, line {number}: byte 0x{byte:02X} is not {form.encoding}; {advice}"
                )
    return SourceError(f"{path.name} is not {form.encoding}; {advice}")
