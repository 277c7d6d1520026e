"""`./run clean`: remove what ./run made on this machine: containers, data, images, .homeport and .venv. Asks first."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILE = ROOT / "examples" / "budgetcoach" / "homeport.yaml"


def main() -> int:
    """0 when all is gone, 1 when the answer was no."""
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
