"""Variances of totals, and intervals."""
