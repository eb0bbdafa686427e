"""Decides what may be shown, and makes the table that is."""
