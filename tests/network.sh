#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Networks as a model of the sweep: ranks, threads, cuts in mid-cell, users' files, derived data.
# shellcheck source=tests/shell.sh
. "$(dirname "$0")/shell.sh"

cat >net.yaml <<'YAML'
model: network
axes:
  activation: {values: [tanh, relu, relu3]}
  loss: {values: [mse, huber]}
  lr: {min: 0.02, max: 2, num: 9, scale: log}
network: {width: 12, bias: true, precision: f64}
data: {source: chebyshev, n: 15, degree: 4}
train: {max_steps: 400, sharpness_every: 20, curves_every: 40, loss_goal: 1e-3}
record: full
tile: [1, 2, 4]
YAML

# Ranks, threads and tiles never change a bit; curves and all.
expect 0 "100.0 %" "$brink" run net.yaml -o one.h5 --threads 1
for pair in "1 2" "2 1" "3 2"; do
    # shellcheck disable=SC2086
    set -- $pair
    expect 0 "100.0 %" mpi "$1" "$brink" run net.yaml -o "r$1.h5" --threads "$2"
    expect 0 "equal in" "$brink" diff one.h5 "r$1.h5"
done
expect 0 "100.0 %" "$brink" run net.yaml 'tile=[3, 1, 9]' -o tile.h5
expect 7 "54 cells, equal in 25 fields" "$brink" diff one.h5 tile.h5

# Nor does the instruction set, of any engine in either precision: of all that this CPU has.
cat >isa.yaml <<'YAML'
model: network
axes:
  activation: {values: [tanh, relu, leaky_relu, elu, softplus, identity, relu2, relu3]}
  loss: {values: [mse, huber, logcosh, cross_entropy]}
  lr: {values: [0.01, 0.1]}
network: {width: 6, bias: true, init: gaussian}
data: {source: gaussian, n: 21, inputs: 12, outputs: 3}
train: {max_steps: 60, sharpness_every: 20, curves_every: 20, loss_goal: 0, eigenvalues: 3}
record: full
YAML
for engine in lanes gram batch; do
    axes=('axes.norm.values=[none, batch, layer]' depth=2)
    [ $engine = lanes ] && axes=()
    [ $engine = batch ] && axes+=(train.batch=8)
    for precision in f32 f64; do
        for isa in portable avx2 avx512; do
            if [ $isa = avx2 ] && ! grep -qw avx2 /proc/cpuinfo; then continue; fi
            if [ $isa = avx512 ] && ! grep -qw avx512dq /proc/cpuinfo; then continue; fi
            BRINK_ISA=$isa expect 0 "100.0 %" "$brink" run isa.yaml "${axes[@]}" \
                network.engine=$engine network.precision=$precision -o $isa.h5
            expect 0 "equal in" "$brink" diff portable.h5 $isa.h5
        done
        rm -f portable.h5 avx2.h5 avx512.h5
    done
done

# On OpenBLAS ranks, threads and tiles change no bit either; library and core do, and are recorded.
blas=(isa.yaml network.engine=blas 'axes.norm.values=[none, batch, layer]' width=40)
for precision in f32 f64; do
    blas[4]=network.precision=$precision
    expect 0 "100.0 %" "$brink" run "${blas[@]}" -o blas.h5 --threads 1
    for pair in "1 2" "2 1" "2 2"; do
        # shellcheck disable=SC2086
        set -- $pair
        expect 0 "100.0 %" mpi "$1" "$brink" run "${blas[@]}" -o "blas$1$2.h5" --threads "$2"
        expect 0 "equal in" "$brink" diff blas.h5 "blas$1$2.h5"
    done
    expect 0 "computed again, equal to the bit" "$brink" verify blas.h5 --deep 20
    [ $precision = f64 ] || rm -f blas*.h5
done
expect 0 "100.0 %" "$brink" run "${blas[@]}" 'tile=[1, 5, 2, 1]' -o tiles.h5
expect 7 "192 cells, equal in" "$brink" diff blas.h5 tiles.h5
expect 0 "         OpenBLAS " "$brink" check "${blas[@]}"
core=Nehalem
case $("$brink" check "${blas[@]}") in *" $core"*) core=Prescott ;; esac
export OPENBLAS_CORETYPE=$core
expect 6 "$core" "$brink" run "${blas[@]}" -o blas.h5
expect 6 "would not have the same bits" "$brink" verify blas.h5 --deep 1
expect 0 "intact and complete" "$brink" verify blas.h5
unset OPENBLAS_CORETYPE

