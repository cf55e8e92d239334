"""Watch two networks learn: a race, live or recorded. During a race, its question is the title."""

from ui.race import race_stage

race_stage.show()
