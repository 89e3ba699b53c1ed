"""What changed in one database since a start: told in about a millisecond, and undone, at any volume."""
