//! The two treatments of a robust loss, its scale, and the scale of residuals.

use nalgebra::{Matrix3, SVector, Vector3};
use proptest::prelude::*;
use thalweg::least_squares::{Everywhere, LevenbergMarquardt, SquareRoot, StreamedState, certify};
use thalweg::problem::{Block, Forward, Loss, Model, Robust, Rows, robust_scale};
use thalweg::{ConfigError, Method, Number, Real, Status};

use crate::problems::{Decay, Linear, cases, decay_row, distance, point, wide};
use crate::reference;

const LOSSES: [Loss; 7] =
    [Loss::Squared, Loss::Huber, Loss::SoftL1, Loss::Cauchy, Loss::Tukey, Loss::GemanMcClure, Loss::TruncatedSquares];

fn both_treatments_agree<T: Real>(tolerance: f64) {
    for loss in LOSSES {
        let plain = Robust::new(Forward(Decay), loss, T::of_f64(0.3)).unwrap();
        let solve = |mut problem: Robust<_, T>, start| {
            let Ok((fit, status)): Result<(StreamedState<T, 3, SquareRoot>, _), _> =
                LevenbergMarquardt::default().solve(start, &mut problem, 10_000);
            assert!(matches!(status, Status::Converged(_)), "{loss:?}: {status:?}");
            fit
        };
        let start = *solve(Robust::new(Forward(Decay), Loss::Squared, T::ONE).unwrap(), point(Decay::START)).x();
        let (second, first) = (solve(plain, start), solve(plain.reweighted(), start));
        assert!(distance(second.x(), first.x()) < tolerance, "{loss:?}: {} {}", second.x(), first.x());

        // The same cost and the same gradient at any point.
        let Ok(a) = certify(&mut { plain }, &start, &Everywhere);
        let Ok(b) = certify(&mut plain.reweighted(), &start, &Everywhere);
        assert_eq!(a.cost, b.cost);
        for i in 0..9 {
            let (mut g, mut h) = (SVector::zeros(), SVector::zeros());
            let Ok(r) = { plain }.row(i, &start, &mut g);
            let Ok(s) = plain.reweighted().row(i, &start, &mut h);
            assert!(distance(&(g * r), &(h * s)) < 10.0 * T::EPSILON.to_f64(), "{loss:?} sample {i}");
        }
    }
}

#[test]
fn second_order_and_reweighted_solve_the_same_problem() {
    both_treatments_agree::<f32>(3e-3);
    both_treatments_agree::<f64>(1e-6);
}

/// Holland & Welsch's iteration for a linear model: solve the weighted normal equations with the weights of the last point.
#[test]
fn a_reweighted_step_is_that_of_the_textbook() {
    let (scale, x) = (0.3, Vector3::new(3.0, 0.5, 1.0));
    for loss in [Loss::Huber, Loss::Cauchy, Loss::GemanMcClure] {
        let rows: Vec<_> = (0..9)
            .map(|i| {
                let mut g = Vector3::zeros();
                (decay_row(i, &x, &mut g), g)
            })
            .collect();
        // The linearized model at x as a linear problem in the step.
        let a: Vec<[f64; 3]> = rows.iter().map(|(_, g)| [g[0], g[1], g[2]]).collect();
        let b: Vec<f64> = rows.iter().map(|(r, _)| -r).collect();
        let mut problem = Robust::new(Linear::<f64, 3>::of(&a, &b), loss, scale).unwrap().reweighted();
        let weight = |r: f64| loss.at(r / scale).weight;
        let normal: Matrix3<f64> = rows.iter().map(|(r, g)| g * g.transpose() * weight(*r)).sum();
        let right: Vector3<f64> = rows.iter().map(|(r, g)| -g * (weight(*r) * r)).sum();
        let expected = normal.try_inverse().unwrap() * right;
        // The pass over the start, then the first trial point.
        let mut state = StreamedState::new(Vector3::zeros());
        let method = LevenbergMarquardt::default();
        while state.iterations() < 2 {
            let Ok(_) = method.step(&mut state, &mut problem);
        }
        assert!((state.x() - expected).amax() < 1e-10, "{loss:?}: {} {expected}", state.x());
    }
}

#[test]
fn the_scale_can_be_changed() {
    let mut problem = Robust::new(Forward(Decay), Loss::Cauchy, 1.0).unwrap();
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(problem.set_scale(bad), Err(ConfigError::NotPositive));
        assert_eq!(problem.scale(), 1.0);
    }
    assert_eq!((problem.set_scale(0.1), problem.scale()), (Ok(()), 0.1));
    let cost = |problem: &mut Robust<Forward<Decay>, f64>| {
        let mut block = Block::new();
        let Ok(()) = problem.block(5, &point::<f64, 3>(Decay::START), &mut block);
        block.cost()
    };
    let narrow = cost(&mut problem);
    problem.set_scale(1e6).unwrap();
    let r = decay_row::<f64>(5, &point(Decay::START), &mut Vector3::zeros());
    assert!((cost(&mut problem) / (0.5 * r * r) - 1.0).abs() < 1e-9 && narrow < 0.1);
}

