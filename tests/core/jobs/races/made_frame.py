from core.jobs.races.frames import Frame, Standing


def made_frame(step: int, steps: int, validation: tuple[float, float] = (0.1, 0.3), seconds: float = 0.0) -> Frame:
    """Of two networks that are right on half of their training photos; `validation`: of A and of B, at the end."""
    standings = {
        side: Standing(1.23456, 0.5, share if step == steps else None, [0.0123456] * 20, [[0.1] * 10] * 4)
        for side, share in zip("AB", validation, strict=True)
    }
    return Frame(step, steps, seconds, standings)
