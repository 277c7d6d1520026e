"""`python -m homeport.stack.reference > docs/reference.md`."""

from __future__ import annotations

import sys

from homeport.stack.explain import reference

if __name__ == "__main__":
    sys.stdout.write(reference())
