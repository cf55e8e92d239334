"""Commands that run trained networks once more, and keep in a run's folder what they find (`speed` only tells it)."""
