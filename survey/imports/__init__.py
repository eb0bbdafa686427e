"""What comes in as files: looked through first, taken whole or not at all, kept in a history."""
