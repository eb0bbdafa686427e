"""Vote integrity: a public log of everything that counts, which nobody can change unseen."""
