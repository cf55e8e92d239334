"""Lessons as data: a TOML file -> steps to show, questions to guess, and right answers computed from the runs."""
