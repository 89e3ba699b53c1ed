"""What every room stands on: settings, levels, expectations, findings, errors, seeds, optional packages."""
