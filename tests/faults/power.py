#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Power loss: what brink wrote and synced is replayed up to a random call; of the writes that were
not synced yet, each sector of 512 bytes is lost or kept in any of its versions, and each name that
its folder was not synced with exists or not.

The oracle: a result that has its name opens; every tile that was synced as done is still done; the
resume comes to the bytes of an undisturbed run. One resume in 50 is a job of mpirun.
Usage: BUILD=build power.py [IMAGES [SEED]]
"""
import concurrent.futures
import errno
import os
import random
import sys

import h5py

import jobs
from solo import LAUNCHED, RANKS, SPECS, Failed, Solo, demand

SECTOR = 512
EAGER = ("--commit-interval", "0.001")  # syncs in the background all the time


class File:
    """Contents of an inode: what is on the disk for sure, and the changes that may be."""

    def __init__(self):
        self.durable, self.pending, self.covered = b"", [], 0

    def change(self, record):
        self.pending.append(record)

    def begin_sync(self):
        self.covered = len(self.pending)

    def end_sync(self):
        self.durable = self.image(self.pending[:self.covered])
        self.pending = self.pending[self.covered:]

    @staticmethod
    def apply(data, record):
        end = record.offset + len(record.more)
        if record.call == "truncate":
            del data[record.length:]
            end = record.length
        elif record.call == "allocate":
            end = record.offset + record.length
        elif record.call == "create":
            data.clear()
            end = 0
        data.extend(bytes(max(0, end - len(data))))
        if record.call == "write":
            data[record.offset:end] = record.more

    def image(self, records):
        data = bytearray(self.durable)
        for record in records:
            self.apply(data, record)
        return bytes(data)

    def torn(self, chance):
        """What may be found after the loss."""
        kept = chance.choice([0, 0.1, 0.5, 0.9, 1])  # how much of it reached the disk
        versions = [self.durable]
        data = bytearray(self.durable)
        for record in self.pending:
            self.apply(data, record)
            if record.call == "write":
                first, last = record.offset // SECTOR, (record.offset + record.length - 1) // SECTOR
                for sector in range(first, last + 1):
                    place = slice(sector * SECTOR, (sector + 1) * SECTOR)
                    versions.append((place.start, bytes(data[place])))
        found = bytearray(self.durable)
        found.extend(bytes(max(0, len(data) - len(found))))
        latest = {}
        for start, sector in versions[1:]:  # an older version may win: the disk reorders
            latest.setdefault(start, []).append(sector)
        for start, sectors in latest.items():
            if chance.random() < kept:
                sector = sectors[-1] if chance.random() < 0.7 else chance.choice(sectors)
                found[start:start + len(sector)] = sector
        size = chance.choice([len(self.durable), len(data), len(data)])
        return bytes(found[:size])


class Disk:
    """Names and files after some calls."""

    def __init__(self):
        self.files, self.durable, self.pending = {}, {}, []

    def name(self, call, name, file):
        self.pending.append((call, name, file))
        self.set_name(self.files, call, name, file)

    @staticmethod
    def set_name(names, call, name, file):
        if call == "remove":
            names.pop(name, None)
        else:
            names[name] = file

    def play(self, record):
        name, call = record.name, record.call
        if call == "create" and name not in self.files:
            self.name("add", name, File())
        elif call in ("link", "rename"):
            self.name("add", record.more.decode(), self.files[name])
        if call in ("rename", "unlink"):
            self.name("remove", name, None)
        elif call in ("write", "truncate", "allocate"):
            self.files[name].change(record)
        elif call == "create" and record.offset & os.O_TRUNC:
            self.files[name].change(record)
        elif call == "sync begins" and name:
            self.files[name].begin_sync()
        elif call == "sync" and name:
            self.files[name].end_sync()
        elif call == "sync":
            self.durable, self.pending = dict(self.files), []

    def crash(self, chance):
        """{name: contents} after the loss."""
        names = dict(self.durable)
        for call, name, file in self.pending:
            if chance.random() < 0.5:
                self.set_name(names, call, name, file)
        return {name: file.torn(chance) for name, file in names.items()}


class Power:
    def __init__(self, solo):
        self.solo = solo

    def image(self, seed):
        chance = random.Random(f"power {seed}")
        sweep = self.solo.sweep(chance.choice(list(SPECS)))
        disk, at = Disk(), chance.randint(1, len(sweep.records))
        for record in sweep.records[:at]:
            disk.play(record)
        synced = 0
        if "r.h5" in disk.durable:
            start, count = sweep.state
            synced = disk.durable["r.h5"].durable[start:start + count].count(1)
        folder = self.solo.folder()
        found = disk.crash(chance)
        for name, data in found.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        demand("r.h5" in found or not synced, "the result is gone")
        # Whoever finds a torn lease waits for a minute; the loss of power is not to be slept on.
        words = sweep.heal(folder, *(["--steal-lease"] if "r.h5.lease" in found else []),
                           ranks=chance.choice(RANKS) if seed % LAUNCHED == 0 else 0)
        kept = words.partition("resuming: ")[2].partition(" of ")[0]
        demand(int(kept or 0) >= synced, f"{synced} tiles were synced:", words)
        self.solo.remove(folder)
        return f"{sweep.name}, {at} of {len(sweep.records)}: {synced} synced, {kept or 0} found"

    def counted(self, name):
        """A row of /runs is on the disk before it counts: else a loss of power leaves a row of
        nothing, which the next start would take for that of a job."""
        sweep, disk, counted = self.solo.sweep(name), Disk(), 0
        with h5py.File(sweep.result, "r") as file:
            place = file["runs/count"].id.get_offset()
        for record in sweep.records:
            if record.call == "write" and record.name == "r.h5" and record.offset == place:
                file = disk.files["r.h5"]
                synced, now = file.durable, file.image(file.pending)
                demand(all(synced[start:start + size] == now[start:start + size]
                           for start, size in sweep.holes if start != place),
                       "counts a row of /runs that is not on the disk")
                counted += 1
            disk.play(record)
        demand(counted, "no row was counted")

    def failing(self, name):
        """A disk that fails from some call on, while it is synced in the background, too."""
        sweep, said = self.solo.sweep(name), []
        for at, record in enumerate(sweep.calls, 1):
            if record.call != "sync":
                continue
            folder = self.solo.folder()
            code, words = sweep.run(folder, *EAGER, SHIM_FAULT=f"{at} ever {errno.EIO}")
            demand(code == 3 and "r.h5" in words or code == 0, "exit code", code, words)
            said.append(words)
            if os.path.exists(os.path.join(folder, "r.h5")):
                sweep.heal(folder)
            self.solo.remove(folder)
        demand(any("cannot sync" in words for words in said), "no sync failed:", *said)

    def attempt(self, seed):
        """(passed?, words)."""
        try:
            if seed == 1:
                self.counted("one")
            if seed == 2:
                for name in SPECS:
                    self.failing(name)
            return True, f"ok power, seed {seed}: {self.image(seed)}"
        except Failed as failure:
            return False, f"FAIL power, seed {seed}: {failure}"


def main(arguments):
    count = int(arguments[0]) if arguments else 50
    first = int(arguments[1]) if len(arguments) > 1 else 1
    scratch, passed = jobs.Scratch(), 0
    try:
        power = Power(Solo(scratch, EAGER))
        with concurrent.futures.ThreadPoolExecutor(max_workers=6) as pool:
            for good, words in pool.map(power.attempt, range(first, first + count)):
                passed += good
                print(words, flush=True)
    finally:
        scratch.close()
    print(f"{passed} passed, {count - passed} failed")
    return 0 if passed == count else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
