"""What one run owns, made on first use."""
