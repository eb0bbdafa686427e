"""Agencies and periods beside each other: changes, ranks, response and mode effects, small
areas.
"""
