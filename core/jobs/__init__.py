"""Many trainings: the queue in the background, races, sweeps. Knows no networks' insides."""
