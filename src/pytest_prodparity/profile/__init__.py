"""What production looks like, without its rows: model, capture, redaction, comparison."""
