"""Reports by e-mail: what a message says, how it looks, and how it is sent once and not twice.

A message quotes what reports have published; it computes no figure. `content` collects what is said,
`render` turns it into HTML and plain text, `envelope` into the bytes that are sent or written, `delivery`
sends them, and `ledger` remembers to whom.
"""
