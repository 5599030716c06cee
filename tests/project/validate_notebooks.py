"""Hold notebooks against their format: `python -m tests.project.validate_notebooks FILE…`."""

import sys

import nbformat


def main(paths: list[str]) -> int:
    faults = 0
    for path in paths:
        try:
            nbformat.validate(nbformat.read(path, as_version=nbformat.NO_CONVERT))
        except (nbformat.ValidationError, nbformat.reader.NotJSONError) as error:
            sys.stderr.write(f"{path}: {str(error).splitlines()[0]}\n")
            faults += 1
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
