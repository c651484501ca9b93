# SPDX-License-Identifier: MIT
"""What the tests of the analysis tools share: small sweeps by brink, and what figures show."""
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
import figures  # noqa: E402
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
    write("other.h5", {"dor": dor, "lr": lr}, {"x0": 3.0, "y0": 0.4}, "flow")
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


class FigureCase(unittest.TestCase):
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


def legend_texts(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def footer_of(figure):
    return " ".join(text.get_text().replace("\n", " · ") for text in figure.texts)


def main():
    """Runs the tests of the program and prints their counts as run.sh reads them."""
    result = unittest.main(verbosity=1, exit=False).result
    bad, skipped = len(result.failures) + len(result.errors), len(result.skipped)
    for _, reason in result.skipped:
        print(f"SKIPPED: {reason}")
    print(f"{result.testsRun - bad - skipped} passed, {bad} failed, {skipped} skipped")
    sys.exit(not result.wasSuccessful())
