#!/usr/bin/env python3
"""Paths of six sizes that were asked for, by thalweg alone: seconds, KKT violation and peak of memory.

    targets.py DATA [A B T C D E]

A is dense with MCP (γ = 3), 1000 by 2050, down to λmax/20; B a dense lasso, 1000 by 20,000, down to λmax/100; T a tall one, 50,000 by 500, down
to λmax/1000. C, D and E share a sparse design, 20,000 by 40,000 with 18 entries in 10,000: lasso, logistic lasso and MCP, down to λmax/10.
A hundred λ each; neighbouring dense columns have a correlation of a half. DATA is where the problems are written to.
"""
import json
import sys
from pathlib import Path

import numpy as np
import scipy.sparse as sp

import run

CASES = {
    "A": ("mcp", 1000, 2050, 0.05, 1e-12),
    "B": ("lasso", 1000, 20_000, 0.01, 1e-10),
    "T": ("lasso", 50_000, 500, 0.001, 1e-10),
    "C": ("lasso", 20_000, 40_000, 0.1, 1e-6),
    "D": ("lasso", 20_000, 40_000, 0.1, 1e-6),
    "E": ("mcp", 20_000, 40_000, 0.1, 1e-9),
}


def write(folder, name):
    _, n, p, least, _ = CASES[name]
    rng = np.random.default_rng(7)
    sparse, logistic = name in "CDE", name == "D"
    if sparse:
        x = sp.random(n, p, 0.0018, format="csc", random_state=rng, data_rvs=rng.standard_normal)
    else:
        x = np.asfortranarray(rng.standard_normal((n, p)))
        for j in range(1, p):
            x[:, j] = 0.5 * x[:, j - 1] + np.sqrt(0.75) * x[:, j]
        x -= x.mean(axis=0)
        x /= np.sqrt((x * x).mean(axis=0))
    beta = np.zeros(p)
    beta[rng.choice(p, 50, replace=False)] = rng.choice([-1.0, 1.0], 50)
    signal = x @ beta
    if logistic:
        y = (rng.random(n) < 1 / (1 + np.exp(-3 * signal / signal.std()))).astype(float)
    else:
        y = signal + rng.standard_normal(n) * signal.std() / np.sqrt(3)
        y -= y.mean()
    largest = np.abs(x.T @ (y - 0.5 if logistic else y)).max() / n
    folder.mkdir(parents=True, exist_ok=True)
    if sparse:
        for part in ["data", "indices", "indptr"]:
            np.save(folder / f"{part}.npy", getattr(x, part))
    else:
        np.save(folder / "X.npy", x)
    np.save(folder / "y.npy", y)
    np.save(folder / "lambdas.npy", largest * least ** np.linspace(0, 1, 100))
    meta = {"n": n, "p": p, "family": "logistic" if logistic else "linear", "sparse": sparse}
    (folder / "meta.json").write_text(json.dumps(meta))


def main():
    print("| | penalty | n | p | asked for | s | KKT | nonzeros | MB |\n|---|---|---|---|---|---|---|---|---|")
    for name in sys.argv[2:] or CASES:
        penalty, n, p, _, tolerance = CASES[name]
        folder = Path(sys.argv[1]) / name
        write(folder, name)
        problem = run.Problem(folder)
        seconds, fits, added = run.thalweg(problem, penalty, problem.grid("path"), "path", tolerance, 1)
        worst, _, count = problem.judge(fits, problem.lambdas, penalty)
        print(f"| {name} | {penalty} | {n} | {p} | {tolerance:.0e} | {seconds:.3g} | {worst:.1e} | {count} | {added / 1e6:.0f} |", flush=True)


if __name__ == "__main__":
    main()
