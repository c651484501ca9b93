# SPDX-License-Identifier: MIT
"""What `brink estimate` says of the example specifications, and what they then cost.

    estimates.py BRINK [NAME ...]

A shared host is as fast as its other guests let it be, for a pilot as for a sweep. So both run
three times in turn, each pilot draws other cells, and their medians are compared.
"""
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

JOBS = pathlib.Path(__file__).parents[2] / "jobs"
ROUNDS = 3

# In sizes that take 10 to 60 core-seconds.
EXAMPLES = {"dor": ["lr.num=65536"], "basin": ["x0.num=4096", "y0.num=4096"],
            "paper": ["seed.num=2", "lr.num=256", "stop.max_steps=20000"],
            "network_eos": ["lr={min: 0.05, max: 0.2, num: 96}"],
            "fractal": ["lr1.num=96", "lr2.num=96"],
            "mnist_regularity": ["lr={values: [0.4]}", "train.max_steps=300"]}


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(brink, name, path, environment):
    """Core-seconds said (three fields of each round) and CPU time of all that a run starts."""
    words = [JOBS / f"{name}.yaml", *EXAMPLES[name]]
    said, real = [], []
    for seed in range(ROUNDS):
        out = subprocess.run([brink, "estimate", *words, "--json", "--seed", str(seed)], check=True,
                             env=environment, stdout=subprocess.PIPE).stdout
        said.append({key: 3600 * hours for key, hours in json.loads(out)["core_hours"].items()})
        path.unlink(missing_ok=True)
        begin = children_seconds()
        subprocess.run(["mpirun", "-n", "2", brink, "run", *words, "-o", path, "-t", "1", "-q"],
                       check=True, env=environment)
        real.append(children_seconds() - begin)
    path.unlink()
    return {"words": EXAMPLES[name], "said_s": said, "real_s": real,
            "ratio": statistics.median(one["mean"] for one in said) / statistics.median(real)}


def main():
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[2:] or EXAMPLES:
            found = measure(sys.argv[1], name, pathlib.Path(folder) / "example.h5", environment)
            print(f"{name:16} said over real {found['ratio']:.3f}; of the rounds",
                  ", ".join(f"{said['mean'] / real:.3f} ({said['low'] / real:.2f} to "
                            f"{said['high'] / real:.2f}; {real:.1f} s)"
                            for said, real in zip(found["said_s"], found["real_s"])), flush=True)


if __name__ == "__main__":
    main()
