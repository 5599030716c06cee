"""Models: what is learnt from the past, with its evidence."""
