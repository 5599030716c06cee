"""Fixtures every test may use."""

from hypothesis import settings

# A property that queries a database has no useful deadline; it has a budget of examples.
settings.register_profile("workbook", deadline=None, max_examples=40)
settings.load_profile("workbook")
