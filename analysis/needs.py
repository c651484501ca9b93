# SPDX-License-Identifier: MIT
"""Names the Debian packages of missing modules, where Python would print a traceback.

Each program of this folder imports it before what it checks for.
"""
import importlib.util
import os
import sys


def modules(*names):
    """Ends the program (exit code 3) if a module is not there, naming the package that has it."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        packages = " ".join(f"python3-{name}" for name in missing)
        print(f"{os.path.basename(sys.argv[0])}: {sys.executable} has no {', '.join(missing)}: "
              f"apt install {packages} (for Debian's own /usr/bin/python3), "
              f"or pip install {' '.join(missing)}", file=sys.stderr)
        sys.exit(3)


modules("numpy", "h5py", "h5netcdf", "xarray", "matplotlib")  # all tools need these
