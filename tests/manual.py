# SPDX-License-Identifier: MIT
"""The man pages against the program: what `brink help` and a real result have is in them, and
nothing else; and a reader written from brink-file(5) alone agrees with every sum in the file.

A failure says what to write where. The shapes of entries: brink(1) has `.Ss COMMAND` with
`.It Fl x , Fl -option Ar VALUE` for each option; brink-spec(5) has `.It Ic KEY` with its type,
range and default as `brink help spec` prints them, and `.Ss MODEL` with `.It Cm PARAMETER` and
`.It Cm UNIT`; brink-file(5) has `Va NAME` for each field, column and attribute, `Pa /path` for each
array, and, below "Of the model MODEL", verdicts as `.It VALUE Ta Cm NAME` and, in FLAGS, flags as
`.It Va NAME` with `Va FIELD` for each field that brink_io.py makes them of.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy as np

import read_file

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "analysis"))

import brink_io  # noqa: E402

BRINK = TOP / os.environ.get("BUILD", "build") / "brink"
PAGES = {path.name: path.read_text() for path in sorted((TOP / "src" / "man").glob("*.[0-9]"))}
COMMANDS, SPEC, FILE = PAGES["brink.1"], PAGES["brink-spec.5"], PAGES["brink-file.5"]
SWEEPS = {"regularity": """
title: Two starts
model: regularity
axes:
  init: {values: [[4, 0.5], [3, 1]]}
  dor: {values: [1, 6, 10]}
  lr: {min: 0.01, max: 1, num: 50, scale: log}
record: full
tile: [1, 2, 20]
""", "network": """
title: Two activations
model: network
axes:
  activation: {values: [tanh, relu]}
  lr: {min: 0.01, max: 1, num: 5, scale: log}
