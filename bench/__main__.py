"""`./run bench [NAME]`: one measurement, or the list of them. Each prints a table against the plain alternative."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path


def main() -> int:
    """Run bench/NAME.py with the rest of the words."""
    names = sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name[0] != "_")
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        for name in names:
            about = (importlib.import_module(f"bench.{name}").__doc__ or "").strip().splitlines()[0]
            print(f"  {name:<10} {about}")
        return 0 if len(sys.argv) < 2 else 1
    name = sys.argv.pop(1)
    sys.argv[0] = f"bench {name}"
    return int(importlib.import_module(f"bench.{name}").main() or 0)


sys.exit(main())
