"""Charts: frame in, picture out; the module names are those of the reports."""
