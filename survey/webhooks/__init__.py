"""Programs that are told what happens: addresses, what is sent to them, and what did not arrive."""
