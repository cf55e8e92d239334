"""A handout to print: one HTML file with charts, photos, questions and answers. Needs no torch; trains nothing."""
