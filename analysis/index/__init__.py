"""The satisfaction indices of every agency: the formula, and the figures it gives."""
