"""Frameworks of the province: drafts, published by two people, in force from a day."""
