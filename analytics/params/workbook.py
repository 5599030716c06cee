"""A params file, or a folder of them: which organisations, which timeframes, which notebooks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from analytics.errors import ParamsError, nearest
from analytics.params.document import (
    Document,
    Location,
    ParamsProblems,
    Problem,
    read_document,
    refuse,
    shown,
)
from analytics.params.mailing import Email
from analytics.params.notebooks import NotebookCard, notebook_names, read_card
from analytics.params.organisation import Limits, Organisation, Settings
from analytics.params.problems import validated
from analytics.params.rules import RULES, load_rules

PARAMS = "WORKBOOK_PARAMS"
_PROJECT = Path(__file__).resolve().parents[2] / "params"


class Workbook(Settings):
    """What a params file says. Settings that an organisation leaves out are those of its file.

    Parameters
    ----------
    organisations : tuple of Organisation
        At least one; every id once.
    jobs : int, optional
        How many reports run at once; by default two, or one on a single core.
    """

    organisations: Annotated[tuple[Organisation, ...], Field(min_length=1)]
    jobs: Annotated[int, Field(ge=1, le=256)] | None = None

    def organisation(self, wanted: str) -> Organisation:
        """Return one organisation.

        Raises
        ------
        ParamsError
            If there is none with this id.
        """
        for organisation in self.organisations:
            if organisation.id == wanted:
                return organisation
        raise _unknown(wanted, [organisation.id for organisation in self.organisations])


def load_workbook(path: Path, *, notebooks: Path | None = None) -> Workbook:
    """Read a params file or a folder of them, and hold it against the notebooks.

    Parameters
    ----------
    path : pathlib.Path
        A YAML file, or a folder whose ``*.yml`` and ``*.yaml`` files are read together.
    notebooks : pathlib.Path, optional
        Where the notebooks are; by default the project's own.

    Returns
    -------
    Workbook
        Typed, complete, paths absolute.

    Raises
    ------
    ParamsError
        With everything that is wrong, each with file, line and key, what was found and what is allowed.
    """
    files = _files(path)
    documents: list[Document] = []
    problems: list[Problem] = []
    unreadable: list[str] = []
    for file in files:
        try:
            documents.append(read_document(file))
        except ParamsProblems as error:
            problems += error.problems
        except ParamsError as error:
            unreadable.append(str(error))
    books = []
    for document in documents:
        problems += _beside_the_notebooks(document, notebooks)
        try:
            books.append(_read(document))
        except ParamsProblems as error:
            problems += error.problems
    problems += _ids_twice(documents)
    if unreadable:
        raise ParamsError("\n".join([*unreadable, *(str(p) for p in ParamsProblems(problems).problems)]))
    refuse(problems)
    if len(books) == 1:
        return books[0]
    jobs = [book.jobs for book in books if book.jobs is not None]
    return Workbook.model_construct(
        organisations=tuple(o for book in books for o in book.organisations), jobs=min(jobs, default=None)
    )


def find_organisation(wanted: str, folder: Path | None = None) -> Organisation:
    """Look up one organisation by its id: the only way from an id to a source.

    Parameters
    ----------
    wanted : str
        The id.
    folder : pathlib.Path, optional
        A params file or folder; by default ``$WORKBOOK_PARAMS``, else the project's ``params``.

    Returns
    -------
    Organisation

    Raises
    ------
    ParamsError
        If no file names it, or the file that does is wrong. What is wrong in other files does not matter.
    """
    where = folder or Path(os.environ.get(PARAMS) or _PROJECT)
    known: list[str] = []
    failed: list[ParamsError] = []
    for file in _files(where):
        try:
            document = read_document(file)
            ids = [text for _, text in _ids(document)]
            known += ids
            if wanted in ids:
                refuse(_ids_twice([document]))
                return _read(document).organisation(wanted)
        except ParamsError as error:
            if wanted in known:
                raise
            failed.append(error)
    if failed and wanted not in known:
        known_text = f" among {', '.join(known)}" if known else ""
        raise ParamsError(f'there is no organisation "{wanted}"{known_text}; besides: {failed[0]}')
    raise _unknown(wanted, known)


def _unknown(wanted: str, known: list[str]) -> ParamsError:
    listed = ", ".join(known) or "none"
    return ParamsError(
        f'there is no organisation "{wanted[:80]}"{nearest(wanted, known)}; there are {listed}'
    )


def _files(path: Path) -> list[Path]:
    """Return the params files that a path means."""
    if not path.is_dir():
        return [path]
    files = sorted(p for p in path.iterdir() if p.suffix in {".yml", ".yaml"} and p.is_file())
    if not files:
        raise ParamsError(f"the folder {shown(path)} holds no .yml file")
    return files


def _read(document: Document) -> Workbook:
    """Type one file, fill in what its organisations leave out, and make paths absolute."""
    book = validated(Workbook, document)
    folder = document.path.resolve().parent
    organisations = tuple(_completed(organisation, book, folder) for organisation in book.organisations)
    problems = [
        problem
        for number, organisation in enumerate(organisations)
        for problem in (
            *_wrong_rules(organisation, document, ("organisations", number, "rules")),
            *_nobody_sends(organisation, document, ("organisations", number, "email")),
        )
    ]
    refuse(problems)
    return book.model_copy(update={"organisations": organisations})


def _completed(organisation: Organisation, book: Workbook, folder: Path) -> Organisation:
    """Fill in the settings of the file, and resolve paths against the file's folder."""
    said = organisation.model_fields_set
    update: dict[str, Any] = {
        name: getattr(book, name)
        for name in Settings.model_fields
        if name not in said and name not in ("parameters", "limits", "email")
    }
    if organisation.email or book.email:
        own = organisation.email.model_dump(exclude_unset=True) if organisation.email else {}
        update["email"] = (book.email or Email()).model_copy(update=own)
    notebooks = book.parameters.keys() | organisation.parameters.keys()
    update["parameters"] = {
        name: book.parameters.get(name, {}) | organisation.parameters.get(name, {})
        for name in sorted(notebooks)
    }
    update["limits"] = book.limits | {
        name: book.limits.get(name, Limits()).model_copy(update=own.model_dump(exclude_none=True))
        for name, own in organisation.limits.items()
    }
    source = organisation.source
    if source.path is not None and source.kind != "package":
        update["source"] = source.model_copy(update={"path": (folder / source.path.expanduser()).resolve()})
    update["rules"] = {name: (folder / path).resolve() for name, path in organisation.rules.items()}
    return organisation.model_copy(update=update)


