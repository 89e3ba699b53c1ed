"""Where production's environment can be read from: one file a kind of source."""
