"""Tables -> charts and posters. Knows no runs and reads no files."""
