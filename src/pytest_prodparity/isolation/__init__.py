"""How tests are kept apart: what a test changed is taken back, or each test has a copy of the database to itself."""
