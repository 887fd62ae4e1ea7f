"""What an access shows: the names it knows, the rows and values it sees, and a registry that offers no more."""
