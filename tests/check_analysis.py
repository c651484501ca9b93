# SPDX-License-Identifier: MIT
"""The reader of results, tables, `brink plot`, and what the tools refuse."""
import contextlib
import csv
import io
import os
import re
import shutil
import subprocess
import sys
import unittest

import h5py
import numpy as np

from drawn import (  # noqa: I001 (first: it finds the tools)
    ANALYSIS, BRINK, DOR, RATES, STARTS, STATUS, opened, path_of, stored, main, setUpModule,
    tearDownModule)

import brink_io
import convergence
import figures
import phase
import sample_sweep
import table


class Reader(unittest.TestCase):
    def test_arrays_are_those_stored_and_labelled(self):
        sweep = opened("starts.h5")
        self.assertEqual(sweep["status"].dims, ("init", "dor", "lr"))
        for name in ("status", "steps", "edge_end"):
            np.testing.assert_array_equal(sweep[name].values, stored("starts.h5", name))
        np.testing.assert_allclose(sweep["lr"].values, RATES)
        np.testing.assert_array_equal(sweep["init_y0"].values, [0.5, 0.4, -0.5])
        self.assertIn("init_x0", sweep.coords)

    def test_verdicts_are_names_of_the_file(self):
        sweep = opened("dor.h5")
        names = np.array(sample_sweep.STATUSES)[stored("dor.h5", "status")]
        np.testing.assert_array_equal(sweep["verdict"].values, names)
        self.assertEqual(brink_io.status_names(sweep)[5], "diverged")

    def test_derived_variables_read_only_what_is_asked(self):
        sweep = opened("starts.h5")
        whole = {name: sweep[name].values for name in ("eos", "balanced", "catapult", "verdict")}
        for name, values in whole.items():
            self.assertFalse(opened("starts.h5")[name]._in_memory)
            np.testing.assert_array_equal(sweep[name][1, ::2, 3].values, values[1, ::2, 3])
            np.testing.assert_array_equal(
                sweep[name].isel(init=[2, 0], lr=slice(5, 9)).values, values[[2, 0], :, 5:9])

    def test_flags_are_functions_of_the_measures(self):
        sweep = opened("dor.h5")
        get = {name: stored("dor.h5", name) for name in sample_sweep.BASIC}
        with np.errstate(invalid="ignore"):
            eos = (get["flow_ratio"] > 1) & (get["edge_end"] <= 1) & (get["edge_end"] >= 0.95)
            catapult = ((get["loss_peak"] > 1.01) & (get["loss_end"] < get["loss_start"])
                        & (get["edge_end"] < get["flow_ratio"]))
            balanced = abs(get["balance"]) <= 0.5
        for name, expected in (("eos", eos), ("catapult", catapult), ("balanced", balanced)):
            self.assertTrue(expected.any() and not expected.all(), name)
            np.testing.assert_array_equal(sweep[name].values, expected, name)

    def test_monotone_only_where_loss_rises_is_stored(self):
        self.assertNotIn("monotone", opened("dor.h5"))
        np.testing.assert_array_equal(opened("starts.h5")["monotone"].values,
                                      stored("starts.h5", "loss_rises") == 0)

    def test_no_eos_or_catapult_where_gradient_flow_reaches_no_minimum(self):
        part = opened("starts.h5").isel(lr=0).load()  # of the last start, s0 = -1
        for name, value in (("loss_peak", 2), ("loss_start", 1), ("loss_end", 0),
                            ("edge_end", 0.99), ("flow_ratio", 1.5)):
            part[name][:] = value
        arrives = np.ones((len(STARTS), len(DOR)), bool)
        arrives[2, np.array(DOR) >= 6] = False
        np.testing.assert_array_equal(brink_io._catapult(part).values, arrives)
        np.testing.assert_array_equal(brink_io._eos(part).values, arrives)

    def test_antidiagonal_starts_in_every_parametrisation(self):
        for start in ({"x0": 2.0, "y0": -2.0}, {"s0": -4.0, "D0": 0.0},
                      {"radius": 2.0, "angle": -45.0}, {"init": np.array([1.0, -1.0])}):
            part = opened("plane.h5").isel(x0=0, y0=0).drop_vars(["x0", "y0"])
            part.attrs = {"spec": "{}", "fixed_b": 1.0,
                          **{f"fixed_{name}": value for name, value in start.items()}}
            negative, antidiagonal = brink_io._start(part, 2.0)
            self.assertTrue(negative.all() and antidiagonal.all(), start)
            part.attrs.update({f"fixed_{name}": abs(value) for name, value in start.items()})
            self.assertFalse(any(np.any(flag) for flag in brink_io._start(part, 2.0)), start)

    def test_sign_of_drawn_starts_is_told_from_their_measures(self):
        for b in (3, 5, 7):
            x, y = np.meshgrid([0.3, 1.1, 2.5, -0.7], [0.2, -0.4, 0.9, -1.3])
            x, y = x.ravel(), y.ravel()
            fields = sample_sweep.descend(np.full(x.size, 2.0 * b), x, y, np.full(x.size, 1e-3),
                                          max_steps=1)
            part = {name: brink_io.xr.DataArray(fields[name], dims="seed")
                    for name in brink_io.START_MEASURES}
            negative, _ = brink_io._drawn_start(part, 2.0 * b)
            np.testing.assert_array_equal(negative.values, x * y <= 0)

    def test_dor_and_learning_rate_are_coordinates(self):
        sweep = opened("b.h5")
        np.testing.assert_array_equal(sweep["dor"].values, [2, 6])
        self.assertEqual(sweep["dor"].dims, ("b",))
        self.assertEqual(sweep["h"].dims, ("lr",))
        self.assertEqual(float(opened("line.h5")["dor"]), 0.5)
        np.testing.assert_array_equal(opened("dor.h5")["h"].values, stored("dor.h5", "lr_actual"))
        self.assertEqual(float(opened("plane.h5")["h"]), 0.3)

    def test_tiles_done(self):
        self.assertEqual(brink_io.tiles_done(path_of("dor.h5")), (8, 8))
        self.assertEqual(brink_io.tiles_done(path_of("part.h5")), (0, 8))


