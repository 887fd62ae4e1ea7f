"""Explain: what a query asks for, what runs for it, and what would make it faster."""
