"""The ground that networks learned on, to turn, and the path of a training over it."""