class Refusals(unittest.TestCase):
    def changed(self, **attributes):
        path = path_of("changed.h5")
        with open(path_of("line.h5"), "rb") as source, open(path, "wb") as target:
            target.write(source.read())
        with h5py.File(path, "r+") as file:
            for name, value in attributes.items():
                if value is None:
                    del file.attrs[name]
                else:
                    file.attrs[name] = value
        return path

    def test_words(self):
        text = path_of("notes.h5")
        with open(text, "w") as file:
            file.write("not HDF5")
        cut = path_of("cut.h5")
        with open(path_of("line.h5"), "rb") as source, open(cut, "wb") as target:
            target.write(source.read()[:900])
        for path, words in ((text, "not an HDF5 file"), (cut, "damaged")):
            with self.subTest(words), self.assertRaisesRegex(brink_io.BrinkFileError, words):
                brink_io.open(path)
        for attributes, words in (({"brink_format": None}, "not a brink sweep"),
                                  ({"schema_version": np.int32(2)}, "schema 2, this reader knows"),
                                  ({"spec": None}, "damaged brink file: no spec")):
            with self.subTest(words), self.assertRaisesRegex(brink_io.BrinkFileError, words):
                brink_io.open(self.changed(**attributes))

    def test_exit_codes_and_one_line(self):
        text = path_of("plain.h5")
        with open(text, "w") as file:
            file.write("not HDF5")
        line, dor = path_of("line.h5"), path_of("dor.h5")
        out = ["-o", path_of("never.png")]
        for tool, arguments, code in (
                (phase, [text, *out], 4), (convergence, [text, *out], 4),
                (phase, [path_of("missing.h5"), *out], 3),
                (phase, [line, "-o", path_of("no/such/folder.png")], 3),
                (phase, [line, "-o", path_of("figure.bmp")], 2),
                (phase, [dor, "--field", "colour", *out], 2),
                (phase, [dor, "--slice", "x0=1", *out], 2),
                (phase, [dor, "--slice", "dor#8", *out], 2),
                (phase, [dor, "--slice", "dor=high", *out], 2),
                (phase, [dor, "--slice", "dor=1", "lr=1", *out], 2),
                (convergence, [line, *out], 2)):
            with self.subTest(tool=tool.__name__, arguments=arguments):
                words = io.StringIO()
                with contextlib.redirect_stderr(words):
                    self.assertEqual(figures.run_tool(tool.main, arguments), code)
                self.assertEqual(words.getvalue().count("\n"), 1, words.getvalue())
        self.assertFalse(os.path.exists(path_of("never.png")))

    def test_the_programs_themselves(self):
        text = path_of("other.h5")
        with open(text, "w") as file:
            file.write("not HDF5")
        for tool in ("phase.py", "convergence.py"):
            for arguments, code in (([], 2), ([text], 4)):
                run = subprocess.run([sys.executable, "-B", os.path.join(ANALYSIS, tool),
                                      *arguments], capture_output=True, text=True)
                self.assertEqual(run.returncode, code, run.stderr)
                self.assertNotIn("Traceback", run.stderr)


