"""Trainings in words: how they stand, how they went, what they came to, and what they cost."""
