"""A class votes against the networks: rooms, pupils, votes and scores, in this process's memory alone.

Safe for threads. Knows no screen, no Streamlit and no torch."""
