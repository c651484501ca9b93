# SPDX-License-Identifier: MIT
"""Says, and with OUT.png draws, what `make bench-scale` predicts.  scale.py SCALE.json [OUT.png]"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "analysis"))


def label(tiling):
    return "1 core a rank" if tiling["threads"] == 1 else f"{tiling['threads']} cores a rank"


def say(path, data):
    print(f"{path}: {data['cells']:,} cells in {data['tilings'][0]['tiles']:,} tiles, "
          f"a step {1e9 * data['step_s']:.1f} ns, the last cells {data['cell_s']:.2f} s, "
          f"a request {1e6 * data['service_s']:.1f} us")
    for tiling in data["tilings"]:
        row = {row["cores"]: row for row in tiling["ranks"]}
        shares = ", ".join(f"{100 * row[cores]['efficiency']:.1f} % on {cores:,}"
                           for cores in row if cores >= 900)
        print(f"  {label(tiling)}, {tiling['core_hours']:.0f} core-hours: {shares}")


def draw(data, path):
    import figures
    import matplotlib.pyplot as plt
    styles = (("line", "-"), ("line2", "--"))
    with plt.rc_context(figures.RC):
        figure, axes = plt.subplots(figsize=(figures.WIDTHS["column"], 2.4), layout="constrained")
        axes.axhline(95, color=figures.theme["faint"], linewidth=0.6)
        for tiling, (colour, line) in zip(data["tilings"], styles):
            axes.plot([row["cores"] for row in tiling["ranks"]],
                      [100 * row["efficiency"] for row in tiling["ranks"]], linestyle=line,
                      color=figures.theme[colour], marker="o", markersize=2.5, label=label(tiling))
        axes.set(xscale="log", xlabel="cores", ylabel="efficiency (%)", ylim=(0, 103),
                 title=f"Predicted: {data['cells'] / 1e6:.0f} million cells, "
                       f"{data['tilings'][0]['core_hours']:.0f} core-hours")
        axes.legend(loc="lower left", frameon=False)
        figure.savefig(path, dpi=200)


with open(sys.argv[1]) as file:
    prediction = json.load(file)
say(sys.argv[1], prediction)
if len(sys.argv) > 2:
    draw(prediction, sys.argv[2])
