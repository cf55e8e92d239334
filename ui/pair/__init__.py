"""The two networks that a page compares: chosen, drawn, taken home, and what is missing of them."""
