"""Where a network looked, and whether to believe it. Knows no pages."""