/// Truncated squares is the least squares of the samples inside, at a fixed price for each outside.
#[test]
fn truncated_squares() {
    fn check<T: Real>(tolerance: f64) {
        let times: Vec<usize> = (0..9).filter(|&i| i != 5).collect();
        let scale = T::of_f64(0.3);
        let mut state = StreamedState::<T, 3, SquareRoot>::from_point(point([2.9, 0.4, 1.0]));
        let mut problem = Robust::new(Forward(Decay), Loss::TruncatedSquares, scale).unwrap();
        let Ok(status) = LevenbergMarquardt::default().run(&mut state, &mut problem, 10_000);
        let mut inside =
            thalweg::problem::row_fn(8, |i, x: &SVector<T, 3>, g: &mut SVector<T, 3>| decay_row(times[i], x, g));
        let Ok((fit, _)) = LevenbergMarquardt::default().solve(point([2.9, 0.4, 1.0]), &mut inside, 10_000);
        assert!(matches!(status, Status::Converged(_)), "{status:?}");
        assert!((wide(state.x()) - wide(fit.x())).amax() < tolerance, "{} {}", state.x(), fit.x());
        assert!((state.cost() - fit.cost() - T::HALF * scale * scale).to_f64().abs() < tolerance);
    }
    check::<f32>(1e-3);
    check::<f64>(1e-8);
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_robust_scale_is_the_lower_median(mut residuals in prop::collection::vec(-1e3..1e3_f64, 1..40)) {
        let found = robust_scale(|| residuals.iter().copied());
        let single = robust_scale(|| residuals.iter().map(|r| *r as f32));
        residuals.iter_mut().for_each(|r| *r = r.abs());
        residuals.sort_by(f64::total_cmp);
        let median = 1.4826 * residuals[(residuals.len() - 1) / 2];
        prop_assert!((found - median).abs() < 1e-12 * 1e3, "{} {}", found, median);
        prop_assert!((f64::from(single) - median).abs() < 1e-6 * 1e3, "{} {}", single, median);
    }
}

#[test]
fn the_robust_scale_of_bad_residuals() {
    let of = |residuals: &[f64]| robust_scale(|| residuals.iter().copied());
    assert_eq!(of(&[]), 0.0);
    assert_eq!(of(&[f64::NAN, f64::INFINITY]), 0.0);
    assert_eq!(of(&[1.0, f64::NAN, -1.0, f64::INFINITY, 1.0]), 1.4826);
    assert!(of(&[0.0, 0.0, 5.0]) < 1e-20);
}

/// Eight pseudoranges an epoch in the plane, `‖x - anchor‖ + offset - pseudorange`.
struct Hall(Vec<[f64; 3]>);
impl Model<f64, 3> for Hall {
    fn rows(&self) -> usize {
        self.0.len()
    }
    fn residual<D: Number<Scalar = f64>>(&self, i: usize, x: &[D; 3]) -> D {
        let [range, a, b] = self.0[i];
        let (u, v) = (x[0].offset(-a), x[1].offset(-b));
        ((u * u + v * v).sqrt() + x[2]).offset(-range)
    }
}

/// Positions under Cauchy's loss, where there is one minimum, by both treatments.
#[test]
fn positions_from_pseudoranges_as_stored() {
    let Some(folder) = reference::folder("uwb") else { return };
    let set = folder.join("tdoa-hall");
    let (_, ranges) = reference::table(&set.join("pseudoranges.csv"));
    let (header, epochs) = reference::table(&set.join("reference.csv"));
    let at = |epoch: &[f64], name: &str| epoch[header.iter().position(|column| column == name).unwrap()];
    let mut checked = 0;
    for epoch in epochs.iter().filter(|epoch| at(epoch, "cauchy_n_minima") == 1.0) {
        let rows: Vec<_> = ranges.iter().filter(|row| row[0] == epoch[0]).map(|row| [row[1], row[2], row[3]]).collect();
        let mean = rows.iter().fold([0.0; 2], |[x, y], row| [x + row[1] / 8.0, y + row[2] / 8.0]);
        for reweighted in [false, true] {
            let robust = Robust::new(Forward(Hall(rows.clone())), Loss::Cauchy, 0.3).unwrap();
            let mut problem = if reweighted { robust.reweighted() } else { robust };
            let mut state = StreamedState::new(nalgebra::vector![mean[0], mean[1], 0.0]);
            let Ok(status) = LevenbergMarquardt::default().run(&mut state, &mut problem, 100_000);
            let stored = Vector3::new(at(epoch, "cauchy_x"), at(epoch, "cauchy_y"), at(epoch, "cauchy_offset"));
            // The stored cost has no factor ½.
            assert!((2.0 * state.cost() / at(epoch, "cauchy_cost") - 1.0).abs() < 1e-10, "{status:?} {}", state.cost());
            assert!((state.x() - stored).amax() < 1e-5, "epoch {}: {} {stored}", epoch[0], state.x());
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked}");
}
