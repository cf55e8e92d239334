"""A race: two networks that learn side by side, step for step, to be watched live or as a recording."""
