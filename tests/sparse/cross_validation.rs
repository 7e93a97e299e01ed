//! Cross-validation against fits of the rows that are left, and what cuts it short.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use thalweg::penalty::{L1, Mcp, Strength};
use thalweg::sparse::datafit::{
    Cox, DataError, Datafit, Logistic, Loss, Multinomial, Observed, Poisson, Squared, Ties,
};
use thalweg::sparse::design::{Dense, Stacked};
use thalweg::sparse::{
    CrossValidation, Design, Fit, FitError, FitStatus, Folds, Grid, Penalties, PerCoefficient, Regression, Settings,
};

use crate::made::{Made, close, pick};

const LASSO: L1<f64> = L1 { strength: 1.0 };

fn grid() -> Grid {
    Grid::Geometric { count: 12, ratio: 0.02 }
}

fn settings() -> Settings {
    Settings { tolerance: 1e-9, sweeps: 3, ..Settings::default() }
}

fn go(_: Option<usize>, _: &Fit) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn validate<D: Design, F: Datafit>(regression: &Regression<'_, D, F>, folds: &Folds) -> CrossValidation {
    regression.cross_validate(PerCoefficient::new(LASSO), &grid(), &settings(), folds, &go).unwrap()
}

/// Linear predictors of all rows after training on those `keep` says, at each λ.
fn trained_on<F: Datafit, P: Penalties>(
    made: &Made,
    keep: impl Fn(usize) -> bool,
    left: F,
    penalties: P,
    lambdas: &[f64],
) -> Vec<Vec<f64>> {
    let (x, rows) = made.rows(keep);
    let design = Dense::from_slice(&x, rows, made.p).unwrap();
    let regression = Regression::new(&design, left).unwrap();
    let grid = Grid::Lambdas(lambdas.to_vec());
    let path = regression.path(penalties, &grid, &settings(), &mut |_| ControlFlow::Continue(())).unwrap();
    let predict = |fit: &Fit| {
        let (intercepts, coefficients) = regression.original_scale(fit);
        let row = |i: usize| intercepts[0] + coefficients.iter().map(|(j, b)| b * made.x[i + j * made.n]).sum::<f64>();
        (0..made.n).map(row).collect()
    };
    path.fits.iter().map(predict).collect()
}

/// The deviance of each fold is that of the rows held out under a fit of the others alone; mean and error are weighted.
fn against_subsets<L: Loss, P: Strength<f64> + Sync>(loss: L, penalty: P, made: &Made, y: &[f64], weights: &[f64]) {
    let design = made.design();
    let datafit = Observed::new(loss.clone(), y).unwrap().weighted(weights).unwrap();
    let regression = Regression::new(&design, datafit).unwrap();
    let folds = Folds::random(made.n, 4, 7).unwrap();
    let penalty = PerCoefficient::new(penalty);
    let result = regression.cross_validate(penalty.clone(), &grid(), &settings(), &folds, &go).unwrap();
    let lambdas: Vec<f64> = result.scores.iter().map(|score| score.lambda).collect();
    let shares: Vec<f64> =
        (0..4).map(|k| (0..made.n).filter(|&i| folds.labels()[i] == k).map(|i| weights[i]).sum()).collect();
    for k in 0..4 {
        let keep = |i: usize| folds.labels()[i] != k;
        let left = Observed::new(loss.clone(), &pick(y, keep)).unwrap().weighted(&pick(weights, keep)).unwrap();
        for (place, eta) in trained_on(made, keep, left, penalty.clone(), &lambdas).iter().enumerate() {
            let excess = |i: usize| weights[i] * (loss.value(y[i], eta[i]) - loss.saturated(y[i]));
            let expected = 2.0 * (0..made.n).filter(|&i| !keep(i)).map(excess).sum::<f64>() / shares[k];
            close(result.deviances[k][place].unwrap(), expected, 1e-6);
        }
    }
    let total: f64 = shares.iter().sum();
    for (place, score) in result.scores.iter().enumerate() {
        let deviances: Vec<f64> = result.deviances.iter().map(|fold| fold[place].unwrap()).collect();
        let mean = deviances.iter().zip(&shares).map(|(d, w)| w * d).sum::<f64>() / total;
        let variance = deviances.iter().zip(&shares).map(|(d, w)| w * (d - mean) * (d - mean)).sum::<f64>() / total;
        close(score.mean, mean, 1e-14);
        close(score.standard_error, (variance / 3.0).sqrt(), 1e-14);
        assert_eq!(score.folds, 4);
    }
    let best = result.best().unwrap();
    assert!(result.scores.iter().all(|score| score.mean >= result.scores[best].mean));
    let chosen = result.one_standard_error().unwrap();
    let bar = result.scores[best].mean + result.scores[best].standard_error;
    assert!(chosen <= best && result.scores[chosen].mean <= bar);
    assert!(result.scores[..chosen].iter().all(|score| score.mean > bar));
}

