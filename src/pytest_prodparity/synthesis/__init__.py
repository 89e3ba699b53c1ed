"""Rows for a database like production's, made from its profile."""
