"""The tables as Django models; Django asks for an application of their own."""
