#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Coverage by gcov: runs the tests with a build that counts, and tells how far it is to the aims:
95 % of the lines of src, and all branches of the store, the lease, the schedule and the
specification, but for those that coverage.txt explains. Fails with a test, with fewer lines, with a
branch that is not explained, and with an explanation that explains nothing.
Usage: coverage.py BUILD [--judge]; --judge: with the counts that are there. COVERAGE_MINUTES:
begins no test after so long; called again it goes on with those that have not passed yet.
"""
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WHOLE = re.compile(r"src/(store/|sweep/(spec|schedule|grid))")
LINES = 0.95
TESTS = [["bash", "tests/cli.sh"], ["bash", "tests/verify.sh"], ["bash", "tests/ranks.sh"],
         ["bash", "tests/service.sh"], ["bash", "tests/shards.sh"], ["bash", "tests/network.sh"],
         ["tests/faults/points.py"], ["tests/faults/power.py"], ["tests/faults/small.py"],
         ["tests/hostile.py"], ["tests/store_open.py"], ["tests/manual.py"],
         ["bash", "tests/faults/disks.sh"]]


def found(build, ending):
    return [os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(TOP, build))
            for name in names if name.endswith(ending)]


def sources(name):
    """Of a test: its file and those of its folder that it is made of, and these in turn."""
    known, folder = [name], os.path.dirname(name)
    for path in known:  # it grows
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            text = file.read()
        words = re.findall(r'^(?:import|from) (\w+)', text, re.MULTILINE)
        others = [f"{word}.py" for word in words] + re.findall(r'"([\w.]+\.[ch])"', text)
        for other in (os.path.join(folder, word) for word in others):
            if other not in known and os.path.exists(os.path.join(TOP, other)):
                known.append(other)
    return known


def time_of(path):
    return os.stat(path).st_mtime if os.path.exists(path) else 0


class Parts:
    """The tests, each once; a mark says that one has passed. Counts add up from call to call, as
    long as nothing of what is counted was built anew."""

    def __init__(self, build):
        self.marks = os.path.join(TOP, build, "passed")
        self.environment = dict(
            os.environ, BUILD=build, PYTHON=sys.executable, OMP_NUM_THREADS="1",
            OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
            CK_TIMEOUT_MULTIPLIER="20", BRINK_FLIPS="400", HOSTILE_SECONDS="60",
            BRINK_TEST_SCALE="0.02", BRINK_ASK_DEPTH="3", CK_VERBOSITY="minimal")
        units = sorted(name[:-2] for name in os.listdir(os.path.join(TOP, "tests"))
                       if re.fullmatch(r"check_\w+\.c", name))
        self.commands = {f"tests/{unit}.c": [os.path.join(TOP, build, "tests", unit)]
                         for unit in units}
        for command in TESTS:
            python = [sys.executable] if command[-1].endswith(".py") else []
            self.commands[command[-1]] = python + command
        os.makedirs(self.marks, exist_ok=True)
        # A test that is built anew only lacks its own counts.
        old = [count for count in found(os.path.join(build, "obj"), ".gcda")
               if time_of(count[:-len("da")] + "no") > time_of(count)]
        anew = any(os.path.basename(count) != "build.gcda" for count in old)  # it has the commit
        for path in (found(build, ".gcda") + found(self.marks, "")) if anew else old:
            os.unlink(path)

    def mark(self, name):
        return os.path.join(self.marks, name.replace("/", "."))

    def left(self):
        """The sources of those that have not passed yet as they are now."""
        return [name for name in self.commands
                if time_of(self.mark(name)) <= max(time_of(os.path.join(TOP, source))
                                                   for source in sources(name))]

    def run(self, end):
        """All that are left, until the time is over. A process that is killed does not tell what
        it has seen: the same steps are seen in jobs that end."""
        for name in self.left():
            if time.monotonic() > end:
                break
            start = time.monotonic()
            done = subprocess.run(self.commands[name], cwd=TOP, env=self.environment, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  errors="replace")
            print("ok  " if done.returncode == 0 else "FAIL", name,
                  f"({time.monotonic() - start:.0f} s)", flush=True)
            if done.returncode == 0:
                with open(self.mark(name), "w", encoding="ascii"):
                    pass
            else:
                print(done.stdout[-2000:])


def counts_of(path):
    """gcov's report on one object."""
    done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", path],
                          cwd=TOP, stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout)  # a program that no test runs has no counts: gcov complains


def gather(build):
    """{file: {line: count}}, {file: {line: [count of each branch]}}; objects of one source add."""
    lines = collections.defaultdict(collections.Counter)
    branches = collections.defaultdict(dict)
    notes = found(os.path.join(build, "obj"), ".gcno")
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
    """The lines "FILES | LINE | BRANCHES | reason" of coverage.txt: what may stay unseen; two
    patterns, and the places of the branches in gcov's order, or *."""

    def __init__(self):
        self.rules = []
        with open(os.path.join(TOP, "tests", "coverage.txt"), encoding="utf-8") as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    files, text, places, reason = map(str.strip, line.split(" | "))
                    self.rules.append([re.compile(files), re.compile(text), reason, 0,
                                       None if places == "*" else set(map(int, places.split()))])

    def explain(self, name, text, place):
        for rule in self.rules:
            if (rule[0].search(name) and rule[1].search(text)
                    and (rule[4] is None or place in rule[4])):
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
            missing = [place for place, count in enumerate(counts) if count == 0]
            without = [place for place in missing
                       if not exceptions.explain(name, source[number - 1], place)]
            explained += len(missing) - len(without)
            if without:
                unexplained.append(f"{name}:{number}: {without} of {counts}: "
                                   f"{source[number - 1].strip()}")
    seen = sum(count > 0 for file in lines.values() for count in file.values())
    every = sum(map(len, lines.values()))
    write_summary(os.path.join(TOP, build, "summary.txt"), lines, branches)
    print(f"lines of src: {seen} of {every}, {100 * seen / every:.1f} %; aim: {100 * LINES:.0f} %")
    print(f"branches of store, lease, schedule, grid, specification: {total}, of which "
          f"{explained} are unseen and explained; {len(unexplained)} lines with others; aim: 0")
    print("\n".join(unexplained))
    for rule in exceptions.needless():
        print("explains nothing:", rule)
    return seen >= LINES * every and not unexplained and not exceptions.needless()


def write_summary(path, lines, branches):
    """A line for each file, those with most unseen lines first."""
    def unseen(name):
        return sum(count == 0 for count in lines[name].values())
    with open(path, "w", encoding="utf-8") as file:
        file.write("unseen  lines  unseen  branches  file\n")
        for name in sorted(lines, key=lambda name: (-unseen(name), name)):
            counts = [count for line in branches[name].values() for count in line]
            file.write(f"{unseen(name):6}  {len(lines[name]):5}  {counts.count(0):6}  "
                       f"{len(counts):8}  {name}\n")
    print(f"by file: {path}")


def main(arguments):
    parts, judging = Parts(arguments[0]), "--judge" in arguments
    if not judging:
        parts.run(time.monotonic() + 60 * float(os.environ.get("COVERAGE_MINUTES", "inf")))
    left = parts.left()
    good = True
    if not left or judging:
        good = judge(arguments[0])
    if left:
        print("not passed yet:", *left)
    good = good and not left
    print(f"{int(good)} passed, {int(not good)} failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
