"""One TCP proxy between the code and its database: it sees every round trip of any driver."""
