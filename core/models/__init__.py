"""The networks: built, begun from weights, asked, each in its turn. Knows no runs and no training."""
