# SPDX-License-Identifier: MIT
"""The figures of networks: what is in them, on small real sweeps."""
import csv
import os
import subprocess
import tempfile
import unittest

import numpy as np

import drawn  # noqa: I001 (first: it finds the tools)

import brink_io
import curves
import figures
import labels
import phase
import picture
import regularity
import table

RATES = [0.2, 0.4, 0.8, 1.6, 3.2]
NETWORK = """
title: Small networks
model: network
axes: {activation: {values: [tanh, relu, relu3]}%s, lr: {values: [0.2, 0.4, 0.8, 1.6, 3.2]}}
lr_unit: sharpness
network: {width: 16, loss: mse, precision: f64}
data: {source: chebyshev, n: 12, degree: 3}
train: {max_steps: 60, sharpness_every: 10, curves_every: %d, loss_goal: 0}
record: %s
"""
LAYERS = """
title: Two layers
model: network
axes: {lr2: {min: 8, max: 25, num: 6, scale: log}, lr1: {min: 60, max: 2000, num: 8, scale: log}}
lr_unit: %s
network: {hidden: [16], precision: f64, parametrization: mean_field, init: gaussian}
data: {source: gaussian, inputs: 16, n: 272}
train: {max_steps: 40}
"""
folder = None


def setUpModule():
    global folder
    folder = tempfile.TemporaryDirectory(prefix="brink-check-networks-")
    figures.RC["figure.dpi"] = 100
    for name, text in (("full", NETWORK % (", norm: {values: [none, batch]}", 10, "full")),
                       ("basic", NETWORK % ("", 0, "basic")),
                       ("layers", LAYERS % "one"), ("units", LAYERS % "sharpness")):
        with open(path_of(name + ".yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run([drawn.BRINK, "run", path_of(name + ".yaml"), "-o", path_of(name + ".h5")],
                       check=True, capture_output=True)


def tearDownModule():
    folder.cleanup()


def path_of(name):
    return os.path.join(folder.name, name)


def opened(name):
    return brink_io.open(path_of(name))


class Curves(drawn.FigureCase):
    def test_every_rate_has_its_stored_curves_and_its_limit(self):
        sweep = opened("full.h5")
        figure = curves.curves_figure(sweep, ["activation#1"])
        above, below = figure.axes
        stored = brink_io.curves(sweep).isel(activation=1, norm=0)
        rates = sweep["lr_actual"].isel(activation=1, norm=0).values
        self.assertEqual(len(above.lines), len(RATES))
        for k, line in enumerate(above.lines):
            np.testing.assert_array_equal(line.get_xdata(), stored["step"].values)
            loss = stored["training_loss"].isel(lr=k).values
            np.testing.assert_array_equal(line.get_ydata(), loss)
        by_colour = {tuple(line.get_color()): [] for line in above.lines}
        for line in below.lines:
            by_colour[tuple(line.get_color())].append(line)
        texts = drawn.legend_texts(figure)
        for k, (limit, line) in enumerate(by_colour.values()):
            sharpness = stored["sharpness"].isel(lr=k).values
            np.testing.assert_array_equal(line.get_ydata(), sharpness[np.isfinite(sharpness)])
            arrow = limit.get_marker() == "^"
            self.assertEqual(arrow, 2 / rates[k] > below.get_ylim()[1], k)
            self.assertEqual(f"(\u25b2 2/$h$ = {2 / rates[k]:.3g})" in texts[k], arrow)
            if not arrow:
                np.testing.assert_allclose(limit.get_ydata(), 2 / rates[k])
        self.assertEqual((above.get_yscale(), below.get_xlabel()), ("log", "step"))

    def test_limits_far_above_are_arrows_with_a_value(self):
        for limits, arrows, top in (([40.0, 20.0, 10.0], 1, 23.0), ([29.0, 1.0], 0, 33.35),
                                    ([90.0, 80.0], 2, 23.0), ([300.0, 200.0, 10.0], 2, 23.0)):
            axes = figures.plt.figure().add_subplot()
            outside = curves.draw_limits(axes, np.array(limits), figures.shades(len(limits)),
                                         np.array([[5.0, np.nan], [20.0, 7.0]]))
            shown = [line.get_marker() == "^" for line in axes.lines]
            self.assertEqual((outside.sum(), sum(shown), len(shown)),
                             (arrows, arrows, len(limits)))
            self.assertAlmostEqual(axes.get_ylim()[1], top)
            figures.plt.close(axes.figure)

    def test_legend_and_footer_name_the_rates_and_the_slice(self):
        sweep = opened("full.h5")
        figure = curves.curves_figure(sweep, ["activation=relu3", "norm=batch"])
        rates = sweep["lr_actual"].isel(activation=2, norm=1).values
        self.assertEqual([text.split(" (")[0] for text in drawn.legend_texts(figure)[:-1]],
                         [f"$h$ = {figures.number(float(rate))}" for rate in rates])
        self.assertIn("activation = relu3 (3 of 3)", drawn.footer_of(figure))
        self.assertIn("norm = batch (2 of 2)", drawn.footer_of(figure))
        self.assert_clear(figure)

    def test_only_the_last_steps(self):
        above, _ = curves.curves_figure(opened("full.h5"), last=20).axes
        for line in above.lines:
            np.testing.assert_array_equal(line.get_xdata(), [40, 50, 60])
        self.assertEqual(above.get_xlim(), (40, 60))

    def test_many_rates_are_thinned_out(self):
        before = curves.LINES_MAX
        try:
            curves.LINES_MAX = 3
            figure = curves.curves_figure(opened("full.h5"))
        finally:
            curves.LINES_MAX = before
        self.assertEqual(len(figure.axes[0].lines), 3)
        self.assertIn("3 of 5 values of lr", drawn.footer_of(figure))

    def test_refusals(self):
        for name, slices, words in (("basic.h5", [], "curves_every"),
                                    ("full.h5", ["lr#1"], "lines are drawn for")):
            with self.assertRaisesRegex(figures.UsageError, words):
                curves.curves_figure(opened(name), slices)


class Regularity(drawn.FigureCase):
    def dots(self, axes):
        """{row: values drawn there}."""
        found = {}
        for dots in axes.collections:
            for value, row in np.ma.filled(dots.get_offsets(), np.nan):
                found.setdefault(round(row), []).append(value)
        return found

    def test_rows_are_sorted_by_degree_then_name(self):
        axes = regularity.regularity_figure(opened("full.h5")).axes[0]
        labels = [label.get_text() for label in axes.get_yticklabels()]
        self.assertEqual(labels, [
            "relu, batch   dor 1", "relu3, batch   dor 1", "tanh   dor 1", "tanh, batch   dor 1",
            "relu   dor 2", "relu3   dor 4"])
        axes = regularity.regularity_figure(opened("basic.h5")).axes[0]
        self.assertEqual([label.get_text() for label in axes.get_yticklabels()],
                         ["relu", "relu3", "tanh"])

    def test_dots_are_the_stored_measures_where_nothing_diverged(self):
        sweep = opened("full.h5")
        figure = regularity.regularity_figure(sweep)
        part = sweep.isel(activation=1, norm=0)  # relu: the fifth row
        ended = part["verdict"].values != "diverged"
        self.assertTrue(ended.any() and not ended.all())
        for axes, name in zip(figure.axes, regularity.MEASURES):
            np.testing.assert_array_equal(self.dots(axes)[4], part[name].values[ended])
        crosses = [round(line.get_ydata()[0]) for line in figure.axes[0].lines
                   if line.get_marker() == "x"]
        self.assertEqual(crosses.count(4), np.count_nonzero(~ended))
        self.assertIn("diverged", drawn.legend_texts(figure))

    def test_no_dot_hides_another(self):
        sweep = opened("full.h5").load()
        for name in ("status", *regularity.MEASURES):
            sweep[name][:] = 1  # as of trainings whose loss never rises
        for width in figures.WIDTHS:
            figure = regularity.regularity_figure(sweep, width=width)
            figure.canvas.draw()
            for axes in figure.axes:
                for dots in axes.collections:
                    size = np.sqrt(dots.get_sizes()[0]) * figure.dpi / 72
                    places = axes.transData.transform(dots.get_offsets())
                    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
                    apart[np.diag_indices(len(RATES))] = np.inf
                    self.assertGreater(apart.min(), 0.6 * size)

    def test_all_dots_are_inside_whatever_their_size(self):
        sweep = opened("full.h5").load()
        sweep["balance"] = sweep["balance"].clip(-2, 2)
        for far in (1.0, -40.0, 1e7):
            sweep["balance"][0, 0, 0] = far
            figure = regularity.regularity_figure(sweep)
            for axes in figure.axes:
                low, high = axes.get_xlim()
                values = np.concatenate(list(self.dots(axes).values()))
                self.assertTrue((values > low).all() and (values < high).all(), (far, low, high))
            balance = figure.axes[1]
            self.assertEqual(balance.get_xscale(), "symlog" if abs(far) > 1 else "linear")
            near = balance.transData.transform([[0, 0], [1, 0]])[:, 0]
            self.assertGreater(np.diff(near)[0], 0.1 * balance.bbox.width)  # 0 and 1 told apart

    def test_legend_has_every_rate_and_the_yardsticks(self):
        texts = drawn.legend_texts(regularity.regularity_figure(opened("basic.h5")))
        self.assertEqual(texts[len(RATES):], ["diverged", "edge of stability; balanced"])
        for rate, text in zip(RATES, texts):
            self.assertTrue(text.endswith(f"= {rate:g}"), text)

    def test_nothing_overlaps_at_any_width(self):
        for name in ("full.h5", "basic.h5"):
            for width in figures.WIDTHS:
                figure = regularity.regularity_figure(opened(name), width=width)
                self.assert_clear(figure)
                for axes in figure.axes:
                    boxes = [label.get_window_extent() for label in axes.get_xticklabels()
                             if label.get_text()]
                    for box, after in zip(boxes, boxes[1:]):
                        self.assertLess(box.x1, after.x0 + 1)

    def test_refusals(self):
        with self.assertRaisesRegex(figures.UsageError, "dots are drawn for"):
            regularity.regularity_figure(opened("basic.h5"), ["lr#1"])
        with self.assertRaisesRegex(figures.UsageError, "no balance"):
            regularity.regularity_figure(opened("basic.h5").drop_vars("balance"))


class Slices(unittest.TestCase):
    def test_words_numbers_and_indices_of_a_named_axis(self):
        sweep = opened("full.h5")
        for text, index in (("activation=relu3", 2), ("activation=7", 2), ("activation#2", 2),
                            ("norm=batch", 1), ("norm=none", 0), ("lr=0.9", 2)):
            self.assertEqual(list(picture.indices(sweep, [text]).values()), [index], text)
        part, words = picture.choose(sweep, ["activation=relu3"])
        self.assertEqual(words, ["activation = relu3 (3 of 3)"])
        self.assertEqual(int(part["activation"]), 7)

    def test_other_words_are_refused_with_those_there_are(self):
        for text in ("activation=gelu", "activation=5", "activation="):
            with self.assertRaisesRegex(figures.UsageError, "one of tanh, relu, relu3"):
                picture.indices(opened("full.h5"), [text])
        with self.assertRaisesRegex(figures.UsageError, "write lr=VALUE"):
            picture.indices(opened("full.h5"), ["lr=batch"])

    def test_of_every_figure(self):
        sweep = opened("full.h5")
        for figure in (phase.phase_figure(sweep, slices=["activation=relu"]),
                       curves.curves_figure(sweep, ["activation=relu"]),
                       regularity.regularity_figure(sweep, ["activation=relu"])):
            self.assertIn("activation = relu (2 of 3)", drawn.footer_of(figure))


class Table(unittest.TestCase):
    def test_named_axes_are_words(self):
        path = path_of("cells.csv")
        for slices, shown in (([], ["tanh", "relu", "relu3"]), (["activation=relu3"], ["relu3"])):
            words = ["--slice", *slices] if slices else []
            self.assertEqual(figures.run_tool(table.main, [path_of("full.h5"), "-o", path, *words]),
                             0)
            with open(path, encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            self.assertEqual(list(dict.fromkeys(row["activation"] for row in rows)), shown)
            self.assertEqual({row["norm"] for row in rows}, {"none", "batch"})
            self.assertEqual([float(row["lr"]) for row in rows[:5]], RATES)

    def test_long_tables_are_the_same_in_strips(self):
        sweep, before = opened("full.h5"), table.STRIP_CELLS
        names = ["activation", "norm", "lr"]
        whole = table.pandas.concat(table.frames(sweep, names))
        try:
            table.STRIP_CELLS = 4
            parts = table.pandas.concat(table.frames(sweep, names))
        finally:
            table.STRIP_CELLS = before
        np.testing.assert_array_equal(parts.values, whole.values)


class Phase(drawn.FigureCase):
    def test_every_field_is_named_in_words(self):
        sweep = opened("full.h5")
        for name, array in sweep.data_vars.items():
            if array.dims != sweep["status"].dims or name in ("status", "verdict"):
                continue
            label = phase.phase_figure(sweep, name).axes[-1].get_ylabel().replace("\n", " ")
            self.assertEqual(label, labels.label_of(sweep, name))
            self.assertFalse("_" in name and name in label, name)
            self.assertNotIn("x^2", label)  # as of the other model

    def test_unknown_fields_say_what_the_file_says(self):
        sweep = opened("full.h5")
        words = "second largest eigenvalue of the Hessian at the verdict"
        sweep["eigenvalue_2"] = sweep["sharpness_end"].assign_attrs(long_name=words)
        figure = phase.phase_figure(sweep, "eigenvalue_2")
        label = figure.axes[-1].get_ylabel()
        self.assertEqual(label.replace("\n", " "), words)
        self.assertIn("\n", label)  # beside two rows
        self.assert_clear(figure)

    def test_short_colour_bars_have_plain_numbers(self):
        sweep = opened("full.h5").load()
        for low, high, shown in ((500, 500, ["495", "500"]),
                                 (5, 25, ["6", "8", "10", "15", "20"])):
            sweep["steps"][:] = high
            sweep["steps"][0, 0, 0] = low
            sweep["status"][:] = 8
            figure = phase.phase_figure(sweep, "steps", ["activation=tanh"])
            figure.canvas.draw()
            texts = [label.get_text() for label in figure.axes[-1].get_yticklabels(which="both")]
            self.assertEqual([text for text in texts if text], shown)

    def test_flags_are_in_the_help_as_they_are_computed(self):
        for words in ("|edge_end - 1| <= .05", "loss_peak > 1.01", "sharpness_end < sharpness_st"):
            self.assertIn(words, phase.flags_meaning())

    def test_what_a_logarithm_cannot_show_is_in_the_legend(self):
        sweep = opened("full.h5").load()
        sweep["sharpness_end"][0, 0, 0] = -1
        figure = phase.phase_figure(sweep, "sharpness_end", ["activation=tanh"])
        self.assertIn("no value above 0", drawn.legend_texts(figure))

    def test_verdicts_of_networks_are_far_apart_for_everyone(self):
        shades = figures.status_colours(brink_io.status_names(opened("layers.h5")))
        apart = drawn.cvd_lab(shades["diverged"]) - drawn.cvd_lab(shades["unsettled"])
        self.assertGreater(np.linalg.norm(apart, axis=1).min(), 40)
        apart = drawn.cvd_lab(shades["converged"]) - drawn.cvd_lab(shades["unsettled"])
        self.assertGreater(np.linalg.norm(apart, axis=1).min(), 15)
        shown = drawn.cell_colours(phase.phase_figure(opened("layers.h5")).axes[0])
        self.assertLessEqual(set(shown), set(shades.values()))
        self.assertIn(shades["unsettled"], shown)

    def test_axes_of_two_layers(self):
        figure = phase.phase_figure(opened("layers.h5"))
        axes = figure.axes[0]
        self.assertEqual((axes.get_xlabel(), axes.get_ylabel()),
                         ("learning rate of the first layer", "learning rate of the second layer"))
        figure.canvas.draw()
        for axis, ticks in ((axes.xaxis, ["50", "100", "200", "500", "1000", "2000"]),
                            (axes.yaxis, ["8", "10", "15", "20"])):
            self.assertEqual([label.get_text() for label in axis.get_ticklabels()
                              if label.get_text()], ticks)
        self.assert_clear(figure)
        axes = phase.phase_figure(opened("units.h5")).axes[0]
        self.assertEqual(axes.get_xlabel(), "learning rate of the first layer × sharpness$_0$/2")

    def test_footer_says_which_networks(self):
        for name, known, words in (
                ("layers.h5", True, ("data = gaussian (16 to 1)", "n = 272", "precision = f64",
                                     "parametrization = mean_field", "hidden = 16",
                                     "init = gaussian", "max_steps = 40", "activation = tanh")),
                ("basic.h5", True, ("data = chebyshev (degree 3)", "width = 16", "depth = 1",
                                    "loss = mse", "norm = none", "n = 12")),
                ("basic.h5", False, ("init =", "parametrization =", "hidden", "offset"))):
            footer = drawn.footer_of(phase.phase_figure(opened(name)))
            for word in words:
                self.assertEqual(word in footer, known, (name, word, footer))


class Ticks(unittest.TestCase):
    def test_round_numbers_within_two_decades(self):
        for low, high, count, ticks in ((8, 25, 8, [8, 10, 15, 20]),
                                        (50, 3000, 8, [50, 100, 200, 500, 1000, 2000]),
                                        (50, 3000, 4, [100, 300, 1000, 3000]),
                                        (0.05, 0.2, 8, [0.05, 0.06, 0.08, 0.1, 0.15, 0.2]),
                                        (1, 100, 8, []), (1.01, 1.02, 8, [])):
            np.testing.assert_allclose(figures.log_ticks(low, high, count), ticks)


if __name__ == "__main__":
    drawn.main()
