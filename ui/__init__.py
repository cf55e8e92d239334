"""What the pages share of Streamlit: the frame round them, cached readings, and a room for each kind of part. It imports
core, never a page."""
