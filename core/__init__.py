"""The lab without a screen. Never imports Streamlit, `ui` or a page. A room uses those named before it, and no others:

paths, errors, files, config; data, models, runs; analysis, heatmaps, words, charts; sharing, training, jobs; commands.
"""
