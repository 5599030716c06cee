"""Real data, read twice: by the workbook, and by the plain computation beside this file."""

from pathlib import Path

import pytest

from analytics.data.dataset import open_dataset
from analytics.params import find_organisation
from tests.reference import spelled_out

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def reference_data():
    """The folder with the reference data; without it the tests skip."""
    folder = spelled_out.reference_folder()
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}; WORKBOOK_REFERENCE_DATA says where they are")
    return folder


@pytest.fixture(scope="session")
def opened(reference_data):
    """Open an organisation of the project's params files as a report does."""
    datasets = []

    def open_organisation(name):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("WORKBOOK_REFERENCE_DATA", str(reference_data))
            organisation = find_organisation(name, PROJECT / "params")
        datasets.append(open_dataset(organisation))
        return datasets[-1]

    yield open_organisation
    for dataset in datasets:
        dataset.close()
