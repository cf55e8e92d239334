"""The command line, a file a command: arguments in, text out. The app imports none of it."""
