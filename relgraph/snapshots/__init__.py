"""Snapshots: the structure of a database as plain data, what two of them differ in, and making one of the other."""
