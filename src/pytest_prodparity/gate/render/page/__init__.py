"""The parts of the HTML page, one file each; `html` puts them together."""
