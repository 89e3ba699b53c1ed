"""Real PostgreSQL servers for tests: embedded, in a container, or named by a URL; and the databases on them."""
