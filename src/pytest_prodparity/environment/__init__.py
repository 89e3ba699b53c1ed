"""Production's environment: what it has, and a test that has the same."""
