//! Conventions: both objectives evaluated, each by its own formula.

use rand::{Rng, SeedableRng, rngs::StdRng};
use thalweg::penalty::{L1, Mcp, Scad, ScalarPenalty};
use thalweg::sparse::datafit::{Datafit, Logistic, Loss, Observed, Squared};
use thalweg::sparse::{Concavity, Convention, FitError, Penalties, Reach, Stated, Terms};

use crate::made::{Made, close};

const N: usize = 30;
const P: usize = 5;
const MCP: Mcp<f64> = Mcp { strength: 1.0, reach: 3.0 };
const SCAD: Scad<f64> = Scad { strength: 1.0, reach: 3.7 };
const L1: L1<f64> = thalweg::penalty::L1 { strength: 1.0 };

/// The penalties as their papers write them.
fn mcp(x: f64, lambda: f64, gamma: f64) -> f64 {
    let x = x.abs();
    if x <= gamma * lambda { lambda * x - x * x / (2.0 * gamma) } else { 0.5 * gamma * lambda * lambda }
}

fn scad(x: f64, lambda: f64, a: f64) -> f64 {
    let x = x.abs();
    if x <= lambda {
        lambda * x
    } else if x <= a * lambda {
        (2.0 * a * lambda * x - x * x - lambda * lambda) / (2.0 * (a - 1.0))
    } else {
        0.5 * lambda * lambda * (a + 1.0)
    }
}

fn points() -> Vec<[f64; P]> {
    let mut rng = StdRng::seed_from_u64(5);
    (0..40).map(|_| std::array::from_fn(|_| rng.random_range(-1.5..1.5))).collect()
}

/// `n c (F + p)` of this crate for a penalty stated under a convention.
fn ours<S: Reach, F: Datafit>(
    convention: Convention,
    stated: &Stated<S>,
    curvatures: &[f64],
    (made, datafit): (&Made, &F),
) -> impl Fn(&[f64; P]) -> f64 {
    let penalties = convention.penalties(stated, N, P, curvatures).unwrap().with_coefficients(P).unwrap();
    let lambda = convention.lambda(stated.lambda);
    move |beta| {
        let terms = penalties.at(lambda);
        let penalty: f64 = (0..P).map(|j| terms.value(j, &[beta[j]])).sum();
        convention.scale(N) * (datafit.value(&eta(made, beta)) + penalty)
    }
}

fn eta(made: &Made, beta: &[f64; P]) -> Vec<f64> {
    (0..N).map(|i| (0..P).map(|j| made.x[i + j * N] * beta[j]).sum()).collect()
}

/// `Σ ℓ` and the penalty of a coefficient make the other objective.
#[track_caller]
fn same(
    ours: impl Fn(&[f64; P]) -> f64,
    (made, c): (&Made, f64),
    loss: impl Fn(usize, f64) -> f64,
    penalty: impl Fn(usize, f64) -> f64,
) {
    for beta in points() {
        let sum: f64 = eta(made, &beta).iter().enumerate().map(|(i, &eta)| loss(i, eta)).sum();
        close(ours(&beta), c * sum + (0..P).map(|j| penalty(j, beta[j])).sum::<f64>(), 1e-13);
    }
}

