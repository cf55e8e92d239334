"""A run is a folder: read, written, listed, named, and how it stands. Knows no training and no figures."""
