"""Runs one test again under a condition: on fewer rows, or under a fault."""
