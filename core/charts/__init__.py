"""DataFrame -> alt.Chart, a file for each page or subject. No screen, so that a chart can be tested as data."""

import altair as alt

from core.charts.cost import architectures
from core.charts.depth import Axes, degradation
from core.charts.gradients import gradient_by_layer, gradient_heatmap, gradient_ratio
from core.charts.learning import gap, learning_curves, race, race_gradients, schedule
from core.charts.predictions import answers, confidence_curve, confusion, per_class
from core.charts.surgery import removed_blocks, single_blocks
from core.charts.transfer import label_budget, weight_change

__all__ = [
    "Axes",
    "answers",
    "architectures",
    "confidence_curve",
    "confusion",
    "degradation",
    "gap",
    "gradient_by_layer",
    "gradient_heatmap",
    "gradient_ratio",
    "label_budget",
    "learning_curves",
    "per_class",
    "race",
    "race_gradients",
    "removed_blocks",
    "schedule",
    "single_blocks",
    "weight_change",
]

alt.data_transformers.disable_max_rows()
