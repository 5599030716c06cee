"""Tables: frame in, formatted rows out; the module names are those of the reports."""
