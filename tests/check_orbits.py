# SPDX-License-Identifier: MIT
"""The figures of single trajectories and of boundaries: what is in them, on real small sweeps."""
import os
import subprocess
import sys
import tempfile
import unittest

import matplotlib.colors as colors
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "analysis")]
BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
os.environ["BRINK"] = os.path.join(BUILD, "brink")

import bifurcation  # noqa: E402
import boundary  # noqa: E402
import brink_io  # noqa: E402
import eos  # noqa: E402
import figures  # noqa: E402
import landscape  # noqa: E402
import objective  # noqa: E402
import traces  # noqa: E402

CUBIC = """
title: The cubic map on x = y
model: regularity
axes: {lr: {min: 0.3, max: 1.05, num: 31}}
fixed: {b: 1, x0: 0.9, y0: 0.9}
stop: {max_steps: 3000}
record: %s
"""
PLANE = """
title: Against regularity
model: regularity
axes: {dor: {values: [0.5, 2]}, lr: {min: 0.1, max: 12, num: 24, scale: log}}
fixed: {x0: 4, y0: 0.5}
lr_unit: flow
stop: {max_steps: 2000}
"""
CHAOS = """
title: Chaos of good regularity
model: regularity
axes: {dor: {values: [0.25, 1]}, lr: {min: 8, max: 40, num: 40, scale: log}}
fixed: {x0: 1.2, y0: 0.9}
stop: {max_steps: 2000}
"""
folder = None


def setUpModule():
    global folder
    folder = tempfile.TemporaryDirectory(prefix="brink-check-orbits-")
    figures.RC["figure.dpi"] = 100
    for name, text in (("full", CUBIC % "full"), ("basic", CUBIC % "basic"), ("plane", PLANE),
                       ("chaos", CHAOS)):
        with open(path_of(name + ".yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run([os.environ["BRINK"], "run", path_of(name + ".yaml"), "-o",
                        path_of(name + ".h5")], check=True, capture_output=True)


def tearDownModule():
    folder.cleanup()


def path_of(name):
    return os.path.join(folder.name, name)


