//! First-order methods against coordinate descent, the methods without a heap, and closed forms.

use core::ops::ControlFlow;

use faer::Mat;
use nalgebra::{SMatrix, SVector};
use rand::{Rng, SeedableRng, rngs::StdRng};
use thalweg::Method;
use thalweg::composite::{Damping, NonconvexAccelerated, NonconvexAcceleratedState};
use thalweg::penalty::{CappedL1, L1, Mcp, Radial, Scad, Strength};
use thalweg::problem::gradient_fn;
use thalweg::sparse::datafit::{Logistic, Loss, Observed, Poisson, Squared};
use thalweg::sparse::design::Dense;
use thalweg::sparse::{
    Fit, FitError, FitStatus, Grid, Penalties, PerCoefficient, PerGroup, Regression, Settings, Solver,
};

const ALL: [Solver; 5] = [
    Solver::AcceleratedGradient(Damping::Recommended),
    Solver::AcceleratedGradient(Damping::Original),
    Solver::ProximalGradient,
    Solver::ConjugateGradient,
    Solver::LocalLinear,
];
const FIRST_ORDER: &[Solver] = ALL.split_at(4).0;

/// n×p with neighbours that correlate, and a response of the first three columns.
fn problem(n: usize, p: usize, seed: u64) -> (Mat<f64>, Vec<f64>) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut x = Mat::from_fn(n, p, |_, _| rng.random_range(-1.0..1.0));
    for j in 1..p {
        for i in 0..n {
            x[(i, j)] += 0.3 * x[(i, j - 1)];
        }
    }
    let eta =
        (0..n).map(|i| 1.0 + 2.0 * x[(i, 0)] - 1.5 * x[(i, 1)] + x[(i, 2)] + rng.random_range(-1.0..1.0)).collect();
    (x, eta)
}

