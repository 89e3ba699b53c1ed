"""The planner twin: an empty database that plans every statement as production would."""
