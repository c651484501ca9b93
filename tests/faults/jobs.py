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
sys.path.append(os.path.join(TOP, "tests"))
import same_arrays  # noqa: E402 pylint: disable=wrong-import-position
BRINK = os.path.join(TOP, os.environ.get("BUILD", "build"), "brink")

# Chaos: every cell goes on to the last step, so that all tiles cost the same. A sanitizer is slow.
CELLS = 160 if os.environ.get("SANITIZE") else 600
SPEC = """model: regularity
axes:
  dor: {{values: [0.5]}}
  lr: {{min: 15, max: 40, num: {cells}, scale: log}}
fixed: {{x0: 4, y0: 0.5}}
lr_unit: flow
stop: {{max_steps: 50000, tail: 256}}
record: full
tile: [1, 8]
"""


def roomy_memory():
    """A folder in memory, where a sync costs nothing; None if there is little room."""
    try:
        found = os.statvfs("/dev/shm")
    except OSError:
        return None
    room = found.f_bavail * found.f_frsize >= 1 << 30 and os.access("/dev/shm", os.W_OK)
    return "/dev/shm" if room else None


class Scratch:
    """A folder of our own, current while the tests run."""

    def __init__(self, cells=CELLS):
        self.cells = cells
        self.path = tempfile.mkdtemp(prefix="brink-faults.",
                                     dir=os.environ.get("TMPDIR") or roomy_memory())
        self.servers = []
        os.chdir(self.path)
        os.mkdir("tmp")
        with open("sweep.yaml", "w", encoding="ascii") as file:
            file.write(SPEC.format(cells=cells))
        self.environment = dict(
            os.environ,
            TMPDIR=os.path.join(self.path, "tmp"),
            OMPI_MCA_btl_vader_backing_directory=os.path.join(self.path, "tmp"),
            OMPI_ALLOW_RUN_AS_ROOT="1",
            OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
            OMPI_MCA_btl="self,vader",  # looking for networks takes as long as a sweep
            OMPI_MCA_odls_base_sigkill_timeout="0",  # else each killed job takes 1-2 s more
            OMP_NUM_THREADS="1",
        )

    def close(self):
        for server in self.servers:
            server.close()
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


def children_of(pid):
    """Of all its threads."""
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found += map(int, file.read().split())
        return found
    except OSError:  # it has gone, or this kernel does not say
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        return [child for child in pids if (stat_of(child) or (0, 0))[1] == pid]


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
        self.log = tempfile.TemporaryFile(dir=scratch.path)
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
        found = sorted(children_of(own)) if self.launched else [own]
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
            now, running = time.monotonic(), self.ranks()
            if not self.known or running:
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
        """What was said so far; the place in the log is the job's."""
        log = self.log.fileno()
        return os.pread(log, os.fstat(log).st_size, 0).decode(errors="replace")


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
    try:
        return "\n".join(same_arrays.differences([first, second]))[:400] or None
    except OSError as error:
        return str(error)
