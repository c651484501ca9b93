# SPDX-License-Identifier: MIT
"""Jobs for the fault tests: brink alone or under mpirun, whose processes can be found and ended.

Only processes started here are ever signalled, by number and start time. Shared memory and session
folders of Open MPI lie in the scratch folder, so that nothing is left of killed ranks.
"""
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import h5py

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BRINK = os.path.join(TOP, os.environ.get("BUILD", "build"), "brink")

# Chaos: every cell goes on to the last step, so that all tiles cost the same. A sanitizer is slow.
CELLS = 160 if os.environ.get("SANITIZE") else 600
SPEC = f"""model: regularity
axes:
  dor: {{values: [0.5]}}
  lr: {{min: 15, max: 40, num: {CELLS}, scale: log}}
fixed: {{x0: 4, y0: 0.5}}
lr_unit: flow
stop: {{max_steps: 50000, tail: 256}}
record: full
tile: [1, 8]
"""


class Scratch:
    """A folder of our own, current while the tests run."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="brink-faults.")
        os.chdir(self.path)
        os.mkdir("tmp")
        with open("sweep.yaml", "w", encoding="ascii") as file:
            file.write(SPEC)
        self.environment = dict(
            os.environ,
            TMPDIR=os.path.join(self.path, "tmp"),
            OMPI_MCA_btl_vader_backing_directory=os.path.join(self.path, "tmp"),
            OMPI_ALLOW_RUN_AS_ROOT="1",
            OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
            OMPI_MCA_odls_base_sigkill_timeout="0",  # else each killed job takes 1-2 s more
            OMP_NUM_THREADS="1",
        )

    def close(self):
        os.chdir("/")
        shutil.rmtree(self.path, ignore_errors=True)


def stat_of(pid):
    """(state, parent, start time) of a process, None if it has gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return fields[0], int(fields[1]), fields[19]


def runs(process):
    """Does (pid, start time) still run?"""
    stat = stat_of(process[0])
    return stat is not None and stat[0] not in "ZX" and stat[2] == process[1]


class Job:
    """One start of a sweep; ranks 0: without a launcher."""

    def __init__(self, scratch, result, *words, ranks=0, environment=(), spec="sweep.yaml"):
        command = [BRINK, "run", spec, "-o", result, "--threads", "1", *words]
        if ranks:
            launcher = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(ranks)]
            command = launcher + command
        self.launched = ranks > 0
        self.log = tempfile.TemporaryFile(mode="w+", dir=scratch.path)
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env=dict(scratch.environment, **dict(environment)),
            start_new_session=True,
        )
        self.known = set()
        self.ranks()

    def ranks(self):
        """The ranks that run now, as (pid, start time), rank 0 first."""
        own = self.process.pid
        if not self.launched:
            found = [own]
        else:
            pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
            found = sorted(pid for pid in pids if (stat_of(pid) or (0, 0))[1] == own)
        ranks = [(pid, stat[2]) for pid in found if (stat := stat_of(pid))]
        self.known.update(ranks)
        return [rank for rank in ranks if runs(rank)]

    def signal(self, number, processes=None):
        """To the launcher, or to some of the ranks."""
        if processes is None:
            if self.process.poll() is None:
                self.process.send_signal(number)
            return
        for process in processes:
            if runs(process):
                os.kill(process[0], number)

    def wait(self, seconds=120):
        """The exit code as a shell sees it, once the launcher and all ranks have gone.

        Open MPI 4.1's mpirun may lock itself up in PMIx_server_finalize when a rank was killed
        during MPI_Init (seen in 2 of 500 kills): with no rank left it is ended after 5 s.
        """
        end, idle = time.monotonic() + seconds, None
        while self.process.poll() is None:
            now = time.monotonic()
            if not self.known or self.ranks():
                idle = None
            idle = idle or now
            if now > end or (self.launched and now > idle + 5):
                self.signal(signal.SIGKILL)
                self.signal(signal.SIGKILL, self.known)
                self.process.wait()
                if now > end:
                    return "no end"
            time.sleep(0.02)
        end = time.monotonic() + 30
        while any(runs(rank) for rank in self.known):
            if time.monotonic() > end:
                self.signal(signal.SIGKILL, self.known)
                return "ranks left"
            time.sleep(0.02)
        code = self.process.returncode
        return code if code >= 0 else 128 - code

    def words(self):
        self.log.seek(0)
        return self.log.read()


def reseal(result):
    """Renews the digest of what never changes, after an edit of it; see src/store/seal.h."""
    library = ctypes.CDLL("libxxhash.so.0")
    library.XXH3_64bits.restype = ctypes.c_uint64
    with h5py.File(result, "r") as file:
        ranges = sorted((int(start), int(end)) for start, end in file["seal/ranges"][:])
        place = file["seal/digest"].id.get_offset()
    with open(result, "r+b") as file:
        data, sealed, at = file.read(), b"", 0
        for start, end in ranges:
            sealed += data[at:start]
            at = end
        sealed += data[at:]
        digest = library.XXH3_64bits(sealed, ctypes.c_size_t(len(sealed)))
        file.seek(place)
        file.write(digest.to_bytes(8, "little"))


def same(first, second):
    """None if two results hold the same arrays, else how they differ."""
    tool = os.path.join(TOP, "tests", "same_arrays.py")
    done = subprocess.run([sys.executable, tool, first, second], capture_output=True, text=True,
                          check=False)
    return None if done.returncode == 0 else (done.stdout + done.stderr)[:400]