class Table(unittest.TestCase):
    def written(self, *arguments):
        path = path_of("table.csv")
        self.assertEqual(figures.run_tool(table.main, [*arguments, "-o", path]), 0)
        with open(path) as file:
            return list(csv.DictReader(file))

    def test_every_cell_with_all_digits(self):
        before = table.STRIP_CELLS
        try:
            table.STRIP_CELLS = 100
            rows = self.written(path_of("starts.h5"))
        finally:
            table.STRIP_CELLS = before
        for name in ("edge_end", "x_end", "steps"):
            np.testing.assert_array_equal([float(row[name] or "nan") for row in rows],
                                          stored("starts.h5", name).ravel(), name)
        names = np.array(sample_sweep.STATUSES)[stored("starts.h5", "status").ravel()]
        self.assertEqual([row["verdict"] for row in rows], list(names))
        place = np.unravel_index(77, stored("starts.h5", "status").shape)
        self.assertEqual((float(rows[77]["init_x0"]), float(rows[77]["dor"])),
                         (STARTS[place[0]][0], DOR[place[1]]))
        self.assertEqual(float(rows[77]["lr"]), stored("starts.h5", "lr")[place[2]])

    def test_parts(self):
        rows = self.written(path_of("part.h5"))
        self.assertEqual(len(rows), np.count_nonzero(stored("part.h5", "status")))
        rows = self.written(path_of("starts.h5"), "--slice", "init=1", "--fields", "eos",
                            "--verdict", "converged")
        status = stored("starts.h5", "status")[1]
        self.assertEqual(len(rows), np.count_nonzero(status == STATUS["converged"]))
        self.assertEqual(list(rows[0]), ["dor", "lr", "init_x0", "init_y0", "eos"])

    def test_refusals(self):
        for arguments, words in ((["--fields", "x0"], "--fields x0: the file has verdict"),
                                 (["--verdict", "good"], "--verdict good"),
                                 (["-o", path_of("table.xls")], "is .csv or .parquet")):
            heard = io.StringIO()
            with contextlib.redirect_stderr(heard):
                self.assertEqual(figures.run_tool(table.main, [path_of("dor.h5"), *arguments]), 2)
            self.assertIn(words, heard.getvalue())


