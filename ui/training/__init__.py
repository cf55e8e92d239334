"""Train networks: the form, all runs, and networks that were trained elsewhere."""