#[test]
fn penalties_make_the_objectives_of_others() {
    let mut made = Made::new(N, P, 2, 1);
    let (y, classes) = (made.response(1.0), made.classes());
    let squares = (&made, &Observed::new(Squared, &y).unwrap());
    let logits = (&made, &Observed::new(Logistic, &classes).unwrap());
    let (mean, half) = ((&made, 1.0 / N as f64), (&made, 0.5 / N as f64));
    let square = |i: usize, eta: f64| 0.5 * (y[i] - eta) * (y[i] - eta);
    let logit = |i: usize, eta: f64| Logistic.value(classes[i], eta);
    let multipliers = [0.5, 1.0, 2.0, 0.0, 1.5];
    let mixed = Stated { mixing: 0.3, multipliers: multipliers.to_vec(), ..Stated::new(L1, 0.4) };

    let f = |j: usize| multipliers[j] / 5.0 * P as f64;
    let glmnet = |j: usize, b: f64| 0.4 * f(j) * (0.3 * b.abs() + 0.35 * b * b);
    same(ours(Convention::GLMNET, &mixed, &[], squares), mean, square, glmnet);
    same(ours(Convention::GLMNET, &mixed, &[], logits), mean, logit, glmnet);

    let plain = Stated { multipliers: Vec::new(), ..mixed.clone() };
    let scikit = |_: usize, b: f64| 0.4 * 0.3 * b.abs() + 0.5 * 0.4 * 0.7 * b * b;
    same(ours(Convention::SCIKIT_LEARN, &plain, &[], squares), mean, square, scikit);
    // C Σℓ + penalty, divided by C.
    let inverse = |_: usize, b: f64| (0.3 * b.abs() + 0.35 * b * b) / 0.4;
    same(ours(Convention::SCIKIT_LEARN_LOGISTIC, &plain, &[], logits), (&made, 1.0), logit, inverse);

    let ridged = Stated { mixing: 0.3, multipliers: multipliers.to_vec(), ..Stated::new(MCP, 0.4) };
    let ncvreg = |j: usize, b: f64| mcp(b, 0.4 * 0.3 * multipliers[j], 3.0) + 0.14 * multipliers[j] * b * b;
    same(ours(Convention::NCVREG_SQUARED, &ridged, &[], squares), mean, square, ncvreg);

    let weighted = Stated { multipliers: multipliers.to_vec(), ..Stated::new(MCP, 0.4) };
    let skglm = |j: usize, b: f64| multipliers[j] * mcp(b, 0.4, 3.0);
    same(ours(Convention::SKGLM_NONCONVEX, &weighted, &[], squares), mean, square, skglm);

    let paper = |_: usize, b: f64| scad(b, 0.4, 3.7);
    same(ours(Convention::ACCELERATED_LINEAR, &Stated::new(SCAD, 0.4), &[], squares), mean, square, paper);
    same(ours(Convention::ACCELERATED_LOGISTIC, &Stated::new(SCAD, 0.4), &[], logits), half, logit, paper);

    let scaled = Convention { concavity: Concavity::Scaled, ..Convention::THALWEG };
    let v = [0.1, 0.2, 0.3, 0.4, 0.5];
    let relative = |j: usize, b: f64| mcp(b, 0.4, 3.0 / v[j]);
    same(ours(scaled, &Stated::new(MCP, 0.4), &v, logits), mean, logit, relative);
    let relative = |j: usize, b: f64| scad(b, 0.4, 1.0 + 2.7 / v[j]);
    same(ours(scaled, &Stated::new(SCAD, 0.4), &v, logits), mean, logit, relative);
}

