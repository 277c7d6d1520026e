"""Commands end, or are ended: each has a deadline."""

from __future__ import annotations

import pytest

from homeport.commands.command import asks
from homeport.engine.runner import DeadlineError, LocalRunner, together


def test_a_deadline_that_passes_says_which_command() -> None:
    with pytest.raises(DeadlineError, match=r"`sleep 60` gave no answer within 0.2 s"):
        LocalRunner().run(asks("sleep", "60", timeout=0.2))


def test_a_stream_is_ended_at_its_deadline_and_has_handed_over_what_came() -> None:
    lines: list[str] = []
    with pytest.raises(DeadlineError):
        LocalRunner().stream(asks("sh", "-c", "echo one; exec sleep 60", timeout=0.5), lines.append)
    assert lines == ["one"]
    assert LocalRunner().stream(asks("echo", "two", timeout=30), lines.append).ok
    assert lines == ["one", "two"]


def test_questions_together_keep_their_order() -> None:
    answers = together(LocalRunner(), asks("sh", "-c", "sleep 0.2; echo late"), asks("echo", "early"))
    assert [answer.out for answer in answers] == ["late\n", "early\n"]
