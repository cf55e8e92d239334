"""The message on its way back: in new networks, live, and as a training recorded it."""
