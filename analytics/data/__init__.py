"""An organisation's tables: contract, sources, validation, demonstration data."""
