"""For operators: whether everything runs, numbers for Prometheus, what was backed up."""
