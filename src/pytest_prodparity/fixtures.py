"""The `parity_*` fixtures."""
