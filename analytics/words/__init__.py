"""Words: figures in, sentences out; a wording for up, down, close and too few."""
