# SPDX-License-Identifier: MIT
"""Figures of small sweeps: what is in them, not only that they exist."""
import io
import os
import subprocess
import sys
import unittest

import h5py
import matplotlib.colors as colors
import numpy as np

from drawn import (  # noqa: I001 (first: it finds the tools)
    ANALYSIS, DOR, FigureCase, RATES, STARTS, STATUS, cell_colours, cvd_lab, footer_of,
    legend_texts, opened, path_of, stored, main, setUpModule, tearDownModule)

import compare
import convergence
import figures
import objective
import phase
import picture
import sample_sweep


class Phase(FigureCase):
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

    def test_a_hundred_million_cells_fit_into_a_gigabyte(self):
        path = path_of("large.h5")
        shape = (10000, 10000)  # what is not written reads as the fill value
        with h5py.File(path_of("a.h5")) as small, h5py.File(path, "w") as file:
            file.attrs.update(small.attrs)
            for name, size in zip(("a", "lr"), shape):
                axis = file.create_dataset(name, data=np.geomspace(0.1, 1, size))
                axis.attrs.update(scale="log", units="1", long_name=name)
                axis.make_scale(name)
            for name, kind, fill in (("status", "i1", STATUS["converged"]), ("edge_end", "f8", 0.5),
                                     ("flow_ratio", "f8", 0.1), ("lr_actual", "f8", 0.1)):
                field = file.create_dataset(name, shape, kind, chunks=(100, 10000), fillvalue=fill)
                field.attrs.update({key: value for key, value in small[name].attrs.items()
                                    if key != "DIMENSION_LIST"})
                field.dims[0].attach_scale(file["a"])
                field.dims[1].attach_scale(file["lr"])
            file["status"][:300, 5000:] = STATUS["diverged"]
            file["tiles/state"] = np.ones(1, "u1")
        for tool, arguments in (("phase.py", ["--field", "edge_end", "--guides", "none"]),
                                ("convergence.py", []), ("boundary.py", []),
                                ("table.py", ["--slice", "a#7", "--fields", "edge_end"])):
            watched = ("import resource, subprocess, sys; "
                       "subprocess.run(sys.argv[1:], check=True); "
                       "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
            run = subprocess.run([sys.executable, "-c", watched, sys.executable, "-B",
                                  os.path.join(ANALYSIS, tool), path, *arguments],
                                 capture_output=True, text=True, check=True)
            self.assertLess(int(run.stdout.split()[-1]), 1 << 20, f"{tool}: KiB")

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


class Compare(unittest.TestCase):
    def test_changes_are_counted_and_coloured(self):
        figure = compare.compare_figure(opened("dor.h5"), opened("other.h5"))
        first, second = stored("dor.h5", "status"), stored("other.h5", "status")
        pairs, counts = np.unique(np.stack([first, second])[:, first != second], axis=1,
                                  return_counts=True)
        found = cell_colours(figure.axes[2])
        self.assertEqual(found[compare.SAME], np.count_nonzero(first == second))
        self.assertEqual(sum(found.values()), first.size)
        before, after = (sample_sweep.STATUSES[value] for value in pairs[:, counts.argmax()])
        self.assertIn(f"{before} → {after}  {counts.max():,}", legend_texts(figure))
        self.assertEqual(found[colors.to_hex(figures.CURVES[0])], counts.max())
        self.assertEqual([axes.get_title() for axes in figure.axes],
                         ["dor.h5", "other.h5", "difference"])
        self.assertIn("against other.h5", footer_of(figure))

    def test_one_changed_cell_is_seen_in_a_block(self):
        sweep = opened("dor.h5").load()
        other = sweep.copy(deep=True)
        row, column = np.argwhere(sweep.status.values == STATUS["converged"])[0]
        other.status[row, column] = STATUS["saddle"]
        before = picture.CELLS_MAX
        try:
            picture.CELLS_MAX = 4
            codes, pairs, compared = compare.read_changes(sweep, other)
        finally:
            picture.CELLS_MAX = before
        self.assertEqual(pairs, {(STATUS["converged"], STATUS["saddle"]): 1})
        self.assertEqual(np.count_nonzero(codes > 0), 1)
        self.assertEqual(compared, sweep.status.size)

    def test_pending_cells_are_not_compared(self):
        _, pairs, compared = compare.read_changes(opened("dor.h5"), opened("part.h5"))
        self.assertEqual(pairs, {})
        self.assertEqual(compared, np.count_nonzero(stored("part.h5", "status")))

    def test_measures(self):
        figure = compare.compare_figure(opened("dor.h5"), opened("other.h5"), "edge_start")
        values = figure.axes[2].collections[0].get_array().reshape(len(DOR), RATES.size)
        expected = stored("other.h5", "edge_start") - stored("dor.h5", "edge_start")
        np.testing.assert_allclose(values, expected)

    def test_a_measure_is_compared_where_both_have_it(self):
        # What a diverging cell ends with is no measure: it would hide all other differences.
        figure = compare.compare_figure(opened("dor.h5"), opened("other.h5"), "edge_end")
        mesh = figure.axes[2].collections[0]
        values = np.ma.filled(mesh.get_array(), np.nan).reshape(len(DOR), RATES.size)
        ends = [np.where(stored(name, "status") == STATUS["diverged"], np.nan,
                         stored(name, "edge_end")) for name in ("dor.h5", "other.h5")]
        self.assertTrue(np.isnan(ends).any())
        np.testing.assert_allclose(values, ends[1] - ends[0])
        self.assertLess(mesh.norm.vmax, 100)

    def test_refuses_other_grids(self):
        for other, words in (("starts.h5", "the axes differ"), ("few.h5", "48 and 12 values"),
                             ("line.h5", "the axes differ")):
            with self.assertRaisesRegex(figures.UsageError, words):
                compare.compare_figure(opened("dor.h5"), opened(other))


class Convergence(FigureCase):
    def test_nothing_overlaps_or_leaves_the_page(self):
        for name in ("starts.h5", "part.h5", "a.h5", "few.h5"):
            self.assert_clear(convergence.convergence_figure(opened(name)))
        self.assert_clear(convergence.steps_figure(opened("starts.h5")))

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
    main()
