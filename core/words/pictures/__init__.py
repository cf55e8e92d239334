"""Experiments with one picture, in sentences: whether its heatmaps can be believed, and what spoiling it does."""
