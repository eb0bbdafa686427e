"""Estimates from any survey file with a sampling design, as a SPEC says."""
