"""The one seam to the statistics, by subject."""
