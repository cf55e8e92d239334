"""What the pages share of Streamlit: the frame round them, cached readings, and a package for each kind of part.
Imports core, never a page."""
