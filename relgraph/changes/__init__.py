"""Changes: what a registry does to definitions and to structure.

In: relations, places, snapshots. Out: the database changed as a whole and judged by the rules, or not at all:
`definitions` is the one door, and holds the transaction; `shapes`, `restructure` and `snapshotting` are the parts of
the registry that go through it.
"""
