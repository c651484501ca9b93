# SPDX-License-Identifier: MIT
"""The reader and the figures, on small sweeps: what is in them, not only that they exist."""
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest

import h5py
import matplotlib.colors as colors
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ANALYSIS = os.path.join(os.path.dirname(HERE), "analysis")
BRINK = os.path.join(os.environ.get("BUILD", os.path.join(os.path.dirname(HERE), "build")), "brink")
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, ANALYSIS]

import brink_io  # noqa: E402
import convergence  # noqa: E402
import figures  # noqa: E402
import objective  # noqa: E402
import phase  # noqa: E402
import picture  # noqa: E402
import sample_sweep  # noqa: E402

STATUS = sample_sweep.STATUS
DOR = sample_sweep.DOR
RATES = np.geomspace(1e-4, 40, 48)
STARTS = [(4.0, 0.5), (3.0, 0.4), (2.0, -0.5)]
folder = None


def setUpModule():
    global folder
    folder = tempfile.TemporaryDirectory(prefix="brink-check-analysis-")
    figures.RC["figure.dpi"] = 100  # drawn, not looked at
    dor, lr = (DOR, "list"), (RATES, "log")
    fixed = {"x0": 4.0, "y0": 0.5}
    write("dor.h5", {"dor": dor, "lr": lr}, fixed, "flow", title="Against regularity")
    write("part.h5", {"dor": dor, "lr": lr}, fixed, "flow",
          pending=lambda shape: np.indices(shape)[1] % 3 == 1)
    write("starts.h5", {"init": (STARTS, "list"), "dor": dor, "lr": lr}, {}, "flow",
          record=sample_sweep.BASIC + ["loss_rises"])
    write("few.h5", {"dor": dor, "lr": (np.geomspace(0.02, 2, 12), "log")}, fixed, "flow")
    write("line.h5", {"lr": (RATES, "log")}, {"a": 0.5, **fixed}, "flow")
    write("b.h5", {"b": ((1, 3), "list"), "lr": (RATES[::4], "log")}, fixed, "one")
    write("a.h5", {"a": (np.linspace(0.1, 1, 5), "linear"), "lr": (RATES[::2], "log")}, fixed,
          "flow")
    write("plane.h5", {"y0": (np.linspace(-3, 3, 21), "linear"),
                       "x0": (np.linspace(-3, 3, 31), "linear")}, {"b": 1.0, "lr": 0.3})


def tearDownModule():
    folder.cleanup()


def path_of(name):
    return os.path.join(folder.name, name)


def write(name, axes, fixed, lr_unit="one", title="A sample sweep", record=None, pending=None):
    """A sweep by brink itself: axes {name: (values, scale)}; cells of `pending` are undone."""
    spec = path_of("spec.yaml")
    values = {axis: {"values": np.asarray(points).tolist()} if scale == "list" else {
        "min": float(points[0]), "max": float(points[-1]), "num": len(points), "scale": scale}
        for axis, (points, scale) in axes.items()}
    with open(spec, "w") as file:
        json.dump({"title": title, "model": "regularity", "axes": values, "fixed": fixed,
                   "lr_unit": lr_unit, "stop": {"max_steps": 1500}, "record": record or "basic"},
                  file)
    subprocess.run([BRINK, "run", spec, "-o", path_of(name)], check=True, capture_output=True)
    if pending:
        with h5py.File(path_of(name), "r+") as file:
            empty = pending(file["status"].shape)
            for field in file.values():
                if getattr(field, "shape", None) == empty.shape:
                    values = field[...]
                    values[empty] = (0 if field.name == "/status" else
                                     -1 if values.dtype.kind == "i" else np.nan)
                    field[...] = values
            file["tiles/state"][...] = 0


def opened(name):
    return brink_io.open(path_of(name))


def stored(name, field):
    with h5py.File(path_of(name)) as file:
        return file[field][...]


def cell_colours(axes):
    """{colour: number of cells drawn in it} over all meshes of an axes."""
    found = {}
    for mesh in axes.collections:
        if not hasattr(mesh, "get_coordinates"):
            continue
        mesh.update_scalarmappable()
        shape = np.array(mesh.get_coordinates().shape[:2]) - 1
        shown = ~np.ma.getmaskarray(mesh.get_array()).ravel()
        faces = mesh.get_facecolors()
        assert len(faces) == shape.prod()
        for face in faces[shown]:
            colour = colors.to_hex(face)
            found[colour] = found.get(colour, 0) + 1
    return found


