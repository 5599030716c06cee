"""What all tests of reporting need, once."""

import pytest

from analytics.reporting import source_code


@pytest.fixture(scope="session", autouse=True)
def sources_read_once():
    """Find out once what a module of the package imports: many a test asks as if for the first time.

    Modules that a test writes itself are read as ever.
    """
    real, known = source_code._read, {}

    def read(name, path):
        if not path.is_relative_to(source_code._HOME):
            return real(name, path)
        state = path.stat()
        at = (name, path, state.st_mtime_ns, state.st_ino, state.st_size)
        if at not in known:
            known[at] = real(name, path)
        return known[at]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source_code, "_read", read)
        yield
