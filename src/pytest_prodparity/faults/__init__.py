"""What breaks in production: the kinds of faults, each of which a gate can let loose on one connection."""