# Without an OpenBLAS that can: said before anything is made, and only if it is asked for.
mkdir -p lack
lack() { # what is said of the file in its place
    export LD_LIBRARY_PATH=$PWD/lack
    expect 2 "$1" "$brink" check "${blas[@]}"
    expect 2 "network.engine: blas needs" "$brink" run "${blas[@]}" -o no.h5
    expect 0 "intact and complete" "$brink" verify blas.h5
    expect 0 "undefined 0 cells" "$brink" check isa.yaml
    unset LD_LIBRARY_PATH
}
: >lack/libopenblas.so.0
lack "libopenblas.so.0: file too short"
echo 'void cblas_sgemm(void) {}' | ${CC:-cc} -shared -fPIC -x c - -o lack/libopenblas.so.0
lack "it has no openblas_set_num_threads"
${CC:-cc} -shared -fPIC -x c - -o lack/libopenblas.so.0 <<'C'
void cblas_sgemm(void) {}
void cblas_dgemm(void) {}
void openblas_set_num_threads(int count) { (void)count; }
char *openblas_get_config(void) { return "OpenBLAS"; }
char *openblas_get_corename(void) { return "none"; }
int openblas_get_parallel(void) { return 2; } // OpenMP
C
lack "it is not built with POSIX threads"
if [ -e no.h5 ]; then bad "a result without a library"; else ok; fi
if LD_DEBUG=libs "$brink" check isa.yaml 2>&1 | grep openblas; then bad "loaded"; else ok; fi

# The file proves itself, packs, and every cell can be computed again and traced.
expect 0 "computed again, equal to the bit" "$brink" verify one.h5 --deep 54
expect 0 "packed" "$brink" pack one.h5 -o packed.h5
expect 0 "intact and complete" "$brink" verify packed.h5
expect 0 "equal in" "$brink" diff one.h5 packed.h5
expect 0 "equals the stored cell bit for bit" \
    "$brink" trace one.h5 activation#1 loss#1 lr#4 -o t.csv
expect 0 "complete" "$brink" run net.yaml -o one.h5
expect 6 "fixed.scale: 1 -> 2" "$brink" run net.yaml scale=2 -o one.h5
expect 0 "activation" "$brink" check net.yaml
expect 0 "100.0 %" "$brink" run net.yaml train.max_steps=9 -o fewer.h5
expect 7 "activation#0 = tanh, " "$brink" diff one.h5 fewer.h5 --field steps

# What is stored about words and curves.
if "$python" - <<'PY'; then ok; else bad "the stored words and curves"; fi
import h5py, numpy
with h5py.File("one.h5") as f:
    assert f["activation"][:].tolist() == [0, 1, 7]
    assert f["activation"].attrs["flag_meanings"].split()[7] == "relu3"
    assert f.attrs["fixed_norm"] == "none" and f.attrs["fixed_n"] == 15
    curve, step = f["curves/training_loss"], f["curves/step"][:]
    loss = curve[:]
    assert curve.shape == f["status"].shape + (11,) and step.tolist() == list(range(0, 401, 40))
    assert [list(d.keys()) for d in curve.dims][2:] == [["lr"], ["curves/step"]]
    assert (curve[..., 0] == f["loss_start"][:]).all()
    ended = f["status"][:] == 8
    assert ended.any() and (loss[ended][:, -1] == f["loss_end"][ended]).all()
    over = numpy.isnan(loss).any(-1)
    assert (over == (f["steps"][:] < 400)).all()
PY

# A cell is cut off in the middle: another start goes on from its checkpoint, with the same bits.
# The rate is so small that it never ends before its last step.
cat >long.yaml <<'YAML'
model: network
axes: {lr: {values: [0.001]}}
network: {width: 12, activation: relu, bias: true, precision: f64}
data: {source: chebyshev, n: 15, degree: 4}
train:
  {max_steps: 300000, sharpness_every: 20000, curves_every: 30000, loss_goal: 0,
   checkpoint_every: 1000}
