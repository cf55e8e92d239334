"""Many trainings: the queue in the background, the race, sweeps. Knows no networks' insides."""
