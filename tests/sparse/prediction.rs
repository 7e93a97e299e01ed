//! Predictions and tables of coefficients.

use std::ops::ControlFlow;

use thalweg::penalty::L1;
use thalweg::sparse::datafit::{Datafit, Loss, Multinomial, Observed, Poisson};
use thalweg::sparse::design::{Dense, Stacked};
use thalweg::sparse::{FitError, Grid, PerCoefficient, Regression, Settings};

use crate::made::{Made, close};

#[test]
fn training_data_are_predicted_as_they_were_fitted() {
    let mut made = Made::new(50, 12, 3, 1);
    let y: Vec<f64> = made.response(1.0).iter().map(|y| y.abs().round()).collect();
    let design = made.design();
    let datafit = Observed::new(Poisson, &y).unwrap();
    let regression = Regression::new(&design, datafit.clone()).unwrap();
    let (penalty, grid) = (PerCoefficient::new(L1 { strength: 1.0 }), Grid::Ratios(vec![0.5, 0.1]));
    let go = &mut |_: &_| ControlFlow::Continue(());
    let path = regression.path(penalty, &grid, &Settings::default(), go).unwrap();
    let fit = &path.fits[1];
    let predictor = regression.predictor(fit);
    let eta = predictor.linear(&design).unwrap();
    close(datafit.value(&eta), fit.loss, 1e-13);
    let mut mean = vec![0.0; 50];
    datafit.predict(&eta, &mut mean);
    assert_eq!(predictor.response(&design, &Poisson).unwrap(), mean);
    // The new rows are two, the first of them known.
    let two: Vec<f64> = (0..12).flat_map(|j| [made.x[j * 50], 1.0]).collect();
    let two = Dense::from_slice(&two, 2, 12).unwrap();
    close(predictor.response(&two, &Poisson).unwrap()[0], Poisson.mean(eta[0]), 1e-13);
    let narrow = Dense::from_slice(&made.x[..100], 50, 2).unwrap();
    let error = FitError::Lengths { what: "columns", expected: 12, found: 2 };
    assert_eq!(predictor.linear(&narrow).unwrap_err(), error);
}

#[test]
fn probabilities_are_those_of_the_datafit() {
    let mut made = Made::new(60, 5, 2, 2);
    let y = made.response(1.0);
    let classes: Vec<usize> = y.iter().map(|&y| if y < -0.5 { 0 } else { 1 + usize::from(y > 0.5) }).collect();
    let design = Stacked::new(made.design(), 3).unwrap();
    let datafit = Multinomial::from_classes(&classes, 3).unwrap();
    let regression = Regression::new(&design, datafit.clone()).unwrap();
    let (penalty, grid) = (PerCoefficient::new(L1 { strength: 1.0 }), Grid::Ratios(vec![0.1]));
    let go = &mut |_: &_| ControlFlow::Continue(());
    let path = regression.path(penalty, &grid, &Settings::default(), go).unwrap();
    let predictor = regression.predictor(&path.fits[0]);
    let mut expected = vec![0.0; 180];
    datafit.predict(&predictor.linear(&design).unwrap(), &mut expected);
    for (found, expected) in predictor.probabilities(&design).unwrap().iter().zip(&expected) {
        close(*found, *expected, 1e-14);
    }
    let error = FitError::Lengths { what: "columns", expected: 15, found: 5 };
    assert_eq!(predictor.linear(&made.design()).unwrap_err(), error);
}

#[test]
fn a_table_names_what_matters_most_first() {
    let mut made = Made::new(50, 6, 3, 3);
    let y = made.response(1.0);
    let design = made.design();
    let regression = Regression::new(&design, Observed::new(thalweg::sparse::datafit::Squared, &y).unwrap()).unwrap();
    let (penalty, grid) = (PerCoefficient::new(L1 { strength: 1.0 }), Grid::Ratios(vec![0.2]));
    let go = &mut |_: &_| ControlFlow::Continue(());
    let path = regression.path(penalty, &grid, &Settings::default(), go).unwrap();
    let names = ["a", "långt namn", "c", "d", "e", "f"];
    let table = regression.table(&path.fits[0], &names).unwrap();
    let sizes: Vec<f64> = table.rows.iter().map(|row| row.standardized.abs()).collect();
    assert!(sizes.len() >= 3 && sizes.is_sorted_by(|a, b| a >= b));
    let (intercepts, coefficients) = regression.original_scale(&path.fits[0]);
    assert_eq!(table.intercepts, [(path.fits[0].intercepts[0], intercepts[0])]);
    for row in &table.rows {
        assert_eq!(row.name, names[row.column]);
        assert_eq!(row.original, coefficients.to_dense(6)[row.column]);
        assert_eq!(row.standardized, path.fits[0].coefficients.to_dense(6)[row.column]);
    }
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2 + table.rows.len());
    assert!(lines[1].starts_with("(intercept)"));
    assert!(lines.iter().all(|line| line.chars().count() == lines[0].chars().count()), "{text}");
    let error = FitError::Lengths { what: "names of columns", expected: 6, found: 1 };
    assert_eq!(regression.table(&path.fits[0], &["a"]).unwrap_err(), error);
}
