"""German."""

WORDS: dict[str, str] = {}