# Machado, Oliveira, Fernandes 2009: severe protanopia, deuteranopia, tritanopia; and none.
VISION = np.array([np.eye(3),
                   [[.152286, 1.052583, -.204868], [.114503, .786281, .099216],
                    [-.003882, -.048116, 1.051998]],
                   [[.367322, .860646, -.227968], [.280085, .672501, .047413],
                    [-.011820, .042940, .968881]],
                   [[1.255528, -.076749, -.178779], [-.078411, .930809, .147602],
                    [.004733, .691367, .303900]]])


def cvd_lab(colour):
    """CIE Lab [4, 3] of a colour as seen with each VISION."""
    channel = np.array(colors.to_rgb(colour))
    linear = np.where(channel <= .04045, channel / 12.92, ((channel + .055) / 1.055) ** 2.4)
    seen = np.clip(VISION @ linear, 0, 1)
    xyz = seen @ np.array([[.4124, .2126, .0193], [.3576, .7152, .1192], [.1805, .0722, .9505]])
    f = np.cbrt(np.maximum(xyz / [.9505, 1, 1.089], 0.008856))
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], -1)


def legend_texts(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def footer_of(figure):
    return " ".join(text.get_text().replace("\n", " · ") for text in figure.texts)


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


class Phase(unittest.TestCase):
    def test_every_cell_has_the_colour_of_its_verdict(self):
        figure = phase.phase_figure(opened("dor.h5"))
        status = stored("dor.h5", "status")
        expected = {figures.STATUS_COLOURS[sample_sweep.STATUSES[value]]: count
                    for value, count in zip(*np.unique(status, return_counts=True))}
        self.assertGreater(len(expected), 3)
        self.assertEqual(cell_colours(figure.axes[0]), expected)

    def test_legend_has_what_occurs_with_its_share(self):
        texts = legend_texts(phase.phase_figure(opened("dor.h5")))
        status = stored("dor.h5", "status")
        share = np.count_nonzero(status == STATUS["converged"]) / status.size
        self.assertIn(f"converged  {100 * share:.1f} %", texts)
        self.assertFalse(any("saddle" in text or "not computed" in text for text in texts))
        self.assertEqual(len(texts), len(np.unique(status)) + len(phase.GUIDES))

    def test_axes(self):
        axes = phase.phase_figure(opened("dor.h5")).axes[0]
        self.assertEqual(axes.get_xscale(), "log")
        self.assertIn("GF", axes.get_xlabel())
        self.assertEqual(axes.get_ylabel(), "degree of regularity")
        self.assertEqual([text.get_text() for text in axes.get_yticklabels()],
                         ["0.25", "0.5", "0.75", "1", "2", "6", "10", "14"])
        low, high = axes.get_xlim()
        self.assertTrue(low < RATES[0] < RATES[-1] < high)

    def test_labels_of_the_learning_rate_units(self):
        for unit, words in (("one", "learning rate"), ("norm2", "x_0^2"),
                            ("sharpness", "sharpness"), ("flow", "GF")):
            sweep = opened("dor.h5")
            sweep.attrs["lr_unit"] = unit
            self.assertIn(words, figures.grid_axis(sweep, "lr").label)

    def test_guides_lie_where_their_fields_are_one(self):
        axes = phase.phase_figure(opened("dor.h5")).axes[0]
        edge, flow, minimum, proof = axes.lines
        np.testing.assert_allclose(flow.get_xdata(), 1, rtol=1e-9)
        expected = [RATES[0] / row[0] for row in stored("dor.h5", "edge_start")]
        np.testing.assert_allclose(edge.get_xdata()[::2], expected, rtol=1e-6)
        np.testing.assert_array_equal(edge.get_ydata()[:4], [-0.5, 0.5, 0.5, 1.5])
        half = np.hypot(4 ** 2 - 0.5 ** 2, 2) / 2  # 1/F''(1) over h_GF, whatever F is
        np.testing.assert_allclose(minimum.get_xdata(), half, rtol=1e-9)
        good = 2 * np.count_nonzero(np.array(DOR) <= 1)
        np.testing.assert_allclose(proof.get_xdata()[:good], half / np.sqrt(2), rtol=1e-9)
        self.assertTrue(np.isnan(proof.get_xdata()[good:]).all())

    def test_guides_hold_what_they_say(self):
        sweep = opened("dor.h5")
        converged = (sweep.verdict == "converged").values
        curvature = np.array([objective.of_dor(dor).curvature_minimum for dor in DOR])
        h, good = sweep.lr_actual.values, np.array(DOR)[:, None] <= 1
        self.assertFalse((converged & (h > 1 / curvature[:, None])).any())
        bound = np.sqrt(2) / np.array([objective.of_dor(dor).slope_bound or np.nan
                                       for dor in DOR])[:, None]
        self.assertFalse(((sweep.verdict == "diverged").values & good & (h < bound)).any())

    def test_guides_are_chosen(self):
        figure = phase.phase_figure(opened("dor.h5"), guides=("flow",))
        self.assertEqual(len(figure.axes[0].lines), 1)
        with self.assertRaisesRegex(figures.UsageError, "--guides bogus: one of edge"):
            phase.phase_figure(opened("dor.h5"), guides=("bogus",))

    def test_small_multiples(self):
        figure = phase.phase_figure(opened("starts.h5"), panels="init")
        status = stored("starts.h5", "status")
        for number, (x, y) in enumerate(STARTS):
            axes = figure.axes[number]
            self.assertEqual(axes.get_title(), f"start = ({x:g}, {y:g})")
            expected = {figures.STATUS_COLOURS[sample_sweep.STATUSES[value]]: count for value, count
                        in zip(*np.unique(status[number], return_counts=True))}
            self.assertEqual(cell_colours(axes), expected)
        self.assertIn(f"{status.size:,} of {status.size:,} cells", footer_of(figure))
        self.assertEqual([axes.get_ylabel() != "" for axes in figure.axes], [True, False, True])
        figure = phase.phase_figure(opened("starts.h5"), "edge_end", panels="dor", width="page")
        self.assertEqual(len(figure.axes), len(DOR) + 1)
        norms = {mesh.norm for axes in figure.axes[:-1] for mesh in axes.collections[-1:]
                 if hasattr(mesh, "norm") and mesh.norm.vmax == 2}
        self.assertLessEqual(len(norms), 1)
        self.assert_clear(figure)
        for slices, words in (((), "no such axis"), (("init=1",), "keeps one value")):
            with self.assertRaisesRegex(figures.UsageError, words):
                phase.phase_figure(opened("starts.h5"), slices=slices,
                                   panels="init" if slices else "x0")

    def test_dark_pages_are_readable(self):
        figures.use_theme("dark")
        self.addCleanup(figures.use_theme, "light")
        figure = phase.phase_figure(opened("part.h5"))
        for text in [*figure.texts, *figure.legends[0].get_texts(),
                     *figure.axes[0].get_yticklabels(), figure.axes[0].xaxis.label]:
            self.assertGreater(np.mean(colors.to_rgb(text.get_color())), 0.5, text)
        status = stored("part.h5", "status")
        self.assertEqual(sum(cell_colours(figure.axes[0]).values()), np.count_nonzero(status))

    def test_verdict_colours_are_told_apart_by_everyone(self):
        shades = {name: cvd_lab(colour) for name, colour in figures.STATUS_COLOURS.items()}
        for name, kinds in shades.items():
            for other, others in shades.items():
                if name < other:
                    apart = np.linalg.norm(kinds - others, axis=1).min()
                    self.assertGreater(apart, 7, f"{name} and {other}")

    def test_guides_of_an_unfinished_file_are_whole(self):
        whole, part = (phase.phase_figure(opened(name)).axes[0].lines[0].get_xdata()
                       for name in ("dor.h5", "part.h5"))
        np.testing.assert_allclose(part, whole, rtol=1e-6)

    def test_pending_cells_are_hatched_and_counted(self):
        figure = phase.phase_figure(opened("part.h5"))
        status = stored("part.h5", "status")
        pending = np.count_nonzero(status == 0)
        self.assertEqual(sum(cell_colours(figure.axes[0]).values()), status.size - pending)
        self.assertTrue(figure.axes[0].patch.get_hatch())
        self.assertIn("not computed yet  33.3 %", legend_texts(figure))
        self.assertIn(f"{status.size - pending:,} of {status.size:,} cells", footer_of(figure))

    def test_title_and_footer_lead_to_the_file(self):
        text, attributes = footer_of(phase.phase_figure(opened("dor.h5"))), opened("dor.h5").attrs
        for words in ("Against regularity", "dor.h5", "spec " + attributes["spec_hash"][:16],
                      attributes["commit"],
                      "lr_unit flow", "x0 = 4", "y0 = 0.5"):
            self.assertIn(words, text)

    def test_continuous_field(self):
        figure = phase.phase_figure(opened("dor.h5"), "edge_end")
        axes, bar = figure.axes
        status = stored("dor.h5", "status")
        diverged = np.count_nonzero(status == STATUS["diverged"])
        self.assertEqual(cell_colours(axes)[phase.NEUTRAL["diverged"]], diverged)
        self.assertEqual(sum(cell_colours(axes).values()), status.size)
        mesh = axes.collections[1]
        self.assertEqual((mesh.norm.vmin, mesh.norm.vmax), (0, 2))
        self.assertIn("sharpness", bar.get_ylabel())
        figure = phase.phase_figure(opened("dor.h5"), "steps")
        self.assertIsInstance(figure.axes[0].collections[1].norm, colors.LogNorm)

    def test_slices(self):
        status = stored("starts.h5", "status")
        for slices, expected, words in (
                ((), status[0], "init = (4, 0.5) (1 of 3)"),
                (("init=1",), status[1], "init = (3, 0.4) (2 of 3)"),
                (("dor#4",), status[:, 4], "dor = 2 (5 of 8)"),
                (("lr=1",), status[:, :, abs(RATES - 1).argmin()], "lr = ")):
            part, chosen = picture.choose(opened("starts.h5"), slices)
            np.testing.assert_array_equal(part["status"].values, expected)
            self.assertTrue(any(words in word for word in chosen), chosen)
            figure = phase.phase_figure(opened("starts.h5"), slices=slices)
            self.assertEqual(sum(cell_colours(figure.axes[0]).values()), expected.size)

    def test_one_axis_gives_a_line(self):
        figure = phase.phase_figure(opened("line.h5"))
        strip, axes = figure.axes
        self.assertEqual(sum(cell_colours(strip).values()), RATES.size)
        line = axes.lines[0].get_ydata()
        kept = stored("line.h5", "status") != STATUS["diverged"]
        np.testing.assert_array_equal(line[kept], stored("line.h5", "edge_end")[kept])
        self.assertEqual(axes.get_xscale(), "log")

    def test_plane_of_starts(self):
        figure = phase.phase_figure(opened("plane.h5"))
        axes = figure.axes[0]
        self.assertEqual(sum(cell_colours(axes).values()), 21 * 31)
        width, height = figure.get_size_inches()
        box = axes.get_position()
        self.assertAlmostEqual(box.height * height / (box.width * width),
                               (6 + 6 / 20) / (6 + 6 / 30), places=3)

    def test_nothing_overlaps_or_leaves_the_page(self):
        for name, field in (("dor.h5", "status"), ("part.h5", "edge_end"), ("line.h5", "status"),
                            ("plane.h5", "steps"), ("starts.h5", "catapult")):
            with self.subTest(name=name, field=field):
                figure = phase.phase_figure(opened(name), field)
                self.assert_clear(figure)
        for name in ("starts.h5", "part.h5", "a.h5"):
            self.assert_clear(convergence.convergence_figure(opened(name)))

    def assert_clear(self, figure):
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()
        boxes = [axes.get_tightbbox(renderer) for axes in figure.axes]
        boxes += [item.get_window_extent(renderer) for item in figure.texts + figure.legends]
        page = figure.bbox
        for i, box in enumerate(boxes):
            self.assertTrue(box.x0 >= -1 and box.y0 >= -1 and box.x1 <= page.x1 + 1
                            and box.y1 <= page.y1 + 1, f"{i}: {box} on {page}")
            for j, other in enumerate(boxes[:i]):
                over = (min(box.x1, other.x1) - max(box.x0, other.x0),
                        min(box.y1, other.y1) - max(box.y0, other.y0))
                self.assertFalse(min(over) > 2, f"{i} and {j}: {box} {other}")

    def test_large_pictures_are_reduced_and_counted_whole(self):
        sweep = opened("dor.h5")
        before = picture.CELLS_MAX, picture.STRIP_CELLS
        try:
            picture.CELLS_MAX, picture.STRIP_CELLS = 5, 100
            drawn = picture.read_picture(sweep, ["edge_end"])
        finally:
            picture.CELLS_MAX, picture.STRIP_CELLS = before
        status = stored("dor.h5", "status")
        np.testing.assert_array_equal(drawn.counts, np.bincount(status.ravel(), minlength=128))
        self.assertEqual(drawn.status.shape, (4, 5))  # blocks of 2 x 10, the last ones smaller
        block = status[2:4, 10:20].ravel()
        self.assertEqual(drawn.status[1, 1], np.bincount(block).argmax())
        values = stored("dor.h5", "edge_end")[2:4, 10:20].ravel()
        np.testing.assert_allclose(drawn.fields["edge_end"][1, 1],
                                   values[block == drawn.status[1, 1]].mean())
        np.testing.assert_allclose(drawn.column_edges[[0, -1]], drawn.columns.edges[[0, -1]])

    def test_files_of_every_kind(self):
        for ending, magic in ((".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")):
            out = path_of("figure" + ending)
            self.assertEqual(figures.run_tool(phase.main, [path_of("dor.h5"), "-o", out]), 0)
            with open(out, "rb") as file:
                self.assertTrue(file.read(8).startswith(magic))


class Theme(unittest.TestCase):
    def test_dark_changes_what_is_not_data(self):
        def drawn():
            figure = phase.phase_figure(opened("dor.h5"))
            return (colors.to_hex(figure.get_facecolor()), cell_colours(figure.axes[0]),
                    colors.to_hex(figure.axes[0].xaxis.label.get_color()))
        light = drawn()
        figures.use_theme("dark")
        self.addCleanup(figures.use_theme, "light")
        dark = drawn()
        self.assertEqual(light[1], dark[1])
        self.assertEqual(light[0], figures.THEMES["light"]["page"])
        self.assertEqual(dark[0], figures.THEMES["dark"]["page"])
        self.assertEqual(dark[2], figures.THEMES["dark"]["ink"])


class Convergence(unittest.TestCase):
    def test_first_divergence_by_hand(self):
        codes = {"diverged": 5, "converged": 1, "undefined": 9}
        status = np.array([[1, 1, 5, 1, 5], [1, 6, 1, 7, 8], [5, 5, 1, 1, 5], [1, 0, 1, 5, 5],
                           [1, 0, 1, 1, 1], [9, 9, 9, 9, 9]])
        ratio = np.tile([.1, .2, .3, .4, .5], (6, 1))
        edge = np.tile([.5, .6, .7, .8, .9], (6, 1))
        found, lowest, unsure, below, support = convergence.first_divergence(
            status, ratio, edge, codes)
        np.testing.assert_array_equal(support, [2, 2, 0, 2, 4, 0])
        np.testing.assert_array_equal(found, [.3, np.inf, .1, .4, np.nan, np.nan])
        np.testing.assert_array_equal(lowest, [False, False, True, False, False, False])
        np.testing.assert_array_equal(unsure, [False, False, False, True, True, False])
        np.testing.assert_array_equal(below, [.6, .7, np.nan, .7, .9, np.nan])

    def test_shares_fill_the_panel(self):
        figure = convergence.convergence_figure(opened("dor.h5"))
        heights = np.zeros(len(DOR))
        for bars in figure.axes[0].containers:
            heights += [bar.get_height() for bar in bars]
        np.testing.assert_allclose(heights, 100)
        status = stored("dor.h5", "status")
        shown = {bars.get_label(): [bar.get_height() for bar in bars]
                 for bars in figure.axes[0].containers}
        np.testing.assert_allclose(shown["diverged"],
                                   100 * (status == STATUS["diverged"]).mean(axis=1))

    def test_the_claim(self):
        claim = convergence.read_claim(opened("dor.h5"))
        divergence, edge = claim.divergence[:, 0], claim.edge[:, 0]
        dor = np.array(DOR)
        self.assertTrue(np.isposinf(divergence[dor < 1]).all())
        self.assertTrue((np.diff(divergence[dor >= 1]) < 0).all())
        self.assertTrue((edge[dor <= 1] > 0.85).all(), edge)
        self.assertTrue((np.nan_to_num(edge[dor >= 6]) < 0.5).all(), edge)

    def test_never_is_an_arrow_at_the_top(self):
        figure = convergence.convergence_figure(opened("dor.h5"))
        arrows = [line for line in figure.axes[1].lines if line.get_marker() == "^"]
        np.testing.assert_array_equal(arrows[0].get_xdata(), [0, 1, 2])
        np.testing.assert_allclose(arrows[0].get_ydata(), RATES[-1])
        self.assertIn("no divergence up to here", legend_texts(figure))

    def test_median_over_starts(self):
        figure = convergence.convergence_figure(opened("starts.h5"))
        claim = convergence.read_claim(opened("starts.h5"))
        self.assertEqual(claim.divergence.shape, (len(DOR), len(STARTS)))
        middle = np.sort(claim.divergence, axis=1)[:, 1]
        drawn = next(line for line in figure.axes[1].lines if len(line.get_xdata()) == len(DOR))
        np.testing.assert_array_equal(drawn.get_ydata(),
                                      np.where(np.isfinite(middle), middle, np.nan))
        self.assertIn("median of 3 starts", legend_texts(figure))

    def test_slice(self):
        figure = convergence.convergence_figure(opened("starts.h5"), ["init=1"])
        self.assertIn("init = (3, 0.4) (2 of 3)", footer_of(figure))
        shown = {bars.get_label(): [bar.get_height() for bar in bars]
                 for bars in figure.axes[0].containers}
        status = stored("starts.h5", "status")[1]
        np.testing.assert_allclose(shown["converged"],
                                   100 * (status == STATUS["converged"]).mean(axis=1))

    def test_other_axes_of_regularity(self):
        figure = convergence.convergence_figure(opened("b.h5"))
        self.assertIn("$b$", figure.axes[-1].get_xlabel())

    def test_linear_axis_of_regularity(self):
        axes = convergence.convergence_figure(opened("a.h5")).axes[0]
        self.assertIn("$a$", axes.figure.axes[-1].get_xlabel())
        np.testing.assert_allclose(axes.get_xlim(), (0.1 - 0.1125, 1.1125))
        status = stored("a.h5", "status")
        present = {sample_sweep.STATUSES[value] for value in np.unique(status)}
        self.assertEqual({area.get_label() for area in axes.collections}, present)
        area = next(area for area in axes.collections if area.get_label() == "converged")
        heights = area.get_paths()[0].vertices[:, 1]
        share = 100 * (status == STATUS["converged"]).mean(axis=1)
        self.assertAlmostEqual(heights.max(), share.max())

    def test_points_on_few_converged_cells_are_marked(self):
        figure = convergence.convergence_figure(opened("few.h5"))
        claim = convergence.read_claim(opened("few.h5"))
        few = (claim.support[:, 0] < convergence.FEW) & np.isfinite(claim.edge[:, 0])
        self.assertTrue(few.any() and not few.all(), claim.support)
        marks = next(line for line in figure.axes[2].lines if "fewer" in line.get_label())
        np.testing.assert_array_equal(marks.get_xdata(), np.flatnonzero(few))
        self.assertIn("fewer than 5 converged cells", legend_texts(figure))

    def test_steps_against_the_rate(self):
        figure = convergence.steps_figure(opened("dor.h5"))
        axes = figure.axes[0]
        lines = {line.get_label(): line for line in axes.lines}
        converged = stored("dor.h5", "status")[3] == STATUS["converged"]
        drawn = lines["dor = 1"]
        np.testing.assert_array_equal(drawn.get_ydata(), np.where(
            converged, stored("dor.h5", "steps")[3], np.nan))
        np.testing.assert_allclose(drawn.get_xdata(), RATES)
        theory = axes.lines[axes.lines.index(drawn) - 1].get_ydata()
        slow = converged & (RATES < 0.2) & (RATES > 5e-3)  # there the linear rate is all there is
        np.testing.assert_allclose(drawn.get_ydata()[slow], theory[slow], rtol=0.25)
        self.assertEqual(len(legend_texts(figure)), len(DOR) + 1)

    def test_rows_larger_than_a_strip_are_read_in_parts(self):
        whole, before = convergence.read_claim(opened("starts.h5")), convergence.STRIP_CELLS
        try:
            convergence.STRIP_CELLS = 60
            parts = convergence.read_claim(opened("starts.h5"))
        finally:
            convergence.STRIP_CELLS = before
        for name in ("counts", "divergence", "edge", "support", "lowest", "unsure"):
            np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))

    def test_unfinished_rows_are_hollow(self):
        figure = convergence.convergence_figure(opened("part.h5"))
        self.assertIn("so far (unfinished file)", legend_texts(figure))
        self.assertIn("not computed yet", legend_texts(figure))


if __name__ == "__main__":
    result = unittest.main(verbosity=1, exit=False).result
    good = result.testsRun - len(result.failures) - len(result.errors)
    print(f"{good} passed, {result.testsRun - good} failed")
    sys.exit(not result.wasSuccessful())
