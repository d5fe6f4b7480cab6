"""`Refused`: what was asked for cannot be done; the message says why and what can."""


class Refused(Exception):
    """What was asked for cannot be done; the message says why and what can."""