network: {width: 4}
data: {n: 8}
train: {max_steps: 100, curves_every: 50, eigenvalues: 8}
record: full
tile: [1, 3]
"""}
passed = failed = 0


def claim(fits, words):
    global passed, failed
    passed, failed = passed + bool(fits), failed + (not fits)
    if not fits:
        print("FAIL:", words)


def say(*words):
    """What the program prints."""
    return subprocess.run([BRINK, *words], check=True, capture_output=True, text=True).stdout


def words_of(text):
    """Text without macros and line breaks, for comparing phrases."""
    text = re.sub(r"^\.(Ic|Cm|Va|Li|Dq|Fl|Ar|Pp|Po|Pc|No) ?", "", text, flags=re.M)
    return " ".join(text.split())


def parts(page, macro):
    """(heading, body) of each section (Sh) or subsection (Ss); a body ends at the next heading."""
    ends = r"^\.Sh" if macro == "Sh" else r"^\.S[hs]"
    found = list(re.finditer(rf"^\.{macro} (.*)$", page, flags=re.M))
    for match in found:
        rest = page[match.end():]
        end = re.search(ends, rest, flags=re.M)
        yield match.group(1), rest[:end.start()] if end else rest


def section(page, heading):
    return "".join(body for name, body in parts(page, "Sh") if name == heading)


def items(body, macro):
    """name -> body of the entries `.It MACRO name , name`."""
    entries = {}
    for entry in re.split(r"^\.It ", body, flags=re.M)[1:]:
        head, _, rest = entry.partition("\n")
        if head.startswith(macro + " "):
            for name in re.split(r" , | Ta ", head[len(macro) + 1:]):
                entries[name.removeprefix(macro + " ").split()[0]] = rest
    return entries


# ---- brink(1)

def options(text):
    """Long and short options of an entry or a help text."""
    return (set(re.findall(r"\bFl -([a-z][a-z0-9-]+)", text)),
            set(re.findall(r"\bFl ([a-zA-Z])\b", text)))


def check_commands():
    overview = say("help")
    names = re.findall(r"^  (\w+) +\S.*$", overview.split("`brink help COMMAND`")[0], flags=re.M)
    every = {"help"}
    documented = {heading.split()[0] for heading, _ in parts(COMMANDS, "Ss")}
    claim(set(names) == documented,
          f"src/man/brink.1: subcommands {sorted(set(names) ^ documented)}: add or remove .Ss "
          "under COMMANDS")
    for name in names:
        body = "".join(body for head, body in parts(COMMANDS, "Ss") if head.split()[0] == name)
        help_text = say("help", name)
        has = set(re.findall(r"^  (?:-\w,|   ) --([a-z0-9-]+)", help_text, flags=re.M)) - {"help"}
        letters = set(re.findall(r"^  -(\w), --", help_text, flags=re.M)) - {"h"}
        every |= has
        long, short = options(body)
        for option in sorted(has - long):
            claim(False, f"src/man/brink.1: .Ss {name}: add '.It Fl -{option}'")
        for option in sorted(long - has):
            claim(False, f"src/man/brink.1: .Ss {name}: there is no option --{option}")
        claim(letters <= short, f"src/man/brink.1: .Ss {name}: add 'Fl' of {letters - short}")
    for page, text in PAGES.items():
        unknown = options(text)[0] - every
        claim(not unknown, f"src/man/{page}: options that do not exist: {sorted(unknown)}")
    codes = set(re.findall(r"^  (\d+) ", overview.split("exit codes:")[1], flags=re.M))
    written = set(re.findall(r"^\.It (\d+)$", section(COMMANDS, "EXIT STATUS"), flags=re.M))
    claim(codes == written, f"src/man/brink.1: EXIT STATUS: codes {sorted(codes ^ written)}")
    sources = "".join(path.read_text() for path in (TOP / "src").rglob("*.c"))
    for name in sorted(set(re.findall(r'getenv\("(\w+)"\)', sources)) - {"OMPI_COMM_WORLD_SIZE",
                                                                       "SLURM_STEP_NUM_TASKS"}):
        claim(re.search(rf"Ev .*\b{name}\b", COMMANDS),
              f"src/man/brink.1: ENVIRONMENT: add '.It Ev {name}'")


# ---- brink-spec(5)

def check_entry(where, entries, macro, name, *phrases):
    claim(name in entries, f"src/man/brink-spec.5: {where}: add '.It {macro} {name}'")
    for phrase in phrases if name in entries else ():
        claim(phrase in words_of(entries[name]),
              f"src/man/brink-spec.5: {where}: .It {macro} {name} must say '{phrase}'")


def check_spec():
    keys, *models = re.split(r"^Model (?=\w)", say("help", "spec"), flags=re.M)
    written = items(SPEC, "Ic")
    known = re.findall(r"^  ([\w.]+) +\S.*\n {10,}(.*); (must be given|default .*)\n"
                       r"((?: {10,}\w+: .*\n)*)", keys, flags=re.M)
    claim(len(known) >= 14, "tests/manual.py: `brink help spec` has another shape")
    for name, kind, fallback, choices in known:
        check_entry("Keys", written, "Ic", name, f"{kind}; {fallback}.",
                    *re.findall(r"^ +(\w+):", choices, flags=re.M))
    for name in sorted(set(written) - {known_key[0] for known_key in known}):
        claim(False, f"src/man/brink-spec.5: there is no key {name}")
    for text in models:
        model = re.match(r"\w+", text).group()
        body = "".join(body for heading, body in parts(SPEC, "Ss") if heading == model)
        claim(body, f"src/man/brink-spec.5: MODELS: add '.Ss {model}'")
        parameters, rest = re.split(r"^Exactly one of each line", text, flags=re.M)
        units = re.split(r"^Verdicts:", rest, flags=re.M)[0].split("lr_unit:\n")[1]
        for name, kind, more in re.findall(r"^  (\w+) +.*; (.*)\n((?: {10,}.*\n)*)", parameters,
                                           flags=re.M):
            phrases = [phrase.strip() for phrase in more.splitlines() if " default " in phrase]
            words = more.split() if kind == "a word" else []
            check_entry(model, items(body, "Cm"), "Cm", name, kind, *phrases, *words)
        for name in re.findall(r"^  (\w+) ", units, flags=re.M):
            check_entry(model, items(body, "Cm"), "Cm", name)
        check_measures(model, text)


# ---- brink-file(5)

def of_model(chapter, model):
    return "".join(body for name, body in parts(section(FILE, chapter), "Ss")
                   if name == f"Of the model {model}")


def check_measures(model, text):
    """The fields of a model."""
    fields = of_model("FIELDS", model)
    for star, name in re.findall(r"^(.) ([\w/]+) ", text.split("basic):\n")[1], flags=re.M):
        line = re.search(rf'^\.It (\*|"  ") Va {name} Ta [if]\d', fields, flags=re.M)
        claim(line and (star == "*") == (line.group(1) == "*"),
              f"src/man/brink-file.5: FIELDS: Of the model {model}: "
              f"'.It {star} Va {name} Ta TYPE Ta MEANING'")


def check_flags():
    """The flags of each model, and what they are made of."""
    for model, flags in (("regularity", brink_io.FLAGS), ("network", brink_io.NETWORK_FLAGS)):
        entries = items(of_model("FLAGS", model), "Va")
        claim(set(entries) == set(flags), f"src/man/brink-file.5: FLAGS: Of the model {model}: "
              f"{sorted(set(entries) ^ set(flags))}: add or remove .It Va")
        for name in set(entries) & set(flags):
            fields = set(re.findall(r"^\.Va (\w+)", entries[name], flags=re.M))
            claim(fields == set(flags[name][1]),
                  f"src/man/brink-file.5: FLAGS: Of the model {model}: {name} is made of "
                  + ", ".join(flags[name][1]))


def array_names(path, axes):
    """What the page may call an array: an axis goes by A or B."""
    yield f"/{path}"
    if path.split("_")[0] in axes:
        yield "/A" + path.removeprefix(path.split("_")[0])
    if path.startswith("runs/"):
        yield "/runs/COLUMN"


def walk(group, path=""):
    """(path, object) of all below `group`, without the second names of root arrays."""
    for name, item in group.items():
        if path != "entry/data/" or name == "title":
            yield path + name, item
        if isinstance(item, h5py.Group):
            yield from walk(item, f"{path}{name}/")


def check_file(path, model):
    columns = section(FILE, "RUNS")
    with h5py.File(path) as file:
        axes = list(dict(file["entry/data"].attrs)["axes"])
        for name, item in walk(file):
            documented = set(re.findall(r"/[\w/]+", FILE))
            field = re.search(rf"Va {name} Ta (\w+)", of_model("FIELDS", model))
            if isinstance(item, h5py.Dataset) and field:
                claim(np.dtype(field.group(1)) == item.dtype,
                      f"src/man/brink-file.5: FIELDS: {name} is {item.dtype}")
            else:
                claim(documented & set(array_names(name, axes)),
                      f"src/man/brink-file.5: GROUPS AND ARRAYS: add /{name} ({model})")
            for attribute in item.attrs:
                check_attribute(attribute, axes, name)
        for attribute in file.attrs:
            check_attribute(attribute, axes, "the root group")
        status = file["status"].attrs
        for value, name in zip(status["flag_values"], status["flag_meanings"].split()):
            claim(f".It {value} Ta Cm {name} Ta " in of_model("VERDICTS", model),
                  f"src/man/brink-file.5: VERDICTS: Of the model {model}: "
                  f"'.It {value} Ta Cm {name} Ta MEANING'")
        for name in file["runs"]:
            kind = file["runs"][name].dtype
            kind = f"text{kind.itemsize}" if kind.kind == "S" else kind.str.strip("<|")
            claim(name in ("checksum", "count", "writing") or f"Va {name} Ta {kind} Ta" in columns,
                  f"src/man/brink-file.5: RUNS: add '.It Va {name} Ta {kind} Ta FILL Ta MEANING'")


def check_attribute(name, axes, owner):
    if name.startswith("fixed_"):
        name = "fixed_NAME"
    elif name.removesuffix("_indices") in axes:
        name = "A_indices"
    names = set(re.findall(r"[\w]+", "\n".join(re.findall(r"^\.(?:It )?Va .*$", FILE, flags=re.M))))
    claim(name in names, f"src/man/brink-file.5: ATTRIBUTES: add '.It Va {name}', of {owner}")


# ---- the second reader

def check_reader(live, folder):
    packed, damaged = folder / f"packed-{live.name}", folder / f"damaged-{live.name}"
    joined = folder / f"joined-{live.name}"
    say("pack", str(live), "-o", str(packed))
    say("run", str(live.with_suffix(".yaml")), "-o", str(joined), "--shards", "2", "--quiet")
    say("join", str(joined))
    for path in (live, packed, joined, *folder.glob(f"joined-{live.stem}.shard-*.h5")):
        for name, fits in read_file.check(path):
            claim(fits, f"brink-file(5) and {path.name} differ: {name}")
    with h5py.File(live) as file:
        place = file["edge_end"].id.get_chunk_info(3).byte_offset
    data = bytearray(live.read_bytes())
    data[place] ^= 1
    damaged.write_bytes(data)
    wrong = [name for name, fits in read_file.check(damaged) if not fits]
    claim(wrong == ["tile 3"], f"a flipped bit of tile 3 shows as {wrong}")


def check_lint():
    for page in PAGES:
        lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", TOP / "src" / "man" / page],
                              capture_output=True, text=True, check=False)
        claim(lint.returncode == 0 and not lint.stdout, f"mandoc: {lint.stdout}")


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="brink-manual."))
    try:
        check_lint()
        check_commands()
        check_spec()
        check_flags()
        for model, text in SWEEPS.items():
            (folder / f"{model}.yaml").write_text(text)
            live = folder / f"{model}.h5"
            say("run", str(folder / f"{model}.yaml"), "-o", str(live), "--quiet")
            check_file(live, model)
            check_reader(live, folder)
    finally:
        shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
