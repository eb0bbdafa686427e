"""What a receipt gives a right to."""
