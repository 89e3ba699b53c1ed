"""From the statements that a test sent to findings: recorder, fingerprints, budget, rules."""
