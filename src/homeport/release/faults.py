"""Two ways in which a release ends neither well nor as if it had never been, with what makes it whole."""

from __future__ import annotations

from dataclasses import dataclass

from homeport import cures
from homeport.errors import HomeportError, ReleaseError, words
from homeport.release.history import Record


@dataclass(frozen=True)
class Faults:
    """Of one release; `back`: it is a rollback."""

    environment: str
    release: str
    back: bool

    def serves_but(self, what: str, fault: HomeportError) -> ReleaseError:
        """The release is good; what is left over, the same command does. A rollback is told its own release: without
        one it would go back once more."""
        again = cures.rollback(self.environment, self.release)
        cure = f"Run `{again}`" if self.back else "Run the same command again"
        message = f"release {self.release} serves, but {what}: {fault.message}"
        return ReleaseError(
            message, f"{cure}: it does what is left to do. {fault.hint}".strip(), fault.details
        )

    def half_back(self, before: Record | None, fault: BaseException, second: HomeportError) -> ReleaseError:
        """The release has failed, and so has the way back from it, to `before`."""
        whole = f"`{cures.rollback(self.environment, before.id)}`" if before else "The same command"
        return ReleaseError(
            f"{words(fault)}; and going back was not done whole: {second.message}",
            f"{whole} makes it whole. {second.hint}".strip(),
            second.details,
        )