class Plot(unittest.TestCase):
    """`brink plot`, from a build and installed."""

    def plot(self, *words, brink=BRINK, **variables):
        return subprocess.run([brink, "plot", *words], capture_output=True, text=True,
                              env={**os.environ, **variables})

    def test_runs_the_script_with_its_words(self):
        out = path_of("plotted.pdf")
        run = self.plot("phase", path_of("dor.h5"), "--field", "edge_end", "-o", out)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertTrue(os.path.getsize(out) > 1000)
        self.assertIn("--panels", self.plot("phase", "--help").stdout)

    def test_watch_draws_until_the_file_is_complete(self):
        path, out = path_of("watched.h5"), path_of("watched.png")
        shutil.copy(path_of("part.h5"), path)
        with subprocess.Popen([BRINK, "plot", "phase", path, "--watch", "0.2", "-o", out],
                              stdout=subprocess.PIPE, text=True) as watch:
            self.assertIn("0 of 8 tiles", watch.stdout.readline())
            before = os.stat(out).st_ino
            with h5py.File(path, "r+") as file:
                file["tiles/state"][...] = 1
            self.assertIn("8 of 8 tiles", watch.stdout.readline())
            self.assertEqual(watch.wait(), 0)
        self.assertNotEqual(os.stat(out).st_ino, before)

    def test_says_what_is_wrong(self):
        for words, code, said in (((), 2, "which figure?"), (("phse",), 2, "did you mean 'phase'"),
                                  (("phase", path_of("none.h5")), 3, "none.h5: No such file")):
            run = self.plot(*words)
            self.assertEqual(run.returncode, code)
            self.assertIn(said, run.stderr)
        run = self.plot("phase", "x.h5", PYTHON="/no/python3")
        self.assertEqual(run.returncode, 3)
        self.assertIn("cannot run /no/python3", run.stderr)

    def test_every_kind_has_its_script(self):
        kinds = [line.split(":")[0].strip() for line in self.plot("--help").stdout.splitlines()
                 if line.startswith("  ") and ": " in line]
        self.assertIn("phase", kinds)
        for kind in kinds:
            self.assertTrue(os.path.exists(os.path.join(ANALYSIS, kind + ".py")), kind)

    def test_names_the_package_of_a_missing_module(self):
        run = subprocess.run([sys.executable, "-B", "-S", os.path.join(ANALYSIS, "phase.py"), "x"],
                             capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
        self.assertEqual(run.returncode, 3)
        self.assertIn("apt install python3-numpy", run.stderr)
        self.assertEqual(run.stderr.count("\n"), 1)

    def test_installed(self):
        bin_folder, share = path_of("usr/bin"), path_of("usr/share/brink/analysis")
        os.makedirs(bin_folder)
        shutil.copy(BRINK, bin_folder)
        shutil.copytree(ANALYSIS, share, ignore=shutil.ignore_patterns("explorer", "gallery"))
        run = self.plot("table", path_of("dor.h5"), "-o", "-", "--fields", "edge_end",
                        brink=os.path.join(bin_folder, "brink"))
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual(run.stdout.count("\n"), 1 + len(DOR) * RATES.size)


class Readme(unittest.TestCase):
    """What the README shows of other readers works, in a folder with a mine.h5."""

    def setUp(self):
        self.folder = path_of("readme")
        os.makedirs(self.folder, exist_ok=True)
        shutil.copy(path_of("dor.h5"), os.path.join(self.folder, "mine.h5"))

    def block(self, language):
        with open(os.path.join(os.path.dirname(ANALYSIS), "README.md")) as file:
            return re.search(rf"```{language}\n(.*?)```", file.read(), re.DOTALL).group(1)

    def run_lines(self, command, **variables):
        run = subprocess.run(command, cwd=self.folder, capture_output=True, text=True,
                             env={**os.environ, **variables})
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout.split()

    def test_python(self):
        lines = self.block("python") + "\nprint(*status.shape, lr[0], sweep.eos.sum().item())"
        shown = self.run_lines([sys.executable, "-B", "-c", lines], PYTHONPATH=ANALYSIS)
        self.assertEqual(shown, [str(len(DOR)), str(RATES.size), "0.0001",
                                 str(int(opened("dor.h5").eos.sum()))])

    def test_octave(self):
        octave = shutil.which("octave-cli")
        if not octave and os.geteuid() == 0:
            self.fail("no octave-cli: apt install octave")  # make check does so
        if not octave:
            self.skipTest("no octave-cli: the README's lines for Octave were not tried")
        lines = self.block("octave") + """
            printf("%d ", size(status)); printf("%.17g ", sum(edge_end(status == 1)));"""
        rows, columns, total = self.run_lines([octave, "--no-gui", "--eval", lines])
        self.assertEqual((int(rows), int(columns)), (RATES.size, len(DOR)))  # reversed
        kept = stored("dor.h5", "status") == STATUS["converged"]
        self.assertAlmostEqual(float(total), stored("dor.h5", "edge_end")[kept].sum())

    def test_example(self):
        path = os.path.join(self.folder, "mine.h5")
        run = subprocess.run([sys.executable, "-B", os.path.join(ANALYSIS, "example.py"), path],
                             capture_output=True, text=True, env={**os.environ, "BRINK": BRINK})
        self.assertEqual(run.returncode, 0, run.stderr)
        status = stored("dor.h5", "status")
        share = np.mean(status == STATUS["converged"], axis=1)
        line = next(line for line in run.stdout.splitlines() if line.startswith("converged  "))
        np.testing.assert_allclose([float(word) for word in line.split()[1::2]], 100 * share,
                                   atol=0.051)
        self.assertTrue(os.path.getsize(os.path.join(self.folder, "mine-example.png")) > 1000)


if __name__ == "__main__":
    main()
