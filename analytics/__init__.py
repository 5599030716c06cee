"""Customer analytics: from an organisation's data to reports that people act on."""
