"""How days are written, per language."""
