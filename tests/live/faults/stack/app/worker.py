"""Works without a port until it is told to stop."""

from __future__ import annotations

import signal
import sys
import threading

from behave import FAULT, VERSION


def main() -> None:
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    print(f"working, version {VERSION}", flush=True)
    if FAULT == "crash" and not told.wait(0.2):
        sys.exit("there is no work of that kind")
    told.wait()


if __name__ == "__main__":
    main()
