//! Information criteria against their formulas.

use std::ops::ControlFlow;

use statrs::function::factorial::ln_binomial;
use thalweg::penalty::{L1, Mcp};
use thalweg::sparse::datafit::{Datafit, Logistic, Loss, Observed, Squared};
use thalweg::sparse::{Criterion, FitStatus, Grid, PerCoefficient, Regression, Settings};

use crate::made::{Made, close};

#[test]
fn criteria_are_their_formulas() {
    let mut made = Made::new(80, 20, 3, 1);
    let (y, classes, mut weights) = (made.response(1.0), made.classes(), made.uniform(0.5, 1.5));
    weights[5] = 0.0;
    let design = made.design();
    let grid = Grid::Ratios(vec![0.5, 0.1]);
    let (settings, go) = (Settings::default(), &mut |_: &_| ControlFlow::Continue(()));
    let penalty = PerCoefficient::new(L1 { strength: 1.0 });

    let datafit = Observed::new(Squared, &y).unwrap().weighted(&weights).unwrap();
    let regression = Regression::new(&design, datafit).unwrap();
    let path = regression.path(penalty.clone(), &grid, &settings, go).unwrap();
    let total: f64 = weights.iter().sum();
    for fit in &path.fits {
        let eta = regression.predictor(fit).linear(&design).unwrap();
        let rss: f64 = (0..80).map(|i| weights[i] / total * (y[i] - eta[i]) * (y[i] - eta[i])).sum();
        let k = fit.coefficients.len();
        let df = (k + 1) as f64;
        close(regression.criterion(fit, Criterion::Aic), 79.0 * rss.ln() + 2.0 * df, 1e-10);
        let bic = 79.0 * rss.ln() + 79f64.ln() * df;
        close(regression.criterion(fit, Criterion::Bic), bic, 1e-10);
        let ebic = regression.criterion(fit, Criterion::Ebic { gamma: 0.5 });
        close(ebic, bic + ln_binomial(20, k as u64), 1e-10);
    }

    let regression = Regression::new(&design, Observed::new(Logistic, &classes).unwrap()).unwrap().intercept(false);
    let path = regression.path(penalty, &grid, &settings, go).unwrap();
    for fit in &path.fits {
        let eta = regression.predictor(fit).linear(&design).unwrap();
        let deviance: f64 = 2.0 * (0..80).map(|i| Logistic.value(classes[i], eta[i])).sum::<f64>();
        let aic = deviance + 2.0 * fit.coefficients.len() as f64;
        close(regression.criterion(fit, Criterion::Aic), aic, 1e-10);
    }
}

#[test]
fn the_truth_is_found_and_interpolation_is_not_taken_for_it() {
    let mut made = Made::new(100, 150, 3, 2);
    let y = made.response(0.5);
    let design = made.design();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
    let grid = Grid::Geometric { count: 40, ratio: 0.05 };
    let penalty = PerCoefficient::new(Mcp { strength: 1.0, reach: 3.0 });
    let go = &mut |_: &_| ControlFlow::Continue(());
    let mut path = regression.path(penalty, &grid, &Settings::default(), go).unwrap();
    let best = regression.best_by(&path, Criterion::Ebic { gamma: 1.0 }).unwrap();
    assert_eq!(path.fits[best].coefficients.indices, [0, 1, 2]);
    let last = path.fits.len() - 1;
    path.fits[last].loss = regression.datafit().saturated();
    assert_eq!(regression.criterion(&path.fits[last], Criterion::Aic), f64::NEG_INFINITY);
    assert_eq!(regression.best_by(&path, Criterion::Ebic { gamma: 1.0 }), Some(best));
    path.fits[best].status = FitStatus::Budget;
    assert_ne!(regression.best_by(&path, Criterion::Ebic { gamma: 1.0 }), Some(best));
}
