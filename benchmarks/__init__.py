"""Benchmarks: relgraph, and the usual libraries, against the best that can be written by hand on sqlite3.

Run: python -m benchmarks --help
"""
