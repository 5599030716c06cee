"""Metrics: Ibis tables in, tidy pandas frames out; one module for each question."""
