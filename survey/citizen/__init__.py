"""The pages a citizen meets."""