fn fits<L: Loss, P: Penalties>(x: &Mat<f64>, loss: L, y: &[f64], penalties: P, solver: Solver) -> Vec<Fit> {
    let design = Dense::new(x.as_ref()).unwrap();
    let regression = Regression::new(&design, Observed::new(loss, y).unwrap()).unwrap();
    let settings = Settings { tolerance: 1e-10, solver, ..Settings::default() };
    let grid = Grid::Ratios(vec![0.5, 0.2, 0.1]);
    let path = regression.path(penalties, &grid, &settings, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(path.fits.iter().all(|fit| fit.status == FitStatus::Converged), "{solver:?} {:?}", path.fits);
    path.fits
}

/// All methods end where coordinate descent does.
fn agree<L: Loss, P: Penalties + Clone>(x: &Mat<f64>, loss: &L, y: &[f64], penalties: &P, solvers: &[Solver]) {
    let reference = fits(x, loss.clone(), y, penalties.clone(), Solver::ActiveSet);
    assert!(reference.iter().any(|fit| fit.coefficients.len() > 2));
    for &solver in solvers {
        let found = fits(x, loss.clone(), y, penalties.clone(), solver);
        for (a, b) in reference.iter().zip(&found) {
            assert_eq!(a.coefficients.indices, b.coefficients.indices, "{solver:?}");
            let pairs = a.coefficients.values.iter().zip(&b.coefficients.values);
            for (a, b) in pairs.chain(a.intercepts.iter().zip(&b.intercepts)) {
                assert!((a - b).abs() < 1e-8, "{solver:?} {a} {b}");
            }
            assert!(
                (a.objective - b.objective).abs() < 1e-12 * (1.0 + a.objective.abs()),
                "{solver:?} {} {}",
                a.objective,
                b.objective
            );
        }
    }
}

fn classes(eta: &[f64]) -> Vec<f64> {
    eta.iter().map(|&eta| f64::from(u8::from(eta > 0.8))).collect()
}

fn each<P: Strength<f64> + Sync>(prototype: P) -> PerCoefficient<P> {
    PerCoefficient::new(prototype)
}

#[test]
fn the_unique_minimizer_is_found_by_all() {
    let (x, y) = problem(200, 10, 1);
    agree(&x, &Squared, &y, &each(L1 { strength: 1.0 }), &ALL);
    agree(&x, &Squared, &y, &each(Mcp { strength: 1.0, reach: 5.0 }), &ALL);
    agree(&x, &Squared, &y, &each(Scad { strength: 1.0, reach: 6.0 }), &ALL);
    let y = classes(&y);
    agree(&x, &Logistic, &y, &each(L1 { strength: 1.0 }), &ALL);
    agree(&x, &Logistic, &y, &each(Mcp { strength: 1.0, reach: 60.0 }), &ALL);
    agree(&x, &Logistic, &y, &each(Scad { strength: 1.0, reach: 60.0 }), &ALL);
}

#[test]
fn free_coefficients_and_bounds_are_kept() {
    let (x, y) = problem(120, 8, 2);
    let mut factors = vec![1.0; 8];
    factors[5] = 0.0;
    agree(&x, &Squared, &y, &each(L1 { strength: 1.0 }).factors(&factors), &ALL);
    let positive = each(L1 { strength: 1.0 }).bounds(&[(0.0, 0.9); 8]);
    agree(&x, &Squared, &y, &positive, &ALL);
}

#[test]
fn groups_have_their_own_proximal_operator() {
    let (x, y) = problem(150, 9, 3);
    let labels = [0, 0, 1, 1, 1, 2, 2, 3, 3];
    agree(&x, &Squared, &y, &PerGroup::new(Radial(L1 { strength: 1.0 }), &labels).unwrap(), &ALL);
    let penalties = PerGroup::new(Radial(Mcp { strength: 1.0, reach: 8.0 }), &labels).unwrap();
    agree(&x, &Squared, &y, &penalties, &ALL);
}

#[test]
fn a_loss_without_a_bound_of_its_curvature() {
    let (x, eta) = problem(150, 6, 4);
    let y: Vec<f64> = eta.iter().map(|eta| eta.exp().round()).collect();
    agree(&x, &Poisson, &y, &each(L1 { strength: 1.0 }), &ALL);
}

/// `xᵀx/n = 1`, so that the fit is the proximal operator of `z = xᵀy/n`.
#[test]
fn an_orthogonal_design_has_a_closed_form() {
    let z = [0.5, 1.5, 2.2, 3.0, 8.0];
    let x = Mat::from_fn(8, 5, |i, j| if (i & (j + 1)).count_ones() % 2 == 0 { 1.0 } else { -1.0 });
    let y: Vec<f64> = (0..8).map(|i| (0..5).map(|j| x[(i, j)] * z[j]).sum()).collect();
    let design = Dense::new(x.as_ref()).unwrap();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap().intercept(false);
    for &solver in FIRST_ORDER {
        let settings = Settings { tolerance: 1e-12, solver, ..Settings::default() };
        let penalties = each(Mcp { strength: 1.0, reach: 3.0 });
        let path = regression.path(penalties, &Grid::Lambdas(vec![1.0]), &settings, &mut |_| ControlFlow::Continue(()));
        let found = path.unwrap().fits[0].coefficients.to_dense(5);
        for (found, exact) in found.iter().zip([0.0, 0.75, 1.8, 3.0, 8.0]) {
            assert!((found - exact).abs() < 1e-10, "{solver:?} {found} {exact}");
        }
    }
}

/// As many iterations as the method of fixed size, whose points are those of the paper.
#[test]
fn the_method_without_a_heap_takes_the_same_steps() {
    let (x, y) = problem(40, 4, 5);
    let design = Dense::new(x.as_ref()).unwrap();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap())
        .unwrap()
        .intercept(false)
        .centred(false)
        .scaled(false);
    let hessian = SMatrix::<f64, 4, 4>::from_fn(|a, b| (0..40).map(|i| x[(i, a)] * x[(i, b)]).sum::<f64>() / 40.0);
    let linear = SVector::<f64, 4>::from_fn(|a, _| (0..40).map(|i| x[(i, a)] * y[i]).sum::<f64>() / 40.0);
    // The matrix-free L is the largest Ritz value and one in a hundred.
    let lipschitz = 1.01 * hessian.symmetric_eigenvalues().max();
    let lambda = 0.2;
    for damping in [Damping::Recommended, Damping::Original] {
        let settings = Settings {
            tolerance: 1e-9,
            solver: Solver::AcceleratedGradient(damping),
            budget: 1000,
            ..Settings::default()
        };
        let penalties = each(Mcp { strength: 1.0, reach: 5.0 });
        let grid = Grid::Lambdas(vec![lambda]);
        let path = regression.path(penalties, &grid, &settings, &mut |_| ControlFlow::Continue(())).unwrap();
        let fit = &path.fits[0];
        let mut smooth = gradient_fn(|x: &SVector<f64, 4>, g: &mut SVector<f64, 4>| {
            *g = hessian * x - linear;
            0.5 * x.dot(&(hessian * x)) - linear.dot(x)
        });
        let mut method = NonconvexAccelerated::new(Mcp { strength: lambda, reach: 5.0 }, lipschitz);
        (method.damping, method.gap_tolerance) = (damping, 0.0);
        let mut state = NonconvexAcceleratedState::new(SVector::zeros());
        // The start is measured, and its answer serves the first iteration.
        let steps = u32::try_from(fit.effort[0]).unwrap();
        for _ in 0..steps {
            let _ = method.step(&mut state, &mut smooth).unwrap();
        }
        for (a, b) in fit.coefficients.to_dense(4).iter().zip(state.x().iter()) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
        assert!(fit.status == FitStatus::Converged);
    }
}

