"""The page: its own line, what the other service says, and whether its secret could be read."""

import urllib.request
from pathlib import Path

from serve import serve

LINE = "line 1"
TOKEN = Path("/run/secrets/token").read_text()


def page(path: str) -> bytes:
    with urllib.request.urlopen("http://hello:8000/", timeout=5) as answer:
        word = answer.read().decode()
    return f"{LINE}; {word}; secret of {len(TOKEN)} characters".encode()


print("the page is served", flush=True)
serve(page)
