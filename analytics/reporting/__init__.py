"""The batch: runs notebooks by path and renders their pages; computes no figure."""