YAML
expect 0 "100.0 %" "$brink" run long.yaml -o whole.h5
cuts=0
for _ in 1 2; do
    "$brink" run long.yaml -o cut.h5 >cut.out 2>&1 &
    pid=$!
    before=$(stat -c %Y.%i cut.h5.cell-0 2>/dev/null)
    for _ in $(seq 600); do # until it has left another checkpoint, or is done
        kill -0 $pid 2>/dev/null || break
        [ -f cut.h5.cell-0 ] && [ "$(stat -c %Y.%i cut.h5.cell-0)" != "$before" ] && break
        sleep 0.05
    done
    kill -9 $pid 2>/dev/null && cuts=$((cuts + 1))
    wait $pid 2>/dev/null
done
if [ $cuts = 2 ] && [ -f cut.h5.cell-0 ]; then ok; else bad "cut $cuts times, no checkpoint"; fi
expect 0 "100.0 %" mpi 2 "$brink" run long.yaml -o cut.h5
expect 0 "equal in" "$brink" diff whole.h5 cut.h5
if ls cut.h5.cell-* >/dev/null 2>&1; then bad "a checkpoint is left"; else ok; fi
# A checkpoint that was cut short, or is of another spec, is as good as none.
head -c 100 whole.h5 >torn.h5.cell-0
expect 0 "100.0 %" "$brink" run long.yaml train.max_steps=30000 -o torn.h5
if ls torn.h5.cell-* >/dev/null 2>&1; then bad "a torn checkpoint is left"; else ok; fi

# Weights and data of the user.
"$python" - <<'PY'
import h5py, numpy
rng = numpy.random.default_rng(1)
with h5py.File("mine.h5", "w") as f:
    f["X"], f["Y"] = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
    f["W1"], f["W2"] = rng.normal(size=(5, 3)), rng.normal(size=(2, 5)).astype("f4")
PY
cat >mine.yaml <<'YAML'
model: network
axes: {lr: {values: [0.01, 0.02]}}
network: {hidden: [5], init: file, weights: mine.h5, precision: f64, activation: identity}
data: {source: hdf5, path: mine.h5, n: 9}
train: {max_steps: 1, curves_every: 1, eigenvalues: 5}
YAML
expect 0 "100.0 %" "$brink" run mine.yaml -o user.h5
if "$python" - <<'PY'; then ok; else bad "the user's network"; fi
import h5py, numpy
with h5py.File("mine.h5") as f, h5py.File("user.h5") as out:
    X, Y, W1, W2 = (f[k][:].astype(float) for k in ("X", "Y", "W1", "W2"))
    r = X @ W1.T @ W2.T - Y
    assert numpy.allclose(out["loss_start"][:], .5 * (r ** 2).sum() / 9, rtol=1e-13)
    g2, g1 = r.T @ (X @ W1.T) / 9, W2.T @ r.T @ X / 9
    V1, V2 = W1 - .02 * g1, W2 - .02 * g2
    after = .5 * ((X @ V1.T @ V2.T - Y) ** 2).sum() / 9
    assert numpy.allclose(out["loss_end"][1], after, rtol=1e-12)
    assert out["loss_end"].shape == (2,)

    def gradient(w):
        V1, V2 = w[:15].reshape(5, 3), w[15:].reshape(2, 5)
        r = X @ V1.T @ V2.T - Y
        return numpy.concatenate([(V2.T @ r.T @ X).ravel(), (r.T @ (X @ V1.T)).ravel()]) / 9
    def largest(w):
        unit = 1e-5 * numpy.eye(25)
        hessian = numpy.array([gradient(w + e) - gradient(w - e) for e in unit]) / 2e-5
        return numpy.linalg.eigvalsh((hessian + hessian.T) / 2)[:-6:-1]
    names = ["sharpness"] + [f"eigenvalue_{i}" for i in range(2, 6)]
    start = [out[f"curves/{name}"][1, 0] for name in names]
    assert numpy.allclose(start, largest(numpy.concatenate([W1.ravel(), W2.ravel()])), rtol=1e-3)
    names[0] = "sharpness_end"
    end = [out[name][1] for name in names]
    assert numpy.allclose(end, largest(numpy.concatenate([V1.ravel(), V2.ravel()])), rtol=1e-3)
    assert "eigenvalue_6" not in out and "curves/eigenvalue_6" not in out
