"""Scoring rounds: agencies score themselves, are appraised, answer, and are appraised again."""
