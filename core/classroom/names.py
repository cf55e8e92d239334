"""Made-up names for pupils, who are not asked for theirs."""

import secrets

ADJECTIVES = (  # noqa: SIM905
    "Agile Brave Bright Busy Calm Cheerful Clever Cosmic Curious Daring Eager Fancy Fearless Friendly Gentle Golden "
    "Happy Honest Jolly Kind Lively Lucky Merry Mighty Nimble Noble Patient Polite Proud Quick Quiet Rapid Shiny "
    "Silver Smiling Speedy Sunny Swift Tidy Witty"
).split()
ANIMALS = (  # noqa: SIM905
    "Alpaca Badger Beaver Camel Condor Dolphin Dragonfly Eagle Falcon Flamingo Gecko Giraffe Hamster Hedgehog Heron "
    "Ibis Jaguar Kangaroo Koala Lemur Lynx Marmot Meerkat Otter Owl Panda Parrot Pelican Penguin Puffin Raccoon Raven "
    "Robin Salmon Seal Squirrel Swan Tiger Toucan Walrus"
).split()


def new_name(taken: set[str]) -> str:
    """One that nobody in the room has. There are far more of them than pupils in a room."""
    while True:
        name = f"{secrets.choice(ADJECTIVES)} {secrets.choice(ANIMALS)}"
        if name not in taken:
            return name
