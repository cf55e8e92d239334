"""Photos on the screen: where one comes from, how it is shown, and a closer look at its heatmap."""
