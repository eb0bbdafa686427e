"""Rows become cells of integer moments: the one scan, here or on a cluster."""
