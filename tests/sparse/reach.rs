//! Curvatures of columns, and penalties relative to them.

use std::ops::ControlFlow;

use thalweg::penalty::{Mcp, Scad, ScalarPenalty};
use thalweg::sparse::datafit::{Datafit, Logistic, Observed, Poisson, Squared};
use thalweg::sparse::{FitStatus, Grid, PerCoefficient, Reach, Regression, Settings};

use crate::made::{Made, close};

const MCP: Mcp<f64> = Mcp { strength: 1.0, reach: 3.0 };

/// `Σ F″ x̃²` with the columns centred and scaled by hand, at a linear predictor.
fn by_hand<F: Datafit>(made: &Made, datafit: &F, eta: &[f64]) -> Vec<f64> {
    let (n, weights) = (made.n, datafit.weights());
    let mut curvatures = vec![0.0; n];
    datafit.curvatures(eta, &mut curvatures);
    let column = |j: usize| {
        let x = &made.x[j * n..(j + 1) * n];
        let mean: f64 = (0..n).map(|i| weights[i] * x[i]).sum();
        let square: f64 = (0..n).map(|i| weights[i] * (x[i] - mean) * (x[i] - mean)).sum();
        (0..n).map(|i| curvatures[i] * (x[i] - mean) * (x[i] - mean)).sum::<f64>() / square
    };
    (0..made.p).map(column).collect()
}

#[test]
fn curvatures_are_their_formula() {
    let mut made = Made::new(60, 8, 3, 1);
    let (classes, weights) = (made.classes(), made.uniform(0.5, 2.0));
    let design = made.design();
    let datafit = Observed::new(Logistic, &classes).unwrap().weighted(&weights).unwrap();
    let regression = Regression::new(&design, datafit.clone()).unwrap();
    let ones: f64 = (0..60).map(|i| datafit.weights()[i] * classes[i]).sum();
    let expected = by_hand(&made, &datafit, &vec![(ones / (1.0 - ones)).ln(); 60]);
    for (found, expected) in regression.null_curvatures().iter().zip(expected) {
        close(*found, expected, 1e-12);
    }
    let (grid, go) = (Grid::Ratios(vec![0.3]), &mut |_: &_| ControlFlow::Continue(()));
    let path = regression.path(PerCoefficient::new(MCP), &grid, &Settings::default(), go).unwrap();
    let eta = regression.predictor(&path.fits[0]).linear(&design).unwrap();
    for (found, expected) in regression.curvatures(&path.fits[0]).iter().zip(by_hand(&made, &datafit, &eta)) {
        close(*found, expected, 1e-12);
    }
    let squared = Regression::new(&design, Observed::new(Squared, &classes).unwrap()).unwrap();
    squared.null_curvatures().iter().for_each(|&v| close(v, 1.0, 1e-12));
}

#[test]
fn relative_concavity_does_not_depend_on_the_scale_of_the_loss() {
    assert_eq!(MCP.relative_to(0.5).convexity(), 0.5 * MCP.convexity());
    let scad = Scad { strength: 1.0, reach: 3.7 };
    close(scad.relative_to(0.2).convexity(), 0.2 * scad.convexity(), 1e-15);
    // Counts a hundred times as large have a curvature a hundred times as large; a constant column has none.
    let mut made = Made::new(80, 6, 1, 2);
    made.x[5 * 80..].fill(1.0);
    let counts: Vec<f64> = made.response(1.0).iter().map(|y| 100.0 * (y.abs() + 0.1).round()).collect();
    let design = made.design();
    let regression = Regression::new(&design, Observed::new(Poisson, &counts).unwrap()).unwrap();
    let curvatures = regression.null_curvatures();
    let mean = counts.iter().sum::<f64>() / 80.0;
    curvatures[..5].iter().for_each(|&v| close(v, mean, 1e-10));
    assert_eq!(curvatures[5], 0.0);
    let (grid, go) = (Grid::Geometric { count: 10, ratio: 0.1 }, &mut |_: &_| ControlFlow::Continue(()));
    let path = regression.path(PerCoefficient::relative(MCP, &curvatures), &grid, &Settings::default(), go).unwrap();
    assert!(path.fits.iter().all(|fit| fit.status == FitStatus::Converged && !fit.coefficients.indices.contains(&5)));
}
