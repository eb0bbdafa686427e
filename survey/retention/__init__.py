"""How long what is kept: the schedule as data, and the work of the night that keeps to it."""
