"""The query language.

`parsing` makes a `tree` of a text, `compilation` functions of the tree, `planning` chooses the index to read,
`execution` makes pages, and `handshake` tells clients how to query across partitions.
"""
