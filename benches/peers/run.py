#!/usr/bin/env python3
"""Times thalweg and the programs that are installed (skglm, celer, adelie, scikit-learn; glmnet and ncvreg of R) on sparse
regressions.

    run.py DATA --table PEERS.md [--only S1,S3] [--tasks 20,100,path] [--tools thalweg,skglm] [--threads 1]

DATA holds one folder a problem: X.npy (or data.npy, indices.npy, indptr.npy), y.npy, lambdas.npy, meta.json. No intercept, columns
as they are; loss 1/(2n) for squares, 1/n for logistic. Tolerances of different programs mean different things, so each is
tightened by decades, and what counts is the KKT violation in units of λmax, measured here from the coefficients, one way for
all. The time at a level is that of the first setting that reaches it. Memory is what the process grew by at its peak, data
excluded. `direct` is thalweg going to a single nonconvex fit at once. Needs numpy and scipy; cargo builds the rest.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import scipy.sparse as sp

HERE = Path(__file__).resolve().parent
REACH = {"lasso": 0.0, "mcp": 3.0, "scad": 3.7}
LEVELS = [1e-3, 1e-5, 1e-7]


class Problem:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.meta = json.loads((self.folder / "meta.json").read_text())
        load = lambda name: np.load(self.folder / f"{name}.npy")
        self.y, self.lambdas = load("y"), load("lambdas")
        self.n, self.p = self.meta["n"], self.meta["p"]
        if self.meta["sparse"]:
            self.x = sp.csc_matrix((load("data"), load("indices"), load("indptr")), shape=(self.n, self.p))
        else:
            self.x = load("X")
        self.logistic = self.meta["family"] == "logistic"

    def grid(self, task):
        return self.lambdas if task == "path" else np.array([self.lambdas[0] / float(task)])

    def judge(self, fits, grid, penalty):
        """Worst KKT violation / λmax, sum of objectives, nonzeros of the last fit."""
        worst, total, count = 0.0, 0.0, 0
        for beta, lam in zip(fits, grid):
            support = np.flatnonzero(beta)
            eta = self.x[:, support] @ beta[support]
            if self.logistic:
                sign = 2 * self.y - 1
                loss = np.logaddexp(0, -sign * eta).mean()
                pull = sign / (1 + np.exp(sign * eta)) / self.n
            else:
                rest = self.y - eta
                loss, pull = rest @ rest / (2 * self.n), rest / self.n
            c, a, g = self.x.T @ pull, np.abs(beta[support]), REACH[penalty]
            if penalty == "lasso":
                slope, value = np.full(a.size, lam), lam * a
            elif penalty == "mcp":
                slope = np.maximum(lam - a / g, 0)
                value = np.where(a < g * lam, lam * a - a * a / (2 * g), g * lam * lam / 2)
            else:
                slope = np.where(a <= lam, lam, np.maximum(g * lam - a, 0) / (g - 1))
                middle = lam * a - (a - lam) ** 2 / (2 * (g - 1))
                value = np.where(a <= lam, lam * a, np.where(a < g * lam, middle, lam * lam * (g + 1) / 2))
            violation = np.maximum(np.abs(c) - lam, 0)
            violation[support] = np.abs(c[support] - np.sign(beta[support]) * slope)
            worst = max(worst, violation.max() / self.lambdas[0])
            total += loss + value.sum()
            count = support.size
        return worst, total, count


class Missing(Exception):
    """A program that is not installed."""


def external(problem, command):
    """Runs a program that writes coefficients λ after λ: the count, then pairs of index and value."""
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run([str(c) for c in command] + [out.name], capture_output=True, text=True)
        if done.returncode == 3:
            raise Missing("the package is not installed")
        if done.returncode != 0:
            raise RuntimeError(done.stderr[-300:])
        told = json.loads(done.stdout)
        raw, fits, at = np.fromfile(out.name), [], 0
        for _ in range(told["fits"]):
            count = int(raw[at])
            pairs = raw[at + 1 : at + 1 + 2 * count].reshape(-1, 2)
            beta = np.zeros(problem.p)
            beta[pairs[:, 0].astype(int)] = pairs[:, 1]
            fits.append(beta)
            at += 1 + 2 * count
    return min(told["seconds"]), fits, told["bytes"]


def thalweg(problem, penalty, grid, task, tolerance, threads, *more):
    command = [HERE / "target/release/peers", problem.folder, penalty, task, "--tolerance", tolerance, "--threads", threads]
    return external(problem, [*command, *more, "--out"])


def direct(problem, penalty, grid, task, tolerance, threads):
    if penalty == "lasso" or task == "path":
        return None
    return thalweg(problem, penalty, grid, task, tolerance, threads, "--direct")


def in_r(package):
    def tool(problem, penalty, grid, task, tolerance, _threads):
        fits = {"glmnet": ["lasso"], "ncvreg": ["lasso", "mcp", "scad"]}[package]
        if penalty not in fits or (package == "ncvreg" and problem.meta["sparse"]):
            return None
        if shutil.which("Rscript") is None:
            raise Missing("there is no Rscript")
        return external(problem, ["Rscript", HERE / "fit.R", package, problem.folder, penalty, task, tolerance])

    return tool


def memory(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(field)).split()[1])


def timed(fit):
    """The better of two runs; the first also compiles what compiles itself."""
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    seconds, fits = [], None
    for _ in range(2):
        begun = time.perf_counter()
        fits = fit()
        seconds.append(time.perf_counter() - begun)
        if seconds[-1] > 60:
            break
    return min(seconds), fits, memory("VmHWM") - before


def skglm(problem, penalty, grid, _task, tolerance, _threads):
    from skglm.datafits import Logistic, Quadratic
    from skglm.penalties import L1, MCPenalty, SCAD
    from skglm.solvers import AndersonCD, ProxNewton
    from skglm.utils.jit_compilation import compiled_clone

    prototype = {"lasso": lambda: L1(1.0), "mcp": lambda: MCPenalty(1.0, 3.0), "scad": lambda: SCAD(1.0, 3.7)}[penalty]()
    datafit, regularizer = compiled_clone(Logistic() if problem.logistic else Quadratic()), compiled_clone(prototype)
    options = dict(max_iter=500, tol=tolerance * problem.lambdas[0], fit_intercept=False)
    solver = ProxNewton(**options) if problem.logistic else AndersonCD(max_epochs=100_000, **options)
    y = 2 * problem.y - 1 if problem.logistic else problem.y

    def fit():
        if problem.meta["sparse"]:
            datafit.initialize_sparse(problem.x.data, problem.x.indptr, problem.x.indices, y)
        else:
            datafit.initialize(problem.x, y)
        beta, eta, fits = np.zeros(problem.p), np.zeros(problem.n), []
        for lam in grid:
            regularizer.alpha = lam
            beta = solver.solve(problem.x, y, datafit, regularizer, beta.copy(), eta.copy())[0]
            eta = problem.x @ beta
            fits.append(beta)
        return fits

    return timed(fit)


def celer(problem, penalty, grid, _task, tolerance, _threads):
    if penalty != "lasso":
        return None
    from celer import celer_path

    kind = "logreg" if problem.logistic else "lasso"
    y = 2 * problem.y - 1 if problem.logistic else problem.y
    scale = problem.n if problem.logistic else 1.0

    def fit():
        coefficients = celer_path(problem.x, y, kind, alphas=grid * scale, tol=tolerance, max_iter=200)[1]
        return list(coefficients.T)

    return timed(fit)


def adelie(problem, penalty, grid, _task, tolerance, threads):
    if penalty != "lasso":
        return None
    import adelie as ad

    x = ad.matrix.sparse(problem.x, n_threads=threads) if problem.meta["sparse"] else np.asfortranarray(problem.x)
    glm = ad.glm.binomial(problem.y) if problem.logistic else ad.glm.gaussian(problem.y)

    def fit():
        options = dict(lmda_path=grid, intercept=False, tol=tolerance, n_threads=threads, progress_bar=False)
        state = ad.grpnet(x, glm, early_exit=False, **options)
        return [row.toarray().ravel() for row in state.betas]

    return timed(fit)


def sklearn(problem, penalty, grid, _task, tolerance, _threads):
    if penalty != "lasso" or problem.logistic:
        return None
    from sklearn.linear_model import lasso_path

    gram = problem.n > problem.p and not problem.meta["sparse"]

    def fit():
        x = problem.x
        options = dict(precompute=x.T @ x, Xy=x.T @ problem.y) if gram else {}
        coefficients = lasso_path(x, problem.y, alphas=grid, tol=tolerance, max_iter=100_000, **options)[1]
        return list(coefficients.T)

    return timed(fit)


TOOLS = {
    "thalweg": thalweg,
    "direct": direct,
    "skglm": skglm,
    "celer": celer,
    "adelie": adelie,
    "sklearn": sklearn,
    "glmnet": in_r("glmnet"),
    "ncvreg": in_r("ncvreg"),
}
PENALTIES = {"S1": 3, "S2": 3, "S3": 2, "S4": 1, "S5": 1, "S6": 3}


def measure(problem, penalty, task, tool, threads, limit):
    """(seconds, objective, KKT, nonzeros, bytes) at each level that is reached."""
    grid, reached, spent = problem.grid(task), {}, 0.0
    for tolerance in 10.0 ** -np.arange(2, 13):
        result = TOOLS[tool](problem, penalty, grid, task, tolerance, threads)
        if result is None:
            return None
        seconds, fits, added = result
        kkt, objective, count = problem.judge(fits, grid, penalty)
        for level in LEVELS:
            if kkt <= level and level not in reached:
                reached[level] = (seconds, objective, kkt, count, added)
        spent += seconds
        if len(reached) == len(LEVELS) or spent > limit:
            break
    return reached


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", default=",".join(PENALTIES))
    parser.add_argument("--tasks", default="20,100,path")
    parser.add_argument("--tools", default=",".join(TOOLS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for one program on one problem")
    parser.add_argument("--table", type=Path)
    arguments = parser.parse_args()
    for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"]:
        if os.environ.get(name) != str(arguments.threads):
            os.environ[name] = str(arguments.threads)
            os.execv(sys.executable, [sys.executable, *sys.argv])
    warnings.filterwarnings("ignore")
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=HERE, check=True)
    levels = [f"KKT ≤ {level:.0e}" for level in LEVELS]
    times = ["| problem | penalty | task | " + " | ".join(levels) + " | fastest other / thalweg |", "|---|---|---|" + "---|" * 4]
    details = ["| problem | penalty | task | program | objective | KKT | nonzeros | MB | of the data |", "|---|---|---|" + "---|" * 6]
    missing = {}
    for name in arguments.only.split(","):
        problem = Problem(arguments.data / name)
        data = problem.x.data.nbytes + (problem.x.indices.nbytes + problem.x.indptr.nbytes if problem.meta["sparse"] else 0)
        for penalty in ["lasso", "mcp", "scad"][: PENALTIES[name]]:
            for task in arguments.tasks.split(","):
                results = {}
                for tool in arguments.tools.split(","):
                    if tool in missing:
                        continue
                    try:
                        result = measure(problem, penalty, task, tool, arguments.threads, arguments.limit)
                    except (ImportError, Missing) as error:
                        missing[tool] = error
                        print(f"{tool} is skipped: {error}", file=sys.stderr)
                        continue
                    if result is not None:
                        results[tool] = result
                label = f"| {name} | {penalty} | {'path' if task == 'path' else 'λmax/' + task} | "
                cells, ratios = [], []
                for level in LEVELS:
                    at = sorted((r[level][0], t) for t, r in results.items() if level in r)
                    cells.append(", ".join(f"{tool} {seconds:.3g}" for seconds, tool in at))
                    ours = [seconds for seconds, tool in at if tool in ("thalweg", "direct")]
                    others = [seconds for seconds, tool in at if tool not in ("thalweg", "direct")]
                    ratios.append(f"{min(others) / min(ours):.2g}" if ours and others else "–")
                times.append(label + " | ".join([*cells, " / ".join(ratios)]) + " |")
                print(times[-1], flush=True)
                for tool, reached in results.items():
                    if LEVELS[1] in reached:
                        _, objective, kkt, count, added = reached[LEVELS[1]]
                        figures = f"{objective:.9g} | {kkt:.1e} | {count} | {added / 1e6:.0f} | {added / data:.2f} |"
                        details.append(f"{label}{tool} | {figures}")
    lines = [f"Generated by `run.py`, threads: {arguments.threads}; do not edit. Seconds at each level.", "", *times, ""]
    lines += [f"{tool} was skipped: {error}." for tool, error in missing.items()]
    lines += ["", "What was returned at 1e-5, the sum of objectives over the task, and the peak of memory beyond the data:", "", *details]
    if arguments.table:
        arguments.table.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
