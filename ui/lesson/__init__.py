"""A lesson, step by step, and what its steps show."""