#[test]
fn translations_differ_by_a_factor() {
    let mut made = Made::new(N, P, 2, 1);
    let datafit = Observed::new(Logistic, &made.classes()).unwrap();
    fn check<S: Reach + PartialEq>(from: Convention, stated: &Stated<S>, to: Convention, on: (&Made, &impl Datafit)) {
        let translated = from.translate(stated, to, N).unwrap();
        let v = [0.3; P];
        let (before, after) = (ours(from, stated, &v, on), ours(to, &translated, &v, on));
        for beta in points() {
            close(before(&beta) / from.scale(N), after(&beta) / to.scale(N), 1e-13);
        }
    }
    let on = (&made, &datafit);
    use Convention as C;
    let multipliers = vec![0.5, 1.0, 2.0, 0.0, 1.5];
    let lasso = Stated { multipliers: multipliers.clone(), ..Stated::new(L1, 0.3) };
    let mixed = Stated { mixing: 0.4, ..lasso.clone() };
    for to in [C::THALWEG, C::GLMNET, C::NCVREG, C::SKGLM, C::SKGLM_NONCONVEX] {
        for from in [C::THALWEG, C::GLMNET, C::NCVREG, C::SKGLM] {
            check(from, &lasso, to, on);
        }
    }
    check(C::GLMNET, &mixed, C::SKGLM, on);
    check(C::SKGLM, &mixed, C::GLMNET, on);
    let plain = Stated { mixing: 0.4, ..Stated::new(L1, 0.3) };
    check(C::GLMNET, &plain, C::SCIKIT_LEARN_LOGISTIC, on);
    check(C::SCIKIT_LEARN_LOGISTIC, &plain, C::GLMNET, on);
    check(C::SCIKIT_LEARN_LOGISTIC, &plain, C::SCIKIT_LEARN, on);
    let concave = Stated::new(MCP, 0.3);
    for from in [C::THALWEG, C::SKGLM_NONCONVEX, C::ACCELERATED_LINEAR, C::ACCELERATED_LOGISTIC] {
        for to in [C::THALWEG, C::SKGLM_NONCONVEX, C::ACCELERATED_LINEAR, C::ACCELERATED_LOGISTIC] {
            check(from, &concave, to, on);
        }
    }
    check(C::ACCELERATED_LINEAR, &Stated::new(SCAD, 0.3), C::SKGLM_NONCONVEX, on);
    let weighted = Stated { multipliers, ..concave.clone() };
    check(C::SKGLM_NONCONVEX, &weighted, Convention { loss: C::ACCELERATED_LOGISTIC.loss, ..C::SKGLM }, on);

    let none = |translated: Option<Stated<Mcp<f64>>>| assert_eq!(translated, None);
    none(C::SKGLM_NONCONVEX.translate(&weighted, C::THALWEG, N));
    none(C::THALWEG.translate(&weighted, C::ACCELERATED_LINEAR, N));
    none(C::THALWEG.translate(&concave, C::NCVREG, N));
    none(C::THALWEG.translate(&Stated { mixing: 0.4, ..concave }, C::SKGLM_NONCONVEX, N));
    assert_eq!(C::ACCELERATED_LOGISTIC.translate(&Stated::new(SCAD, 0.3), C::THALWEG, N), None);
    assert_eq!(C::GLMNET.translate(&mixed, C::NCVREG, N), None);
}

/// ncvreg's update for curvature v, written out: the minimizer of our penalty at the same curvature.
#[test]
fn fits_at_the_current_curvature_are_those_of_ncvreg() {
    let stated = Stated { mixing: 0.7, ..Stated::new(MCP, 0.4) };
    let (l1, l2, gamma) = (0.4 * 0.7, 0.4 * 0.3, 3.0);
    for v in [0.1, 0.25, 0.8] {
        let penalties = Convention::NCVREG.penalties(&stated, N, 1, &[v]).unwrap().with_coefficients(1).unwrap();
        for z in [0.1_f64, 0.2, 0.3, 0.5, -0.7, 0.9, -1.5] {
            let size = z.abs();
            let update = if size <= l1 {
                0.0
            } else if size <= gamma * l1 * (1.0 + l2) {
                z.signum() * (size - l1) / (v * (1.0 + l2 - 1.0 / gamma))
            } else {
                z / (v * (1.0 + l2))
            };
            let mut found = [z / v];
            penalties.at(0.4).prox(0, &mut found, 1.0 / v);
            close(found[0], update, 1e-13);
        }
    }
    let error = Convention::NCVREG.penalties(&Stated::new(SCAD, 0.4), N, 1, &[0.5]).unwrap_err();
    assert_eq!(error, FitError::Setting("concavity"));
}

#[test]
fn what_is_wrong_is_said() {
    let stated = Stated { multipliers: vec![1.0; 2], ..Stated::new(MCP, 0.1) };
    let lengths = |what, found| FitError::Lengths { what, expected: 3, found };
    assert_eq!(Convention::GLMNET.penalties(&stated, N, 3, &[]).unwrap_err(), lengths("multipliers", 2));
    let stated = Stated::new(MCP, 0.1);
    assert_eq!(Convention::NCVREG.penalties(&stated, N, 3, &[1.0]).unwrap_err(), lengths("curvatures", 1));
    for mixing in [-0.1, 1.1, f64::NAN] {
        let stated = Stated { mixing, ..stated.clone() };
        assert_eq!(Convention::GLMNET.penalties(&stated, N, 3, &[]).unwrap_err(), FitError::Setting("mixing"));
    }
    let stated = Stated { mixing: 0.5, ..stated };
    let error = Convention::SKGLM_NONCONVEX.penalties(&stated, N, 3, &[]).unwrap_err();
    assert_eq!(error, FitError::Setting("mixing"));
    assert!(MCP.validate().is_ok());
}
