"""Two networks race: who may start one, and what all see of it, live or recorded."""