PY
expect 2 "eigenvalue_2 is stored if train.eigenvalues" \
    "$brink" check mine.yaml 'record=[eigenvalue_2]'

# The norms of all layers along the way: GD in numpy from the same weights, and NaN where a
# shallower network has no such layer.
"$python" - <<'PY'
import h5py, numpy
rng = numpy.random.default_rng(2)
with h5py.File("deep-weights.h5", "w") as f:
    for l, (m, n) in enumerate([(5, 3), (4, 5), (6, 4), (5, 6), (2, 5)], 1):
        f[f"W{l}"] = rng.normal(size=(m, n)) / 2
PY
cat >deep.yaml <<'YAML'
model: network
axes: {lr: {values: [0.01, 0.02]}}
network: {hidden: [5, 4, 6, 5], init: file, weights: deep-weights.h5, precision: f64,
          activation: identity}
data: {source: hdf5, path: mine.h5, n: 9}
train: {max_steps: 8, curves_every: 2, eigenvalues: 2}
YAML
cat >depths.yaml <<'YAML'
model: network
axes: {depth: {values: [0, 1, 2, 4]}, lr: {values: [0.05]}}
network: {width: 6, precision: f64}
data: {source: gaussian, n: 12, inputs: 3, outputs: 2}
train: {max_steps: 8, curves_every: 4}
YAML
expect 0 "100.0 %" "$brink" run deep.yaml -o deep.h5
expect 0 "100.0 %" "$brink" run depths.yaml -o depths.h5
expect 0 "" "$brink" verify depths.h5 --deep 4
if "$python" - <<'PY'; then ok; else bad "the norms of all layers"; fi
import h5py, numpy
with h5py.File("mine.h5") as data, h5py.File("deep-weights.h5") as weights:
    X, Y = data["X"][:], data["Y"][:]
    start = [weights[f"W{l}"][:] for l in range(1, 6)]
