"""What a notebook puts on the page: pieces, and how they become HTML."""
