"""The ground around a network's weights, and the path of the training that led there: read from files, in figures."""
