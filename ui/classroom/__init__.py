"""A class on its phones: the teacher's screen, the pupils' screens, and whose screen it is."""