names = ["norm_first", "norm_2", "norm_3", "norm_4", "norm_last"]
with h5py.File("deep.h5") as out:
    for cell, h in enumerate([.01, .02]):
        W = list(start)
        for step in range(9):
            if step % 2 == 0:
                found = [out[f"curves/{name}"][cell, step // 2] for name in names]
                assert numpy.allclose(found, [numpy.linalg.norm(w) for w in W], rtol=1e-12), step
            a = [X.T]
            for w in W:
                a.append(w @ a[-1])
            delta, gradients = (a[-1] - Y.T) / len(X), []
            for w, before in zip(W[::-1], a[-2::-1]):
                gradients.insert(0, delta @ before.T)
                delta = w.T @ delta
            W = [w - h * g for w, g in zip(W, gradients)]
    assert (out["curves/eigenvalue_2"][:, 0] < out["curves/sharpness"][:, 0]).all()
with h5py.File("depths.h5") as out:
    for middle, name in enumerate(["norm_2", "norm_3", "norm_4"], 2):
        there = numpy.isfinite(out[f"curves/{name}"][:, 0, 0])
        assert (there == (numpy.array([0, 1, 2, 4]) >= middle)).all(), name
with h5py.File("user.h5") as out:
    assert "curves/norm_2" not in out
PY
expect 3 "has no array W3" "$brink" run mine.yaml 'network.hidden=[5,2]' -o no.h5
expect 3 "the network needs [6][3]" "$brink" run mine.yaml 'network.hidden=[6]' -o no.h5
expect 3 "9 samples, 10 are asked for" "$brink" run mine.yaml data.n=10 -o no.h5
expect 3 "no-such.h5" "$brink" run mine.yaml data.path=no-such.h5 -o no.h5
expect 3 "No such file" "$brink" run mine.yaml data.source=mnist data.path=nowhere -o no.h5
"$python" -c 'import h5py; h5py.File("wide.h5", "w").update({"X": [[1.0]], "Y": [[0.0] * 10001]})'
expect 3 "Y [1][10001]: at most" "$brink" run mine.yaml data.path=wide.h5 data.n=1 -o no.h5
head -c 3000 mine.h5 >torn.h5
expect 3 "torn.h5: H5Fopen failed: truncated file: eof = 3000" \
    "$brink" run mine.yaml data.path=torn.h5 -o no.h5
# Other data or weights under the same name are another sweep.
cp mine.h5 weights.h5
expect 0 "100.0 %" "$brink" run mine.yaml network.weights=weights.h5 -o weighed.h5
"$python" -c 'import h5py; f = h5py.File("weights.h5", "a"); f["W1"][0, 0] = 7'
expect 6 "data.digest" "$brink" run mine.yaml network.weights=weights.h5 -o weighed.h5
"$python" -c 'import h5py; f = h5py.File("mine.h5", "a"); f["X"][0, 0] = 7'
expect 6 "data.digest" "$brink" run mine.yaml -o user.h5
expect 0 "intact and complete" "$brink" verify user.h5
expect 6 "data.digest: the sweep is bound to" "$brink" verify user.h5 --deep 1
expect 6 "data.digest: the sweep is bound to" "$brink" trace user.h5 lr#1
expect 2 "loss: cross_entropy needs 2 outputs or more, the data has 1" \
    "$brink" run net.yaml 'axes.loss.values=[mse, cross_entropy]' -o no.h5
expect 2 "'silu' is not one of its words: tanh, relu, leaky_relu," \
    "$brink" trace one.h5 activation=silu loss#0 lr#0
expect 0 "the end equals the stored cell" "$brink" trace one.h5 activation=relu loss=huber lr#0
"$python" - <<'PY'
import h5py, numpy
for name in ("X", "W2"):
    with h5py.File(f"nan-{name}.h5", "w") as f, h5py.File("mine.h5") as mine:
        for key in mine:
            f[key] = mine[key][:]
        f[name][1, 2] = numpy.inf
PY
expect 3 "nan-X.h5: X[1][2] is inf: not finite" "$brink" run mine.yaml data.path=nan-X.h5 -o no.h5
expect 3 "nan-W2.h5: W2[1][2] is inf: not finite" \
    "$brink" run mine.yaml network.weights=nan-W2.h5 -o no.h5
expect 3 "folder the binary version of CIFAR-10 is" "$brink" run mine.yaml data.source=cifar10 \
    data.path=nowhere -o no.h5

# Shapes that differ over the grid: every one has an engine, weights of a file have but one shape.
cat >shapes.yaml <<'YAML'
model: network
axes: {width: {values: [6, 60]}, depth: {values: [1, 2]}}
fixed: {lr: 0.01}
data: {source: gaussian, n: 20, inputs: 8}
train: {max_steps: 20}
YAML
expect 0 "lanes of vectors, for 75 % of the cells" "$brink" check shapes.yaml
expect 0 "100.0 %" "$brink" run shapes.yaml -o shapes.h5
expect 2 "at most 4096 weights; here is one of 8-60-60-1 (4140 weights), norm none, full batches" \
    "$brink" run shapes.yaml network.engine=lanes -o no.h5
expect 2 "batch takes minibatches; here is one of 8-6-1 (54 weights), norm none, full batches" \
    "$brink" run shapes.yaml network.engine=batch -o no.h5
expect 0 "network  8-6-1 .. 8-60-60-1, standard, init uniform, f32" "$brink" check shapes.yaml
expect 0 "data     gaussian, 20 samples, 8 inputs, 1 output" "$brink" check shapes.yaml
expect 0 "train    full batch, converged at loss 1e-06, diverged beyond 1000000 times" \
    "$brink" check shapes.yaml
expect 0 "sharpness each 5 steps, curves each 10 steps" \
    "$brink" check shapes.yaml train.sharpness_every=5 train.curves_every=10
expect 2 "of one shape, width cannot be an axis" \
    "$brink" run shapes.yaml network.init=file network.weights=mine.h5 -o no.h5

# The loss on the way: what only falls never rises, in any engine, and the last state counts.
cat >falls.yaml <<'YAML'
model: network
axes:
  loss: {values: [mse, huber, logcosh]}
  seed: {min: 0, max: 31, num: 32}
  lr: {values: [5e-4, 1e-3]}
network: {width: 8, precision: f32}
data: {source: gaussian, n: 20, inputs: 4, outputs: 3}
train: {max_steps: 20, loss_goal: 0, curves_every: 10}
record: full
YAML
cat >rises.yaml <<'YAML'
model: network
axes: {lr: {values: [1, 2]}}
network: {width: 8, precision: f64, init: gaussian}
fixed: {scale: 3}
data: {source: gaussian, n: 20, inputs: 4}
train: {max_steps: 1, loss_goal: 0}
record: full
YAML
for engine in lanes gram plain; do
    expect 0 "100.0 %" "$brink" run falls.yaml network.engine=$engine -o falls-$engine.h5
done
expect 0 "100.0 %" "$brink" run rises.yaml -o rises.h5
expect 0 "" "$brink" plot curves falls-lanes.h5 --slice loss#1 -o falls.png
if "$python" - <<'PY'; then ok; else bad "peaks and rises of the loss"; fi
import h5py, xarray
for engine in ("lanes", "gram", "plain"):
    with h5py.File(f"falls-{engine}.h5") as f:
        assert (f["loss_end"][:] < f["loss_start"][:]).all()
        assert (f["loss_rises"][:] == 0).all() and (f["loss_peak"][:] == 1).all(), engine
assert "training_loss" in xarray.open_dataset("falls-lanes.h5", group="curves")
with h5py.File("rises.h5") as f:
    over = f["loss_end"][:] / f["loss_start"][:]
    assert (over > 1).all() and (f["loss_peak"][:] == over).all()
    assert (f["loss_rises"][:] == 1).all() and (f["peak_step"][:] == 1).all()
PY

# Whoever looks, the verdict is the same: no gradient is small enough for 0, and minibatches judge
# their steps by themselves.
cat >looks.yaml <<'YAML'
model: network
axes: {seed: {min: 0, max: 7, num: 8}, lr: {values: [0.05, 0.1, 0.2]}}
network: {width: 8, precision: f64}
data: {source: chebyshev, n: 20, degree: 3}
train: {max_steps: 200, batch: 19, loss_goal: 0.24}
record: full
YAML
for batch in 19 20; do
    expect 0 "100.0 %" "$brink" run looks.yaml train.batch=$batch -o seldom.h5
    expect 0 "100.0 %" "$brink" run looks.yaml train.batch=$batch train.curves_every=1 -o often.h5
    expect 7 "equal in" "$brink" diff seldom.h5 often.h5 --field steps
    expect 0 "equals the stored cell bit for bit" "$brink" trace seldom.h5 'seed#3' 'lr#1' -o t.csv
    if "$python" - <<'PY'; then ok; else bad "looks change the end, batch $batch"; fi
import h5py
with h5py.File("seldom.h5") as a, h5py.File("often.h5") as b:
    assert (a["steps"][:] == b["steps"][:]).all() and (a["status"][:] == b["status"][:]).all()
    assert (a["status"][:] == a["status"][0, 0]).mean() < 1 or a["steps"][:].min() < 200
PY
    rm -f seldom.h5 often.h5
done

# A trace has one row for each step, also for the one whose loss ends the training.
cat >ends.yaml <<'YAML'
model: network
axes: {lr: {values: [0.05, 0.1, 50]}}
network: {width: 8, precision: f64}
data: {source: chebyshev, n: 20, degree: 3}
train: {max_steps: 200, loss_goal: 0.24, sharpness_every: 1}
record: full
YAML
expect 0 "100.0 %" "$brink" run ends.yaml -o ends.h5
for cell in 0 1 2; do
    expect 0 "equals the stored cell" "$brink" trace ends.h5 "lr#$cell" -o "end$cell.csv"
    expect 0 "equals the stored cell" \
        "$brink" trace ends.h5 "lr#$cell" --every 3 --hdf5 -o "end$cell.h5"
done
if "$python" - <<'PY'; then ok; else bad "the rows of a trace"; fi
import h5py, numpy
with h5py.File("ends.h5") as f:
    assert f["status"][:].tolist() == [1, 1, 5]
    for cell, steps in enumerate(f["steps"][:]):
        rows = numpy.genfromtxt(f"end{cell}.csv", delimiter=",", names=True)
        assert rows["step"].tolist() == list(range(steps + 1)), rows["step"]
        assert numpy.nanmax(rows["sharpness"]) == f["sharpness_peak"][cell]
        with h5py.File(f"end{cell}.h5") as trace:
            assert trace["step"][:].tolist() == sorted({*range(0, steps, 3), steps})
PY

finish
