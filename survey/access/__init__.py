"""How a citizen proves where he was: codes, posters, screens, slips, tablets. Knows no message."""
