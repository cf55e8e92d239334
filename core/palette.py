"""The colours of A and B: the same in every chart and drawing. Needs no chart library, which takes long to load."""

COLOUR_A, COLOUR_B = "#D55E00", "#0072B2"  # vermilion and blue of Okabe and Ito: told apart by the colour-blind
SIDES = ("A", "B")
