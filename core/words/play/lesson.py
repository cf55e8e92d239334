"""What came of a guess in a lesson."""


def guessed_answer(answer: str) -> str:
    """E.g. "You guessed “The ResNet”."."""
    return f"You guessed “{answer}”."


def guessed_number(guess: float, off: float, close: bool) -> str:
    """E.g. "You guessed 40: 12 off." or, where that is `close`, "You guessed 50: very close."; `off`: by how much."""
    return f"You guessed {guess:g}: {'very close' if close else f'{off:.0f} off'}."
