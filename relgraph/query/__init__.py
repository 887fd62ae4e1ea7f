"""The query language, pure: parse into `Query`, resolve against a `Schema` into `ResolvedQuery`."""
