"""What the pages share of Streamlit: the run picker, cached readings, pictures, words. Imports core, never a page."""
