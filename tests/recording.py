"""A runner that answers from a table and keeps what it was asked: the only stand-in in the tests, at the outer edge."""

from __future__ import annotations

from collections.abc import Callable

from homeport.commands.command import Command
from homeport.engine.runner import Result


class RecordingRunner:
    """`answers`: beginning of a command line -> what it prints. An unknown command answers exit code 1."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def run(self, command: Command) -> Result:
        text = command.text()
        self.asked.append(text)
        for beginning, out in self.answers.items():
            if text.startswith(beginning):
                return Result(0, out, "")
        return Result(1, "", f"no answer recorded for {text}")

    def stream(self, command: Command, line: Callable[[str], None]) -> Result:
        result = self.run(command)
        for text in result.out.splitlines():
            line(text)
        return result