#[test]
fn held_out_rows_are_judged_by_fits_of_the_others() {
    let mut made = Made::new(60, 15, 4, 1);
    let (y, classes, weights) = (made.response(2.0), made.classes(), made.uniform(0.2, 2.0));
    let counts: Vec<f64> = y.iter().map(|y| (y.abs() * 2.0).round()).collect();
    against_subsets(Squared, LASSO, &made, &y, &vec![1.0; 60]);
    against_subsets(Squared, LASSO, &made, &y, &weights);
    against_subsets(Logistic, LASSO, &made, &classes, &weights);
    against_subsets(Poisson, LASSO, &made, &counts, &weights);
    // Sweeps replace fits that were seen before.
    against_subsets(Squared, Mcp { strength: 1.0, reach: 1.5 }, &made, &y, &weights);
}

#[test]
fn a_partial_likelihood_is_judged_by_its_difference() {
    let mut made = Made::new(60, 10, 3, 2);
    let noise = made.uniform(0.1, 3.0);
    let times: Vec<f64> = noise.iter().zip(&made.signal).map(|(u, s)| ((u * (-s).exp()) * 4.0).ceil()).collect();
    let events: Vec<bool> = (0..60).map(|i| i % 4 != 0).collect();
    let design = made.design();
    let regression = Regression::new(&design, Cox::new(&times, &events, Ties::Efron).unwrap()).unwrap();
    let folds = Folds::stratified(&events, 5, 3).unwrap();
    let result = validate(&regression, &folds);
    let lambdas: Vec<f64> = result.scores.iter().map(|score| score.lambda).collect();
    let all = Cox::new(&times, &events, Ties::Efron).unwrap();
    for k in 0..5 {
        let keep = |i: usize| folds.labels()[i] != k;
        let left = Cox::new(&pick(&times, keep), &pick(&events, keep), Ties::Efron).unwrap();
        for (place, eta) in
            trained_on(&made, keep, left.clone(), PerCoefficient::new(LASSO), &lambdas).iter().enumerate()
        {
            let rest = pick(eta, keep);
            let held = (60 - rest.len()) as f64;
            // Logarithms of the partial likelihoods, less those of the saturated models.
            let log_all = 60.0 * (all.value(eta) - all.saturated());
            let log_left = rest.len() as f64 * (left.value(&rest) - left.saturated());
            close(result.deviances[k][place].unwrap(), 2.0 * (log_all - log_left) / held, 1e-6);
        }
    }
    let best = result.best().unwrap();
    assert!(best > 0 && result.scores[best].mean < result.scores[0].mean);
}

#[test]
fn outputs_with_weights_are_held_out_together() {
    let mut made = Made::new(60, 6, 3, 4);
    let (y, weights) = (made.response(1.0), made.uniform(0.5, 2.0));
    let classes: Vec<usize> = y.iter().map(|&y| if y < -0.5 { 0 } else { 1 + usize::from(y > 0.5) }).collect();
    let design = Stacked::new(made.design(), 3).unwrap();
    let datafit = Multinomial::from_classes(&classes, 3).unwrap().weighted(&weights).unwrap();
    let regression = Regression::new(&design, datafit).unwrap();
    let result = validate(&regression, &Folds::stratified(&classes, 3, 5).unwrap());
    let best = result.best().unwrap();
    assert!(result.scores[best].mean < 0.8 * result.scores[0].mean);
}

