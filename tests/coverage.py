#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Coverage by gcov: runs the tests with a build that counts, and tells how far it is to the aims:
95 % of the lines of src, and all branches of the store, the lease, the schedule and the
specification, but for those that coverage.txt explains. Fails with a test, and with an explanation
that explains nothing. Usage: coverage.py BUILD [--judge]; --judge: with the counts that are there.
"""
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WHOLE = re.compile(r"src/(store/|sweep/(spec|schedule|grid))")
LINES = 0.95
TESTS = [["bash", "tests/cli.sh"], ["bash", "tests/verify.sh"], ["bash", "tests/ranks.sh"],
         ["bash", "tests/service.sh"], ["bash", "tests/shards.sh"], ["bash", "tests/network.sh"],
         ["tests/faults/points.py"], ["tests/faults/small.py"], ["tests/hostile.py"],
         ["tests/store_open.py"], ["tests/manual.py"], ["bash", "tests/faults/disks.sh"]]


def run_tests(build):
    """Each test once; whether all were well. A process that is killed does not tell what it has
    seen: the same steps are seen in jobs that end."""
    environment = dict(os.environ, BUILD=build, PYTHON=sys.executable, OMP_NUM_THREADS="1",
                       OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                       CK_TIMEOUT_MULTIPLIER="20", BRINK_FLIPS="400",
                       HOSTILE_SECONDS="60", BRINK_TEST_SCALE="0.02", CK_VERBOSITY="minimal")
    for folder, _, names in os.walk(os.path.join(TOP, build)):
        for name in names:
            if name.endswith(".gcda"):  # of an earlier time
                os.unlink(os.path.join(folder, name))
    units = sorted(name[:-2] for name in os.listdir(os.path.join(TOP, "tests"))
                   if re.fullmatch(r"check_\w+\.c", name))
    commands = [[os.path.join(TOP, build, "tests", unit)] for unit in units] + TESTS
    good = True
    for command in commands:
        if command[0].endswith(".py"):
            command = [sys.executable, *command]
        done = subprocess.run(command, cwd=TOP, env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        print("ok  " if done.returncode == 0 else "FAIL", " ".join(command), flush=True)
        if done.returncode != 0:
            good = False
            print(done.stdout[-2000:])
    return good


def counts_of(path):
    """gcov's report on one object."""
    done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", path],
                          cwd=TOP, stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout)  # a program that no test runs has no counts: gcov complains


def gather(build):
    """{file: {line: count}}, {file: {line: [count of each branch]}}; objects of one source add."""
    lines = collections.defaultdict(collections.Counter)
    branches = collections.defaultdict(dict)
    notes = []
    for folder, _, names in os.walk(os.path.join(TOP, build, "obj")):
        notes += [os.path.join(folder, name) for name in names if name.endswith(".gcno")]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for report in pool.map(counts_of, sorted(notes)):
            for file in report["files"]:
                name = os.path.relpath(os.path.join(TOP, file["file"]), TOP)
                if not name.startswith("src/"):
                    continue
                for line in file["lines"]:
                    number = line["line_number"]
                    lines[name][number] += line["count"]
                    counts = [branch["count"] for branch in line["branches"]]
                    before = branches[name].get(number)
                    if before and len(before) == len(counts):
                        counts = [a + b for a, b in zip(before, counts)]
                    if counts:
                        branches[name][number] = counts
    return lines, branches


class Exceptions:
    """The lines "FILES | LINE | reason" of coverage.txt: what may stay unseen; two patterns."""

    def __init__(self):
        self.rules = []
        with open(os.path.join(TOP, "tests", "coverage.txt"), encoding="utf-8") as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    files, text, reason = (part.strip() for part in line.split(" | "))
                    self.rules.append([re.compile(files), re.compile(text), reason, 0])

    def explain(self, name, text):
        for rule in self.rules:
            if rule[0].search(name) and rule[1].search(text):
                rule[3] += 1
                return True
        return False

    def needless(self):
        return [f"{rule[0].pattern} | {rule[1].pattern}" for rule in self.rules if rule[3] == 0]


def judge(build):
    lines, branches = gather(build)
    exceptions, unexplained, explained, total = Exceptions(), [], 0, 0
    for name in sorted(filter(WHOLE.match, branches)):
        with open(os.path.join(TOP, name), encoding="utf-8") as file:
            source = file.read().splitlines()
        for number, counts in sorted(branches[name].items()):
            total += len(counts)
            missing = counts.count(0)
            if missing and exceptions.explain(name, source[number - 1]):
                explained += missing
            elif missing:
                unexplained.append(f"{name}:{number}: {missing} of {len(counts)} branches: "
                                   f"{source[number - 1].strip()}")
    seen = sum(count > 0 for file in lines.values() for count in file.values())
    every = sum(map(len, lines.values()))
    print(f"lines of src: {seen} of {every}, {100 * seen / every:.1f} %; aim: {100 * LINES:.0f} %")
    for name in sorted(lines, key=lambda name: -sum(c == 0 for c in lines[name].values()))[:12]:
        print(f"  {name}: {sum(c == 0 for c in lines[name].values())} of {len(lines[name])} unseen")
    print(f"branches of store, lease, schedule, grid, specification: {total}, of which "
          f"{explained} are unseen and explained; {len(unexplained)} lines with others; aim: 0")
    print("\n".join(unexplained))
    for rule in exceptions.needless():
        print("explains nothing:", rule)
    return not exceptions.needless()


def main(arguments):
    good = True if "--judge" in arguments else run_tests(arguments[0])
    good = judge(arguments[0]) and good
    print(f"{int(good)} passed, {int(not good)} failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
