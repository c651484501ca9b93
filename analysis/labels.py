# SPDX-License-Identifier: MIT
"""What a field is called in figures, in words, and how it is coloured."""
import re

# Field: (label, kind). "edge" is centred on 1, "zero" on 0, "log" and "linear" run low to high,
# "flag" is no or yes.
FIELDS = {
    "steps": ("steps until the verdict", "log"),
    "period": ("period of the limit cycle", "log"),
    "x_end": ("$x$ at the verdict", "zero"), "y_end": ("$y$ at the verdict", "zero"),
    "loss_start": ("excess loss at the start", "log"),
    "loss_end": ("excess loss at the verdict", "log"),
    "loss_peak": ("peak loss / loss at the start", "log"),
    "peak_step": ("step of the peak loss", "log"),
    "loss_rises": ("steps that raise the loss", "log"),
    "edge_start": ("$h\\cdot\\mathrm{sharpness}/2$ at the start", "edge"),
    "edge_end": ("$h\\cdot\\mathrm{sharpness}/2$ at the end", "edge"),
    "edge_max": ("largest $h\\cdot\\mathrm{sharpness}/2$", "edge"),
    "edge_cross_step": ("step of the first $h\\cdot\\mathrm{sharpness}/2>1$", "log"),
    "flow_ratio": ("$h\\,/\\,h_\\mathrm{GF}$", "log"),
    "balance": ("$(x^2-y^2)$, end / start", "zero"),
    "lyapunov": ("Lyapunov exponent per step", "zero"),
    "lr_actual": ("learning rate $h$", "log"),
    "eos": ("edge of stability", "flag"), "balanced": ("balanced", "flag"),
    "catapult": ("catapult", "flag"), "monotone": ("monotone", "flag"),
    # of networks only
    "accuracy": ("accuracy (share of samples)", "linear"),
    "gradient_end": ("norm of the gradient at the verdict", "log"),
    "sharpness_start": ("sharpness at the start", "log"),
    "sharpness_end": ("sharpness at the verdict", "log"),
    "sharpness_peak": ("largest sharpness measured", "log"),
    "sharpness_magnitude": ("Hessian's eigenvalue largest in magnitude", "zero"),
    "norm_first": ("$‖W_\\mathrm{first}‖$ at the verdict", "log"),
    "norm_last": ("$‖W_\\mathrm{last}‖$ at the verdict", "log"),
    "dor": ("empirical degree of regularity", "linear"),
}
# What differs where the model is a network: its loss need not reach 0, layers may have rates
# of their own.
NETWORK_LABELS = {
    "loss_start": "loss at the start", "loss_end": "loss at the verdict",
    "edge_end": "$h\\cdot\\mathrm{sharpness}/2$ at the end (median)",
    "balance": "$‖W_\\mathrm{last}‖^2-‖W_\\mathrm{first}‖^2$, end / start",
    "lr_actual": "learning rate $h$ of the first layer",
}


def label_of(sweep, field):
    """A field in words: the figures', else those of the file."""
    if sweep.attrs.get("model") == "network" and field in NETWORK_LABELS:
        return NETWORK_LABELS[field]
    return FIELDS[field][0] if field in FIELDS else sweep[field].attrs.get("long_name", field)


def kind_of(field):
    """How a field is coloured, a key of phase.field_scale."""
    return FIELDS.get(field, ("", "linear"))[1]


def broken(label, height):
    """A label in lines that fit beside `height` inches; formulas are as wide as what they show."""
    lines = []
    for word in label.split():
        longer = f"{lines[-1]} {word}" if lines else word
        shown = re.sub(r"\\[a-z]+|[\\$^_{}]", "", longer)
        if lines and len(shown) * 0.06 <= height:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)
