"""The queue of messages and who sends it."""