def _wrong_rules(organisation: Organisation, document: Document, where: Location) -> Iterator[Problem]:
    for name in organisation.rules:
        if name not in RULES:
            known = ", ".join(RULES)
            message = f"there is no rule table of this name{nearest(name, RULES)}; there are {known}"
            yield document.problem((*where, name), message)
            continue
        try:
            load_rules(name, organisation)
        except ParamsProblems as error:
            yield from error.problems
        except ParamsError as error:
            yield document.problem((*where, name), str(error))


def _nobody_sends(organisation: Organisation, document: Document, where: Location) -> Iterator[Problem]:
    email = organisation.email
    if email and (email.to or email.failures_to) and email.sender is None:
        at = where if where in document.lines else ("email",)
        yield document.problem(at, "recipients without a sender; add the address that messages come from")
    if email and "pdf" in email.attached and "pdf" not in organisation.formats:
        at = next((at for at in ((*where, "attach"), ("email", "attach")) if at in document.lines), where)
        yield document.problem(at, "a PDF that nobody prints; add formats: [html, pdf]")


def _ids(document: Document) -> Iterator[tuple[Location, str]]:
    """Yield the ids of a file's organisations with their places, as far as the file has any."""
    body = document.data if isinstance(document.data, dict) else {}
    organisations = body.get("organisations")
    for number, item in enumerate(organisations if isinstance(organisations, list) else []):
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            yield ("organisations", number, "id"), item["id"]


def _ids_twice(documents: list[Document]) -> Iterator[Problem]:
    """Find ids that more than one organisation bears, over all files."""
    first: dict[str, tuple[Document, Location]] = {}
    for document in documents:
        for where, name in _ids(document):
            if name in first:
                other, place = first[name]
                at = f"{shown(other.path)}, line {other.line(place)}"
                yield document.problem(
                    where, f'the id "{name}" stands twice, first in {at}; every id must be its own'
                )
            else:
                first[name] = (document, where)


def _beside_the_notebooks(document: Document, folder: Path | None) -> Iterator[Problem]:
    """Find notebooks and parameters of notebooks that do not exist, or values that they do not accept."""
    body = document.data if isinstance(document.data, dict) else {}
    organisations = body.get("organisations")
    places: list[tuple[Location, Any]] = [((), body)]
    places += [
        (("organisations", n), item)
        for n, item in enumerate(organisations if isinstance(organisations, list) else [])
    ]
    cards: dict[str, NotebookCard | str] = {}
    for place, settings in places:
        if isinstance(settings, dict):
            yield from _names(document, (*place, "notebooks"), settings.get("notebooks"), folder)
            limits = settings.get("limits")
            for name in limits if isinstance(limits, dict) else ():
                yield from _unknown_notebook(document, (*place, "limits", name), name, folder)
            yield from _parameters(
                document, (*place, "parameters"), settings.get("parameters"), folder, cards
            )


def _names(document: Document, place: Location, names: Any, folder: Path | None) -> Iterator[Problem]:
    for number, name in enumerate(names if isinstance(names, list) else []):
        yield from _unknown_notebook(document, (*place, number), name, folder)


def _unknown_notebook(
    document: Document, where: Location, name: Any, folder: Path | None
) -> Iterator[Problem]:
    known = notebook_names(folder)
    if isinstance(name, str) and name not in known:
        message = (
            f'there is no notebook "{name}"{nearest(name, known)}; there are {", ".join(known) or "none"}'
        )
        yield document.problem(where, message)


def _parameters(
    document: Document, place: Location, said: Any, folder: Path | None, cards: dict[str, NotebookCard | str]
) -> Iterator[Problem]:
    for notebook, values in said.items() if isinstance(said, dict) else ():
        if notebook not in cards:
            try:
                cards[notebook] = read_card(notebook, folder)
            except ParamsError as error:
                cards[notebook] = str(error)
        card = cards[notebook]
        if isinstance(card, str):
            yield document.problem((*place, notebook), card)
            continue
        for name, value in values.items() if isinstance(values, dict) else ():
            where = (*place, notebook, name)
            if where in document.variables:
                message = "a parameter is written into reports, so it cannot come from the environment"
                yield document.problem(where, message)
            elif fault := card.fault(name, value):
                yield document.problem(where, fault)
