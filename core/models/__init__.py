"""The networks: built, begun from weights, asked. Knows no runs and no training."""
