"""For developers and demonstrations: a province made up, and a provider to try against."""
