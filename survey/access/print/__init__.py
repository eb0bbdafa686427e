"""What is printed: sheets by Typst, square codes, fonts."""
