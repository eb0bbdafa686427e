"""From indices to points, under a framework."""
