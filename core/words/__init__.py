"""Numbers -> sentences for lay readers. Computes nothing.

Here: capitals, articles and plurals of the ten classes.
"""


def capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def with_article(noun: str) -> str:
    """E.g. "a cat", "an airplane"."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def plural(noun: str) -> str:
    """E.g. "cats"; "deer" stays as it is."""
    return noun if noun == "deer" else f"{noun}s"
