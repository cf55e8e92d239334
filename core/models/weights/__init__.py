"""The weights that a network gets: drawn, from a file that somebody made, or from known ones."""
