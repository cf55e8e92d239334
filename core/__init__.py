"""The lab without a screen. Never imports Streamlit, `ui` or a page. A package uses those named before it,
and no others:

errors, settings, paths, files; data, models, runs; analysis, studies, heatmaps; words and charts; classroom,
sharing, training, jobs; lessons; commands.
"""

# `python -m core.train` and its like stay good for `python -m core train`: older runs have it in config.json.
__path__ += [f"{__path__[0]}/commands", f"{__path__[0]}/commands/studies"]
