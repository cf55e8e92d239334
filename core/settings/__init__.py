"""What a user sets: the settings of a training, one table; and the variables of the environment."""