#[test]
fn a_spent_budget_and_a_penalty_with_a_kink_end_well() {
    let (x, y) = problem(60, 12, 6);
    let design = Dense::new(x.as_ref()).unwrap();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
    for &solver in FIRST_ORDER {
        let settings = Settings { tolerance: 1e-14, solver, budget: 1, ..Settings::default() };
        let grid = Grid::Ratios(vec![0.3]);
        let penalties = each(CappedL1 { strength: 1.0, cap: 0.7 });
        let path = regression.path(penalties, &grid, &settings, &mut |_| ControlFlow::Continue(())).unwrap();
        let fit = &path.fits[0];
        assert!(fit.objective < path.null_loss && fit.kkt < 1e-2 * path.lambda_max, "{solver:?} {fit:?}");
    }
}

/// The bits do not depend on threads.
#[test]
fn two_threads_give_the_same_bits() {
    let (x, y) = problem(50, 200, 7);
    let design = Dense::new(x.as_ref()).unwrap();
    let run = |solver, threads| {
        let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap().threads(threads);
        let settings = Settings { solver, ..Settings::default() };
        let penalties = each(Scad { strength: 1.0, reach: 3.7 });
        let grid = Grid::Ratios(vec![0.4]);
        regression.path(penalties, &grid, &settings, &mut |_| ControlFlow::Continue(())).unwrap().fits.remove(0)
    };
    for &solver in FIRST_ORDER {
        assert_eq!(run(solver, 1).coefficients, run(solver, 2).coefficients);
    }
}

/// A fit that begins at its own end has nothing to do; a start of another length is an error.
#[test]
fn a_fit_begins_where_it_is_told() {
    let (x, y) = problem(200, 10, 8);
    let design = Dense::new(x.as_ref()).unwrap();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
    let penalties = each(Mcp { strength: 1.0, reach: 5.0 });
    let run = |solver, tolerance, start: &[f64]| {
        let settings = Settings { solver, tolerance, start: start.to_vec(), ..Settings::default() };
        let grid = Grid::Ratios(vec![0.1]);
        regression.path(penalties.clone(), &grid, &settings, &mut |_| ControlFlow::Continue(()))
    };
    let reference = run(Solver::ActiveSet, 1e-12, &[]).unwrap().fits.remove(0);
    let end = reference.coefficients.to_dense(10);
    for &solver in &[Solver::Gram, Solver::ActiveSet, Solver::CoordinateDescent, ALL[0], ALL[1], ALL[2], ALL[3], ALL[4]]
    {
        let fit = run(solver, 1e-8, &end).unwrap().fits.remove(0);
        assert!(fit.status == FitStatus::Converged && fit.effort[0] <= 3, "{solver:?} {fit:?}");
        assert!((fit.objective - reference.objective).abs() < 1e-13, "{solver:?}");
        let expected = FitError::Lengths { what: "start", expected: 10, found: 9 };
        assert_eq!(run(solver, 1e-8, &end[..9]).unwrap_err(), expected);
    }
}
