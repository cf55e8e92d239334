"""The colors of A and B: the same in every chart and drawing. Needs no chart library, which takes long to load."""

COLORS = {"A": "#D55E00", "B": "#0072B2"}  # vermilion, blue of Okabe and Ito: told apart by the color-blind
SIDES = tuple(COLORS)
