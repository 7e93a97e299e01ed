//! Stability selection: counts against fits of the halves, the same for any threads, and what it is for.

use std::ops::ControlFlow;
use std::sync::Mutex;

use thalweg::penalty::L1;
use thalweg::sparse::datafit::{DataError, Logistic, Observed, Squared};
use thalweg::sparse::{Fit, FitError, Grid, PerCoefficient, Regression, Settings, Stability};

use crate::made::{Made, close};

fn select(threads: usize, observer: &(dyn Fn(usize, &Fit) -> ControlFlow<()> + Sync)) -> Stability {
    let mut made = Made::new(80, 40, 3, 6);
    let y = made.response(1.0);
    let design = made.design();
    let regression = Regression::new(&design, Observed::new(Squared, &y).unwrap()).unwrap().threads(threads);
    let grid = Grid::Geometric { count: 8, ratio: 0.15 };
    let penalty = PerCoefficient::new(L1 { strength: 1.0 });
    regression.stability(penalty, &grid, &Settings::default(), (20, 5), observer).unwrap()
}

#[test]
fn frequencies_count_the_halves() {
    let seen: Mutex<Vec<(usize, f64, Vec<usize>)>> = Mutex::default();
    let result = select(1, &|half, fit| {
        seen.lock().unwrap().push((half, fit.lambda, fit.coefficients.indices.clone()));
        ControlFlow::Continue(())
    });
    let seen = seen.into_inner().unwrap();
    assert_eq!(result.arrived, [40; 8]);
    let mut largest = vec![0.0_f64; 40];
    for (lambda, frequencies) in result.lambdas.iter().zip(&result.frequencies) {
        let frequencies = frequencies.to_dense(40);
        for j in 0..40 {
            let count = seen.iter().filter(|(_, l, support)| l == lambda && support.contains(&j)).count();
            close(frequencies[j], count as f64 / 40.0, 1e-15);
            largest[j] = largest[j].max(frequencies[j]);
        }
    }
    assert_eq!(result.largest().to_dense(40), largest);
    let ever = |half: usize, j: usize| seen.iter().any(|(h, _, support)| *h == half && support.contains(&j));
    let q = (0..40).map(|half| (0..40).filter(|&j| ever(half, j)).count() as f64).sum::<f64>() / 40.0;
    close(result.selected_on_average, q, 1e-14);
    close(result.false_selections(0.75), q * q / (0.5 * 40.0), 1e-14);
    assert_eq!(result.false_selections(0.5), f64::INFINITY);
    assert_eq!(result.stable(0.9)[..3], [0, 1, 2]);
    assert!(result.stable(0.9).len() < 8, "{:?}", result.stable(0.9));
}

#[test]
fn the_bits_do_not_depend_on_threads() {
    let go = |_: usize, _: &Fit| ControlFlow::Continue(());
    let (one, three) = (select(1, &go), select(3, &go));
    assert_eq!((one.frequencies, one.selected_on_average), (three.frequencies, three.selected_on_average));
}

#[test]
fn halves_that_end_early_are_not_counted_further() {
    let result = select(2, &|half, fit| {
        if half == 3 && fit.coefficients.len() > 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((result.arrived[0], result.arrived[7]), (40, 39));
    assert!(result.frequencies[7].values.iter().all(|f| (f * 39.0 - (f * 39.0).round()).abs() < 1e-12));
}

#[test]
fn what_is_wrong_is_said() {
    let made = Made::new(8, 3, 1, 1);
    let design = made.design();
    let y = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let regression = Regression::new(&design, Observed::new(Logistic, &y).unwrap()).unwrap();
    let run = |pairs| {
        let (penalty, grid) = (PerCoefficient::new(L1 { strength: 1.0 }), Grid::Linear { count: 3 });
        let go = &|_: usize, _: &Fit| ControlFlow::Continue(());
        regression.stability(penalty, &grid, &Settings::default(), (pairs, 1), go).unwrap_err()
    };
    assert_eq!(run(0), FitError::Setting("pairs"));
    assert!(matches!(run(2), FitError::Fold(_, DataError::SingleClass)));
}
