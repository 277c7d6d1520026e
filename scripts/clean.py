"""`./run clean`: remove what ./run made on this machine: containers, data, images, .homeport and .venv. Asks first."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILE = ROOT / "examples" / "budgetcoach" / "homeport.yaml"


def main() -> int:
    """0 when all is gone, 1 when the answer was no or nobody could be asked."""
    if "--yes" not in sys.argv and not sys.stdin.isatty():
        print(
            "clean: it deletes data, and there is no terminal to ask on; nothing was removed", file=sys.stderr
        )
        print("  cure: ./run clean --yes", file=sys.stderr)
        return 1
    if "--yes" not in sys.argv and input("Remove containers, DATA and images of the examples? [y/N] ") != "y":
        print("Nothing was removed.")
        return 1
    down = [sys.executable, "-m", "homeport", "down", "--volumes", "--yes", "-f", str(FILE)]
    subprocess.run(down, check=False)
    listing = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]
    names = subprocess.run(listing, capture_output=True, text=True, check=False).stdout.split()
    ours = [name for name in names if name.startswith(("homeport/", "budgetcoach/", "tiny/"))]
    if ours:
        subprocess.run(["docker", "image", "rm", *ours], check=False, stdout=subprocess.DEVNULL)
    for folder in (*ROOT.glob("examples/*/.homeport"), ROOT / ".venv"):
        shutil.rmtree(folder, ignore_errors=True)
        print(f"removed {folder.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
