"""Whether a worker elsewhere would make the same report as one here: same code, same versions, same folders.

The runner writes down what it has (`described`); each worker holds it against its own (`faults`) and answers
in words. Values from the environment and secrets never travel: a worker reads the params itself.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from analytics.errors import AnalyticsError
from analytics.params import load_workbook
from analytics.params.kept import kept_folder
from analytics.reporting.plan import Batch

DISTRIBUTION = "customer-analytics-workbook"
_PACKAGE = Path(__file__).resolve().parents[1]
_IN_CACHE = re.compile(r"/(__pycache__|\.[^/]+)/|\.pyc$")
_SHOWN = 3


def digest_of(files: Iterable[Path], root: Path) -> str:
    """Return the SHA-256 of files: of their names below `root` and of their content, in order of name."""
    found = hashlib.sha256()
    for path in sorted(files):
        body = path.read_bytes()
        found.update(f"{path.relative_to(root).as_posix()} {len(body)}\n".encode())
        found.update(body)
    return found.hexdigest()


def _package() -> str:
    files = (path for path in _PACKAGE.rglob("*") if path.is_file())
    return digest_of((path for path in files if not _IN_CACHE.search(str(path))), _PACKAGE)


_LOADED = _package()
"""The package as it was when this process began to use it."""


@dataclass(frozen=True, slots=True)
class SharedFolder:
    """A folder that every worker must see, and write to: proven by a file with a secret in it."""

    name: str
    folder: Path
    proof: Path
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a worker must have in common with the runner.

    Parameters
    ----------
    python : str
    packages : tuple of tuples of str
        Name and version of everything that the workbook asks for.
    package : str
        Digest of the package's files.
    notebooks : tuple of pathlib.Path
        Those of the run.
    notebooks_digest : str
    params : pathlib.Path
    organisations : tuple of str
        Ids of those whose reports are made.
    shared : tuple of SharedFolder
    """

    python: str
    packages: tuple[tuple[str, str], ...]
    package: str
    notebooks: tuple[Path, ...]
    notebooks_digest: str
    params: Path
    organisations: tuple[str, ...]
    shared: tuple[SharedFolder, ...]


def described(batch: Batch) -> Expected:
    """Write down what the workers of a batch must have; leaves one file in each folder to be shared.

    Parameters
    ----------
    batch : Batch

    Returns
    -------
    Expected
        Give it to `forget` when the run is over.
    """
    notebooks = tuple(sorted({job.card.path.resolve() for job in batch.jobs}))
    folders = (("reports", batch.out.resolve()), ("trained models", kept_folder()))
    return Expected(
        python=_python(),
        packages=tuple((name, found) for name in _asked_for() if (found := _version(name))),
        package=_package(),
        notebooks=notebooks,
        notebooks_digest=digest_of(notebooks, notebooks[0].parent),
        params=batch.params.resolve(),
        organisations=tuple(dict.fromkeys(job.organisation.id for job in batch.jobs)),
        shared=tuple(_with_proof(name, folder) for name, folder in folders),
    )


def forget(expected: Expected) -> None:
    """Remove the files by which folders were proven to be shared."""
    for each in expected.shared:
        each.proof.unlink(missing_ok=True)


def faults(expected: Expected) -> list[str]:
    """Say what a worker lacks; run by the worker.

    Parameters
    ----------
    expected : Expected
        What the runner has.

    Returns
    -------
    list of str
        Each what differs and how to mend it; empty where the worker would make the same reports.
    """
    return [*_other_versions(expected), *_not_shared(expected), *_other_inputs(expected)]


def _other_versions(expected: Expected) -> Iterator[str]:
    if _python() != expected.python:
        yield f"runs Python {_python()}, not {expected.python}: start it with the same Python"
    if expected.package not in (_LOADED, _package()):
        yield "has another version of the package analytics: install the same one, then restart it"
    elif expected.package != _LOADED:
        yield "still holds the package analytics as it was before a change: restart it"
    different = [
        f"{name} {_version(name) or 'missing'}, not {wanted}"
        for name, wanted in expected.packages
        if _version(name) != wanted
    ]
    if different:
        more = f" and {len(different) - _SHOWN} more" if len(different) > _SHOWN else ""
        yield f"has {'; '.join(different[:_SHOWN])}{more}: install requirements.lock, then restart it"


def _not_shared(expected: Expected) -> Iterator[str]:
    for each in expected.shared:
        try:
            seen = hashlib.sha256(each.proof.read_bytes()).hexdigest() == each.digest
        except OSError:
            seen = False
        if not seen:
            yield (
                f"does not see the folder of {each.name}, {each.folder}: "
                "it must be one shared folder, under the same path on every machine"
            )
            continue
        try:
            tempfile.TemporaryFile(dir=each.folder).close()
        except OSError as error:
            yield f"cannot write to the folder of {each.name}, {each.folder} ({error.strerror}): let it"


def _other_inputs(expected: Expected) -> Iterator[str]:
    try:
        folder = expected.notebooks[0].parent
        if digest_of(expected.notebooks, folder) != expected.notebooks_digest:
            yield f"has other notebooks in {folder}: share the folder, or copy it anew"
    except OSError as error:
        yield f"cannot read the notebook {error.filename} ({error.strerror}): share the folder of notebooks"
    try:
        workbook = load_workbook(expected.params, notebooks=folder)
        for name in expected.organisations:
            source = workbook.organisation(name).source
            if source.kind != "package" and source.path is not None and not source.path.exists():
                yield f"does not see the data of {name}, {source.path}: share them under the same path"
    except AnalyticsError as error:
        yield f"cannot use the params {expected.params}: {error}"


def _with_proof(name: str, folder: Path) -> SharedFolder:
    """Leave a file with a secret in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_bytes(32)
    proof = folder / f".shared-{secrets.token_hex(8)}"
    proof.write_bytes(secret)
    return SharedFolder(name, folder, proof, hashlib.sha256(secret).hexdigest())


def _python() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _asked_for() -> list[str]:
    """Return the packages that the workbook asks for, without those of an extra."""
    try:
        lines = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        lines = []
    return [found[0] for line in lines if "extra ==" not in line and (found := re.match(r"[\w.-]+", line))]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
