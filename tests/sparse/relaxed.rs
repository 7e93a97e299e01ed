//! Relaxed fits against unpenalised fits of the columns that are left.

use std::ops::ControlFlow;

use faer::Mat;
use faer::prelude::Solve;
use thalweg::penalty::L1;
use thalweg::sparse::datafit::{Datafit, Logistic, Observed, Squared};
use thalweg::sparse::{Entries, FitError, FitStatus, Grid, Path, PerCoefficient, Regression, Settings};

use crate::made::{Made, close};

fn settings() -> Settings {
    Settings { tolerance: 1e-10, ..Settings::default() }
}

fn lasso<F: Datafit>(made: &Made, datafit: F, blend: f64) -> (Path, Path, Vec<(f64, Entries)>) {
    let design = made.design();
    let regression = Regression::new(&design, datafit).unwrap();
    let penalty = PerCoefficient::new(L1 { strength: 1.0 });
    let grid = Grid::Geometric { count: 10, ratio: 0.05 };
    let path = regression.path(penalty, &grid, &settings(), &mut |_| ControlFlow::Continue(())).unwrap();
    let relaxed = regression.relaxed(&path, blend, &settings()).unwrap();
    let original = |fit| {
        let (intercepts, coefficients) = regression.original_scale(fit);
        (intercepts[0], coefficients)
    };
    let originals = relaxed.fits.iter().map(original).collect();
    (path, relaxed, originals)
}

/// Least squares, weighted, on some columns and an intercept, by the normal equations.
fn least_squares(made: &Made, y: &[f64], weights: &[f64], columns: &[usize]) -> Vec<f64> {
    let entry = |i: usize, k: usize| if k == 0 { 1.0 } else { made.x[i + columns[k - 1] * made.n] };
    let size = columns.len() + 1;
    let sum = |term: &dyn Fn(usize) -> f64| (0..made.n).map(term).sum::<f64>();
    let matrix = Mat::from_fn(size, size, |a, b| sum(&|i| weights[i] * entry(i, a) * entry(i, b)));
    let right = Mat::from_fn(size, 1, |a, _| sum(&|i| weights[i] * entry(i, a) * y[i]));
    let solution = matrix.partial_piv_lu().solve(&right);
    (0..size).map(|a| solution[(a, 0)]).collect()
}

#[test]
fn the_refit_is_least_squares_on_the_support() {
    let mut made = Made::new(60, 30, 5, 1);
    let (y, weights) = (made.response(2.0), made.uniform(0.2, 2.0));
    let datafit = || Observed::new(Squared, &y).unwrap().weighted(&weights).unwrap();
    let (path, _, shrunk) = lasso(&made, datafit(), 1.0);
    let (_, refits, originals) = lasso(&made, datafit(), 0.0);
    let (_, blends, mixed) = lasso(&made, datafit(), 0.25);
    assert!(path.fits.last().unwrap().coefficients.len() > 8);
    for (k, fit) in path.fits.iter().enumerate() {
        let support = &fit.coefficients.indices;
        let expected = least_squares(&made, &y, &weights, support);
        assert_eq!(refits.fits[k].status, FitStatus::Converged);
        assert_eq!(&originals[k].1.indices, support);
        close(originals[k].0, expected[0], 1e-7);
        for (found, expected) in originals[k].1.values.iter().zip(&expected[1..]) {
            close(*found, *expected, 1e-7);
        }
        for ((found, refit), shrunk) in mixed[k].1.values.iter().zip(&originals[k].1.values).zip(&shrunk[k].1.values) {
            close(*found, 0.25 * shrunk + 0.75 * refit, 1e-12);
        }
        close(mixed[k].0, 0.25 * shrunk[k].0 + 0.75 * originals[k].0, 1e-12);
        assert!(refits.fits[k].loss <= blends.fits[k].loss + 1e-14 && blends.fits[k].loss <= fit.loss + 1e-14);
    }
}

#[test]
fn a_logistic_refit_has_no_slope_left_on_the_support() {
    let mut made = Made::new(120, 20, 2, 3);
    made.signal.iter_mut().for_each(|s| *s *= 0.5);
    let classes = made.classes();
    let datafit = Observed::new(Logistic, &classes).unwrap();
    let (path, refits, originals) = lasso(&made, datafit.clone(), 0.0);
    for (k, (intercept, coefficients)) in originals.iter().enumerate() {
        let row = |i: usize| intercept + coefficients.iter().map(|(j, b)| b * made.x[i + j * made.n]).sum::<f64>();
        let eta: Vec<f64> = (0..made.n).map(row).collect();
        let mut slopes = vec![0.0; made.n];
        close(datafit.slopes(&eta, &mut slopes), refits.fits[k].loss, 1e-12);
        assert!(slopes.iter().sum::<f64>().abs() < 1e-8);
        for j in &path.fits[k].coefficients.indices {
            let slope: f64 = (0..made.n).map(|i| made.x[i + j * made.n] * slopes[i]).sum();
            assert!(slope.abs() < 1e-7, "{slope}");
        }
    }
}

#[test]
fn a_blend_is_a_share() {
    let mut made = Made::new(20, 4, 2, 1);
    let y = made.response(1.0);
    let design = made.design();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
    let penalty = PerCoefficient::new(L1 { strength: 1.0 });
    let go = &mut |_: &_| ControlFlow::Continue(());
    let path = regression.path(penalty, &Grid::Linear { count: 3 }, &settings(), go).unwrap();
    for blend in [-0.1, 1.1, f64::NAN] {
        assert_eq!(regression.relaxed(&path, blend, &settings()).unwrap_err(), FitError::Setting("blend"));
    }
}