#[test]
fn the_bits_do_not_depend_on_threads() {
    let mut made = Made::new(50, 30, 4, 3);
    let classes = made.classes();
    let design = made.design();
    let folds = Folds::stratified(&classes, 5, 11).unwrap();
    let run = |threads: usize| {
        let regression = Regression::new(&design, Observed::new(Logistic, &classes).unwrap()).unwrap().threads(threads);
        let result = validate(&regression, &folds);
        let fits: Vec<_> = result.path.fits.into_iter().map(|fit| (fit.coefficients, fit.intercepts)).collect();
        (result.scores, result.deviances, fits)
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn folds_are_balanced_and_the_same_for_a_seed() {
    let classes: Vec<usize> = (0..103).map(|i| usize::from(i % 5 == 0) + usize::from(i % 7 == 0)).collect();
    let folds = Folds::stratified(&classes, 4, 9).unwrap();
    assert_eq!(folds, Folds::stratified(&classes, 4, 9).unwrap());
    assert_ne!(folds, Folds::stratified(&classes, 4, 10).unwrap());
    let spread = |member: &dyn Fn(usize) -> bool| {
        let size = |k: usize| (0..103).filter(|&i| folds.labels()[i] == k && member(i)).count();
        let sizes: Vec<usize> = (0..4).map(size).collect();
        sizes.iter().max().unwrap() - sizes.iter().min().unwrap()
    };
    assert!(spread(&|_| true) <= 1);
    assert!((0..3).all(|class| spread(&|i| classes[i] == class) <= 1));
    assert_eq!(Folds::blocked(7, 3).unwrap().labels(), [0, 0, 0, 1, 1, 2, 2]);
    assert_eq!(Folds::labelled(&[1, 0, 1]).unwrap().count(), 2);
}

#[test]
fn what_is_wrong_with_folds_is_said() {
    assert_eq!(Folds::random(3, 4, 0).unwrap_err(), FitError::Folds { folds: 4, observations: 3 });
    assert_eq!(Folds::random(3, 1, 0).unwrap_err(), FitError::Folds { folds: 1, observations: 3 });
    assert_eq!(Folds::labelled(&[0, 2, 0]).unwrap_err(), FitError::EmptyFold(1));
    assert_eq!(Folds::labelled(&[0, 0]).unwrap_err(), FitError::Folds { folds: 1, observations: 2 });
    assert_eq!(Folds::labelled(&[usize::MAX, 0]).unwrap_err(), FitError::EmptyFold(2));
    let made = Made::new(6, 3, 1, 5);
    let design = made.design();
    let fail = |y: &[f64], weights: &[f64], folds: Folds| {
        let datafit = Observed::new(Logistic, y).unwrap().weighted(weights).unwrap();
        let regression = Regression::new(&design, datafit).unwrap();
        regression.cross_validate(PerCoefficient::new(LASSO), &grid(), &settings(), &folds, &go).unwrap_err()
    };
    let (y, ones) = ([1.0, 1.0, 0.0, 0.0, 0.0, 0.0], [1.0; 6]);
    let apart = Folds::labelled(&[1, 1, 0, 0, 2, 2]).unwrap();
    assert_eq!(fail(&y, &ones, apart.clone()), FitError::Fold(1, DataError::SingleClass));
    assert_eq!(fail(&y, &[1.0, 1.0, 1.0, 1.0, 0.0, 0.0], apart), FitError::EmptyFold(2));
    let short = FitError::Lengths { what: "labels of folds", expected: 6, found: 4 };
    assert_eq!(fail(&y, &ones, Folds::blocked(4, 2).unwrap()), short);
}

#[test]
fn a_path_cut_short_counts_where_it_arrived() {
    let mut made = Made::new(60, 15, 4, 1);
    let mut y = made.response(0.2);
    // Noise in the first fold only: where it is held out, the path ends early by saturation.
    let noise = made.uniform(-4.0, 4.0);
    (0..20).for_each(|i| y[i] += noise[i]);
    let design = made.design();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap();
    let folds = Folds::blocked(60, 3).unwrap();
    let settings = Settings { saturation: 0.75, ..settings() };
    let grid = Grid::Geometric { count: 40, ratio: 0.001 };
    let penalty = PerCoefficient::new(LASSO);
    let result = regression.cross_validate(penalty.clone(), &grid, &settings, &folds, &go).unwrap();
    let arrived: Vec<usize> = result.scores.iter().map(|score| score.folds).collect();
    assert!(arrived[0] == 3 && arrived.iter().any(|&n| n == 2 || n == 1), "{arrived:?}");
    assert_eq!(arrived[result.best().unwrap()], 3);
    assert_eq!(arrived[result.one_standard_error().unwrap()], 3);
    let partial = arrived.iter().position(|&n| n < 3).unwrap();
    let there: Vec<f64> = result.deviances.iter().filter_map(|fold| fold[partial]).collect();
    close(result.scores[partial].mean, there.iter().sum::<f64>() / there.len() as f64, 1e-14);

    // The observer ends the second fold after five values, and all others may go on.
    let seen = AtomicUsize::new(0);
    let observer = |fold: Option<usize>, _: &Fit| {
        let stop = fold == Some(1) && seen.fetch_add(1, Ordering::Relaxed) == 4;
        if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let result = regression.cross_validate(penalty, &self::grid(), &self::settings(), &folds, &observer).unwrap();
    let arrived: Vec<usize> = result.scores.iter().map(|score| score.folds).collect();
    assert_eq!(arrived, [vec![3; 5], vec![2; 7]].concat());
    assert!(result.best().unwrap() < 5);
    assert!(result.path.fits.iter().all(|fit| fit.status == FitStatus::Converged));
}
