"""One command each, one line of figures: `python -m benchmarks NAME`."""