def legend_texts(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


class Objectives(unittest.TestCase):
    def test_slope_and_curvature_are_those_of_the_loss(self):
        s = np.linspace(-2.2, 3.1, 41)
        step = 1e-5
        for dor in (0.25, 0.5, 1, 2, 6, 10):
            curve = objective.of_dor(dor)
            slope = (curve.excess(s + step) - curve.excess(s - step)) / (2 * step)
            bend = (curve.slope(s + step) - curve.slope(s - step)) / (2 * step)
            np.testing.assert_allclose(curve.slope(s), slope, rtol=1e-6, atol=1e-6)
            np.testing.assert_allclose(curve.curvature(s), bend, rtol=1e-6, atol=1e-6)
            self.assertAlmostEqual(float(curve.curvature(1.0)), curve.curvature_minimum)
            self.assertEqual(curve.dor, dor)

    def test_they_are_what_brink_computes(self):
        for word in ("dor#0", "dor#1"):
            trace = traces.trace(path_of("plane.h5"), [word, "lr#12"])
            curve = eos.objective_of(path_of("plane.h5"), trace)
            self.assertEqual(curve.dor, {"dor#0": 0.5, "dor#1": 2}[word])
            np.testing.assert_allclose(curve.sharpness(trace["x"], trace["y"]),
                                       trace["sharpness"], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(curve.excess(trace["x"] * trace["y"])[:4],
                                       trace["loss"][:4], rtol=1e-9)


class Traces(unittest.TestCase):
    def test_a_trace_is_the_cell_of_the_file(self):
        sweep = brink_io.open(path_of("plane.h5"))
        cell = sweep.isel(dor=1, lr=10)
        trace = traces.trace(path_of("plane.h5"), ["dor#1", "lr#10"])
        self.assertEqual(trace.status, str(cell["verdict"].values))
        self.assertEqual(trace.steps, int(cell["steps"]))
        self.assertEqual(trace["x"][-1], float(cell["x_end"]))
        self.assertAlmostEqual(trace.rate, float(cell["lr_actual"]), places=12)

    def test_several_cells_at_once_are_those_cells(self):
        path, places = path_of("plane.h5"), [7, 3, 20]
        found = traces.trace_along(path, ["dor#0"], "lr", places, "--last", "5")
        for place, one in zip(places, found):
            alone = traces.trace(path, ["dor#0", f"lr#{place}"], "--last", "5")
            self.assertEqual((one.words, one.status, one.steps),
                             (alone.words, alone.status, alone.steps))
            self.assertEqual(list(one.columns), list(alone.columns))
            for name, values in alone.columns.items():
                np.testing.assert_array_equal(one[name], values)
        single, = traces.trace_along(path, ["dor#0"], "lr", [4])
        self.assertEqual(single.places, {"dor": 0, "lr": 4})

    def test_what_brink_says_is_passed_on(self):
        with self.assertRaisesRegex(figures.UsageError, "which lr"):
            traces.trace(path_of("plane.h5"), ["dor#1"])
        with self.assertRaisesRegex(figures.UsageError, "no place on an axis"):
            traces.trace(path_of("plane.h5"), ["depth#1"])


class Eos(unittest.TestCase):
    def test_every_cell_has_its_lines_and_its_limit(self):
        words = [["dor=0.5", "lr=3"], ["dor=2", "lr=0.5"]]
        found = [traces.trace(path_of("plane.h5"), cell) for cell in words]
        figure = eos.eos_figure(found, None, "title", ["footer"])
        loss, sharpness, plane = figure.axes
        for trace, lines in zip(found, (sharpness.lines[:2], sharpness.lines[2:])):
            np.testing.assert_array_equal(lines[0].get_ydata(), trace["sharpness"])
            self.assertAlmostEqual(lines[1].get_ydata()[0], 2 / trace.rate)
        self.assertEqual(len(loss.lines), 2)
        self.assertEqual(plane.lines[0].get_xdata()[0], 4)
        texts = legend_texts(figure)
        self.assertTrue(any("converged" in text for text in texts))
        self.assertIn("$2/h$", texts)

    def test_the_tool_draws_a_file_and_counts_cells(self):
        output = path_of("eos.png")
        self.assertEqual(figures.run_tool(eos.main, [
            path_of("plane.h5"), "dor=0.5,lr=3", "-o", output]), 0)
        self.assertGreater(os.path.getsize(output), 10000)
        self.assertEqual(figures.run_tool(eos.main, [path_of("plane.h5")] + ["dor#0,lr#1"] * 7), 2)


class Landscape(unittest.TestCase):
    def test_good_regularity_is_sharpest_near_the_minimum(self):
        far = {dor: landscape.along_ray(objective.of_dor(dor), np.array([4.0]))[0]
               / (2 * objective.of_dor(dor).curvature_minimum) for dor in (0.25, 1, 6)}
        self.assertLess(far[0.25], 1)
        self.assertGreater(far[6], 100)

    def test_one_curve_a_degree(self):
        dor, title, footer = landscape.of_file(path_of("plane.h5"))
        figure = landscape.landscape_figure(dor, title, footer)
        self.assertEqual(legend_texts(figure), ["dor 0.5", "dor 2"])
        for axes in figure.axes:
            curves = [line for line in axes.lines if len(line.get_xdata()) > 2]
            self.assertEqual(len(curves), 2)


class Bifurcation(unittest.TestCase):
    def test_the_limit_of_the_cubic_map(self):
        # Exact: one point up to h = 1/2, two up to (sqrt 5 - 1)/2; then x1 x2 = 1/(2h).
        figure = bifurcation.bifurcation_figure(path_of("full.h5"), quantity="x")
        limits = {}
        for line in figure.axes[0].lines:
            for rate, value in zip(line.get_xdata(), line.get_ydata()):
                limits.setdefault(round(float(rate), 9), []).append(float(value))
        for rate, values in limits.items():
            if rate < 0.49:
                np.testing.assert_allclose(values, 1, atol=1e-6)
            if 0.51 < rate < 0.6:
                self.assertEqual(len(values), 2)
                self.assertAlmostEqual(values[0] * values[1], 1 / (2 * rate), places=7)
        self.assertLess(max(limits), 1.0 + 1e-9)  # beyond, it diverges
        self.assertIn("bounded (chaotic)", legend_texts(figure))

    def test_exponents_are_stored_or_computed_alike(self):
        def exponents(name):
            line = bifurcation.bifurcation_figure(path_of(name)).axes[1].lines[-1]
            return dict(zip(line.get_xdata(), line.get_ydata()))
        full, basic = exponents("full.h5"), exponents("basic.h5")
        self.assertEqual(full.keys(), basic.keys())
        sweep = brink_io.open(path_of("full.h5"))
        chaos = sweep["lr"].values[sweep["verdict"].values == "bounded"]
        self.assertGreaterEqual(chaos.size, 5)
        for rate in chaos:
            self.assertGreater(full[rate], 0)
            self.assertAlmostEqual(full[rate], basic[rate], delta=0.15)

    def test_far_chaos_leaves_what_settles_legible(self):
        figure = bifurcation.bifurcation_figure(path_of("chaos.h5"), ["dor=0.25"])
        axes = figure.axes[0]
        drawn = np.concatenate([line.get_ydata() for line in axes.lines])
        self.assertGreater(abs(drawn).max(), 1000)
        low, high = axes.get_ylim()
        self.assertTrue(low < drawn.min() and drawn.max() < high)
        self.assertEqual(axes.get_yscale(), "symlog")
        limit = axes.yaxis.get_transform().linthresh
        settled = [line.get_ydata() for line, name in zip(axes.lines, legend_texts(figure))
                   if name in ("converged", "periodic")]
        self.assertTrue(settled)
        inside = np.mean(np.concatenate(settled) <= limit)
        self.assertGreater(inside, 0.8)  # cycles are drawn linearly,
        self.assertLess(limit, 10)       # and large enough to be read
        part = axes.transData.transform([[10, -limit], [10, limit]])[:, 1]
        self.assertGreater(np.diff(part)[0], 0.35 * axes.bbox.height)
        figure.canvas.draw()
        boxes = sorted((label.get_window_extent() for label in axes.get_yticklabels()
                        if label.get_text()), key=lambda box: box.y0)
        self.assertGreaterEqual(len(boxes), 5)
        for box, above in zip(boxes, boxes[1:]):
            self.assertLess(box.y1, above.y0 + 1)
        self.assertIn(f"linear, to ±{limit:g}", " ".join(text.get_text() for text in figure.texts))

    def test_where_nothing_dwarfs_the_axis_is_linear(self):
        for name in ("full.h5", "chaos.h5"):
            figure = bifurcation.bifurcation_figure(path_of(name), ["dor=1"] * (name[0] == "c"))
            self.assertEqual(figure.axes[0].get_yscale(), "linear")

    def test_the_linear_range_by_hand(self):
        cells = [np.array(values) for values in ([1.0], [1.2, 0.7], [-900.0, 3])]
        self.assertEqual(bifurcation.linear_range(cells[:2], cells[2:]), 2)
        self.assertEqual(bifurcation.linear_range(cells, []), np.inf)
        self.assertEqual(bifurcation.linear_range([], [*cells[2:]] * 3), np.inf)
        self.assertEqual(bifurcation.linear_range([], [*cells[:2], cells[1], *cells[2:]]), 2)

    def test_a_range_without_cells_is_refused(self):
        with self.assertRaisesRegex(figures.UsageError, "the axis has"):
            bifurcation.bifurcation_figure(path_of("full.h5"), span=(5, 6))


def koch(start, end, depth):
    """Corners of a Koch curve from `start` to `end`, complex numbers."""
    if depth == 0:
        return [start]
    third = (end - start) / 3
    left, right = start + third, start + 2 * third
    top = left + third * np.exp(-1j * np.pi / 3)
    return [point for pair in ((start, left), (left, top), (top, right), (right, end))
            for point in koch(*pair, depth - 1)]


class Boundary(unittest.TestCase):
    def plane(self, size=512):
        return np.meshgrid((np.arange(size) + 0.5) / size, (np.arange(size) + 0.5) / size)

    def assert_dimension(self, edge, expected):
        found = boundary.box_dimension(edge)
        self.assertLessEqual(abs(found.value - expected), found.error, found)
        self.assertGreaterEqual(found.error, found.fit_error + abs(found.drift) - 1e-12)
        self.assertLess(found.fit_error, 0.08, found)

    def test_a_line_has_one(self):
        x, y = self.plane()
        self.assert_dimension(boundary.edge_cells(y < 0.31 * x + 0.2), 1)

    def test_a_circle_has_one(self):
        x, y = self.plane()
        for radius in (0.2, 0.3, 0.45):
            self.assert_dimension(
                boundary.edge_cells((x - 0.5) ** 2 + (y - 0.48) ** 2 < radius ** 2), 1)

    def test_a_filled_square_has_two(self):
        edge = np.zeros((512, 512), bool)
        edge[:500, :500] = True
        self.assert_dimension(edge, 2)

    def test_the_koch_curve(self):
        from matplotlib.path import Path
        x, y = self.plane()
        top = 0.5 + (0.3 + 0.8 * np.sqrt(3) / 2) * 1j
        corners = [0.1 + 0.3j, 0.9 + 0.3j, top]
        outline = [point for i in range(3)
                   for point in koch(corners[i], corners[(i + 1) % 3], 5)]
        path = Path(np.array([[point.real, point.imag] for point in outline]))
        inside = path.contains_points(np.stack([x.ravel(), y.ravel()], 1)).reshape(x.shape)
        self.assert_dimension(boundary.edge_cells(inside), np.log(4) / np.log(3))

    def mandelbrot(self, centre, width, steps, size):
        """Cells of a view of Mandelbrot's set whose centre is nearer to it than a cell is wide."""
        x, y = self.plane(size)
        half = size // 2  # of a view about the real axis; the other is its mirror image
        c = (centre + width * (x[half:] - 0.5) + 1j * width * (y[half:] - 0.5)).ravel()
        z, slope = np.zeros_like(c), np.zeros_like(c)
        distance, alive = np.full(c.shape, np.inf), np.arange(c.size)
        for _ in range(steps):
            slope = 2 * z * slope + 1
            z = z * z + c[alive]
            out = abs(z) > 1e3
            if out.any():
                distance[alive[out]] = (abs(z[out]) * np.log(abs(z[out])) / abs(slope[out]))
                alive, z, slope = alive[~out], z[~out], slope[~out]
        near = distance.reshape(half, size) < width / size
        return np.concatenate([near[::-1], near])

    def test_the_mandelbrot_boundary(self):
        # Two (Shishikura 1998). A picture shows it where the set's hairs grow dense on every scale:
        # about the Feigenbaum point (Lyubich 1999), from each copy of the set to the next nearer by
        # 4.6692. Whole it looks thinner, as the head of boundary.py says.
        for copy in (6, 7):
            with self.subTest(copy=copy):
                width = 1.3 * 4.669201609 ** -copy
                self.assert_dimension(
                    self.mandelbrot(-1.401155189092051, width, 2000 + 60 * 2 ** copy, 512), 2)
        whole = boundary.box_dimension(self.mandelbrot(-0.7, 2.6, 400, 256))
        self.assertGreater(whole.value, 1.3)
        self.assertLess(whole.value + whole.error, 2)

    def test_an_empty_boundary_has_none(self):
        self.assertIsNone(boundary.box_dimension(np.zeros((512, 512), bool)))

    def test_the_figure_shows_the_cells_and_the_number(self):
        spec = path_of("basin.yaml")
        with open(spec, "w", encoding="utf-8") as file:
            file.write("{model: regularity, axes: {y0: {min: -6, max: 6, num: 128}, x0: {min: -6, "
                       "max: 6, num: 128}}, fixed: {a: 1, lr: 1.5}, stop: {max_steps: 500}}")
        subprocess.run([os.environ["BRINK"], "run", spec, "-o", path_of("basin.h5")], check=True,
                       capture_output=True)
        sweep = brink_io.open(path_of("basin.h5"))
        figure, found = boundary.boundary_figure(sweep, ["diverged"])
        self.assertGreater(found.value, 1.05)
        inside = sweep["verdict"].values == "diverged"
        mesh = figure.axes[0].collections[0]
        drawn = np.asarray(mesh.get_array()).reshape(inside.shape)
        np.testing.assert_array_equal(drawn == 2, boundary.edge_cells(inside))
        np.testing.assert_array_equal(drawn[drawn != 2] == 1, inside[drawn != 2])
        self.assertEqual(colors.to_hex(mesh.cmap(mesh.norm(2))), figures.theme["ink"])
        self.assertIn(f"dimension {found.words}", legend_texts(figure))
        self.assertRegex(found.words, r"^1\.\d+ ± 0\.\d+ \(fit 0\.\d+, drift [+\u2212]0\.\d+\)$")
        with self.assertRaisesRegex(figures.UsageError, "the file has"):
            boundary.boundary_figure(sweep, ["converge"])


if __name__ == "__main__":
    result = unittest.main(verbosity=1, exit=False).result
    good = result.testsRun - len(result.failures) - len(result.errors)
    print(f"{good} passed, {result.testsRun - good} failed")
    sys.exit(not result.wasSuccessful())
