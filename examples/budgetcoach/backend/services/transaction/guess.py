"""Guesses a category from a description: the keyword rules of `keywords`, by income or expense."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from .keywords import DEFAULTS, OTHER

WORD = re.compile(r"[a-z0-9]+")


def fold(text: str) -> str:
    """Lower case without accents ("Bäckerei" -> "backerei"); "ß" becomes "ss"."""
    letters = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def description_key(text: str) -> str:
    """What stays the same in the bookings of one shop: its words without numbers, at most eight."""
    return " ".join(word for word in WORD.findall(fold(text)) if not any(map(str.isdigit, word)))[:120]


class Rules:
    """The rules of one kind (income or expense): whole words and phrases, and parts of words, by rank."""

    def __init__(self, kind: str) -> None:
        self.slugs = [one.slug for one in DEFAULTS if one.kind == kind]
        self.words: dict[str, int] = {}
        self.parts: dict[str, int] = {}
        for rank, one in enumerate(one for one in DEFAULTS if one.kind == kind):
            for entry in filter(None, map(str.strip, one.words.split(","))):
                self._add(entry, rank)
        self.part = re.compile("|".join(sorted(map(re.escape, self.parts), key=len, reverse=True)))

    def _add(self, entry: str, rank: int) -> None:
        words = " ".join(WORD.findall(fold(entry)))
        (self.parts if entry.endswith("*") else self.words).setdefault(words, rank)

    def slug_of(self, description: str) -> str | None:
        """The category that a phrase or (a part of) a word names; the longest phrase, then the first rule."""
        words = WORD.findall(fold(description))
        text = " ".join(words)
        hits = [(-size, self.words[phrase]) for size, phrase in _phrases(words) if phrase in self.words]
        hits += [(-1 - found.count(" "), self.parts[found]) for found in self.part.findall(text)]
        return self.slugs[min(hits)[1]] if hits else None


def _phrases(words: list[str]) -> Iterator[tuple[int, str]]:
    """Every run of one to three words, with its length."""
    for size in (1, 2, 3):
        for at in range(len(words) - size + 1):
            yield size, " ".join(words[at : at + size])


RULES = {kind: Rules(kind) for kind in OTHER}


@lru_cache(maxsize=20_000)
def guess(description: str, kind: str) -> str:
    """The slug of a default category of `kind` ("expense" or "income"); "other_..." where no rule fits."""
    return RULES[kind].slug_of(description) or OTHER[kind]


def kind_of(amount_cents: int) -> str:
    """Money that comes in is income; zero counts as an expense."""
    return "income" if amount_cents > 0 else "expense"
