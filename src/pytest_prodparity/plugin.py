"""pytest's hooks: return early, or import one room and call it."""
