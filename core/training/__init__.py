"""One training: the loop, its schedule, device and processes, and the folder it fills. Knows no queue."""
