# SPDX-License-Identifier: MIT
"""Says which Debian package is missing where Python would print a traceback."""
import importlib.util
import os
import sys


def modules(*names):
    """Ends the program (exit code 3) if a module is not there, naming the package that has it."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        packages = " ".join(f"python3-{name}" for name in missing)
        print(f"{os.path.basename(sys.argv[0])}: {sys.executable} has no {', '.join(missing)}: "
              f"apt install {packages} (Debian's packages belong to /usr/bin/python3), "
              f"or pip install {' '.join(missing)}", file=sys.stderr)
        sys.exit(3)
