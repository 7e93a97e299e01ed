//! Variable projection: the fit without the linear parameters is the fit with them.

use nalgebra::{SVector, vector};
use thalweg::least_squares::{
    Dogleg, Everywhere, GaussNewton, LevenbergMarquardt, SeparableState, Strategy, StreamedState,
};
use thalweg::problem::{Counted, Forward, SeparableModel};
use thalweg::{Method, Number, Real, Stall, Status};

use crate::problems::{Decay, distance, point, wide};
use crate::reference;

impl<T: Real> SeparableModel<T, 2, 1> for Decay {
    fn rows(&self) -> usize {
        Self::TIMES.len()
    }
    fn reading(&self, i: usize) -> T {
        T::of_f64(Self::READINGS[i])
    }
    fn basis<D: Number<Scalar = T>>(&self, i: usize, x: &[D; 1]) -> [D; 2] {
        [(-x[0].scale(T::of_f64(Self::TIMES[i]))).exp(), D::of(1.0)]
    }
}

/// Sums of exponentials of a table, with a constant if `L` is `N + 1`.
struct Exponentials {
    samples: Vec<(f64, f64)>,
}

impl<T: Real, const L: usize, const N: usize> SeparableModel<T, L, N> for Exponentials {
    fn rows(&self) -> usize {
        self.samples.len()
    }
    fn reading(&self, i: usize) -> T {
        T::of_f64(self.samples[i].1)
    }
    fn basis<D: Number<Scalar = T>>(&self, i: usize, x: &[D; N]) -> [D; L] {
        let t = T::of_f64(self.samples[i].0);
        let constant = L - N;
        core::array::from_fn(|k| if k < constant { D::of(1.0) } else { (-x[k - constant].scale(t)).exp() })
    }
}

fn same_fit<T: Real>(method: impl Strategy<T, 1, 1>, limit: f64) {
    let mut full: StreamedState<T, 3> = StreamedState::new(point(Decay::START));
    let Ok(_) = LevenbergMarquardt::default().run(&mut full, &mut Forward(Decay), 10_000);
    let mut fit = SeparableState::<T, 2, 1, 3>::new(point([1.0]));
    let Ok(status) = method.run(&mut fit, &mut Forward(Decay), 10_000);
    assert!(matches!(status, Status::Converged(_)), "{status:?}");
    let found = [fit.coefficients()[0], fit.x()[0], fit.coefficients()[1]];
    assert!(distance(full.x(), &SVector::from(found)) < limit, "{found:?} {}", full.x());
    assert!((fit.cost() / full.cost() - T::ONE).to_f64().abs() < 100.0 * T::EPSILON.to_f64());
    // Standard errors: the linear parameters come first; those of the rest alone are the same.
    let (all, some, one) = (fit.analyse_all(), fit.analyse(&Everywhere), full.analyse(&Everywhere));
    let (all, one) = (wide(&all.standard_errors()), wide(&one.standard_errors()));
    assert!(
        (vector![all[0] / one[0], all[2] / one[1], all[1] / one[2]] - vector![1.0, 1.0, 1.0]).amax() < 100.0 * limit
    );
    assert!((some.standard_errors()[0].to_f64() / one[1] - 1.0).abs() < 100.0 * limit);
}

#[test]
fn the_fit_with_and_without_linear_parameters_is_the_same() {
    same_fit(LevenbergMarquardt::<f64>::default(), 1e-9);
    same_fit(GaussNewton::<f64>::default(), 1e-9);
    same_fit(Dogleg::<f64>::default(), 1e-9);
    same_fit(LevenbergMarquardt::<f32>::default(), 1e-3);
}

/// Correct digits of the worst of all parameters and standard errors.
fn digits<const L: usize, const N: usize, const W: usize>(
    set: &str,
    order: [usize; W],
    start: &str,
) -> (f64, f64, u32) {
    let Some(set) = reference::folder(set) else { return (99.0, 99.0, 0) };
    let meta = reference::meta(&set);
    let (_, rows) = reference::table(&set.join("data.csv"));
    let from = reference::numbers(&meta, "start", start);
    let x0 = SVector::<f64, N>::from_fn(|j, _| from[order[L + j]]);
    let mut fit = SeparableState::<f64, L, N, W>::new(x0);
    let samples = rows.iter().map(|row| (row[1], row[0])).collect();
    let Ok(status) = LevenbergMarquardt::default().run(&mut fit, &mut Forward(Exponentials { samples }), 1_000_000);
    assert!(matches!(status, Status::Converged(_)), "{status:?}");
    // The terms may come in any order: by rate.
    let mut by_rate: Vec<usize> = (0..N).collect();
    by_rate.sort_by(|&i, &j| fit.x()[i].total_cmp(&fit.x()[j]));
    let constants = L - N;
    let place = |all: SVector<f64, W>| {
        let terms = by_rate.iter().map(|&j| all[constants + j]);
        let rates = by_rate.iter().map(|&j| all[L + j]);
        (0..constants).map(|k| all[k]).chain(terms).chain(rates).collect::<Vec<_>>()
    };
    let found = place(SVector::from_iterator(fit.coefficients().iter().chain(fit.x()).copied()));
    let errors = place(fit.analyse_all().standard_errors());
    let worst = |found: Vec<f64>, key: &str| {
        let certified = reference::numbers(&meta, "polished", key);
        let relative = found.into_iter().zip(order).map(|(f, j)| (f / certified[j] - 1.0).abs()).fold(1e-16, f64::max);
        -relative.log10()
    };
    (worst(found, "params"), worst(errors, "std_err"), fit.iterations())
}

#[test]
fn certified_sums_of_exponentials() {
    for start in ["start1", "start2"] {
        let (parameters, errors, trials) = digits::<3, 2, 5>("nist-strd/MGH17", [0, 1, 2, 3, 4], start);
        assert!(parameters > 10.0 && errors > 9.0 && trials < 60, "MGH17: {parameters} {errors} {trials}");
        let (parameters, errors, trials) = digits::<3, 3, 6>("nist-strd/Lanczos3", [0, 2, 4, 1, 3, 5], start);
        assert!(parameters > 9.0 && errors > 8.0 && trials < 60, "Lanczos3: {parameters} {errors} {trials}");
    }
}

/// The same exponential twice, at the times of [`Decay`] without its asymptote.
struct Twice;

impl<T: Real, const L: usize> SeparableModel<T, L, 1> for Twice {
    fn rows(&self) -> usize {
        Decay::TIMES.len()
    }
    fn reading(&self, i: usize) -> T {
        T::of_f64(Decay::READINGS[i])
    }
    fn basis<D: Number<Scalar = T>>(&self, i: usize, x: &[D; 1]) -> [D; L] {
        let fade = (-x[0].scale(T::of_f64(Decay::TIMES[i]))).exp();
        core::array::from_fn(|k| if k == 0 { fade } else { fade.scale(T::of_f64(3.1)) })
    }
}

/// Dependent basis functions fit as well as one of them: rounding in the second explains nothing.
fn dependent<T: Real>(limit: f64) {
    for start in [0.05, 0.5, 2.0] {
        let mut one = SeparableState::<T, 1, 1, 2>::new(point([start]));
        let mut two = SeparableState::<T, 2, 1, 3>::new(point([start]));
        let Ok(status) = LevenbergMarquardt::default().run(&mut one, &mut Forward(Twice), 10_000);
        assert!(matches!(status, Status::Converged(_)), "{status:?}");
        let Ok(status) = LevenbergMarquardt::default().run(&mut two, &mut Forward(Twice), 10_000);
        assert!(matches!(status, Status::Converged(_)), "{status:?} from {start}");
        assert!(distance(one.x(), two.x()) < limit, "{} {}", one.x(), two.x());
        assert!((two.cost() / one.cost() - T::ONE).to_f64().abs() < limit, "{} {}", one.cost(), two.cost());
        let amplitude = (two.coefficients()[0] + two.coefficients()[1] * T::of_f64(3.1)) / one.coefficients()[0];
        assert!((amplitude - T::ONE).to_f64().abs() < limit, "{amplitude}");
        let (some, fewer) = (two.analyse(&Everywhere), one.analyse(&Everywhere));
        let ratio = some.covariance(T::ONE)[0] / fewer.covariance(T::ONE)[0];
        assert!((ratio - T::ONE).to_f64().abs() < 100.0 * limit, "{ratio}");
        assert_eq!(two.analyse_all().rank(), 2);
    }
}

#[test]
fn dependent_basis_functions_are_one() {
    dependent::<f64>(1e-7);
    dependent::<f32>(2e-3);
}

/// A rejected trial does not pay for derivatives.
#[test]
fn a_lost_trial_costs_one_pass() {
    let mut problem = Counted::new(Forward(Decay));
    let mut fit = SeparableState::<f64, 2, 1, 3>::new(vector![8.0]);
    let Ok(_) = LevenbergMarquardt::default().run(&mut fit, &mut problem, 10_000);
    assert!(problem.gradients < problem.values, "{problem:?}");
}

#[test]
fn bad_input_has_a_status() {
    let run = |samples: Vec<(f64, f64)>, x: f64| {
        let mut fit = SeparableState::<f64, 2, 1, 3>::new(vector![x]);
        let Ok(status) = LevenbergMarquardt::default().run(&mut fit, &mut Forward(Exponentials { samples }), 10_000);
        assert!(fit.coefficients().iter().all(|c| c.is_finite()));
        (status, fit.coefficients().norm())
    };
    let line = |y: f64| (0..6).map(|i| (f64::from(i), y)).collect::<Vec<_>>();
    assert_eq!(run(vec![], 1.0).0, Status::Stalled(Stall::NoData));
    assert_eq!(run(vec![(0.0, f64::NAN)], 1.0).0, Status::Stalled(Stall::NonFinite));
    assert_eq!(run(line(1.0), f64::NAN).0, Status::Stalled(Stall::NonFinite));
    // Both basis functions are the constant: c is not determined, and shared.
    let (status, norm) = run(line(1.0), 0.0);
    assert!(matches!(status, Status::Converged(_)) && norm < 1.5, "{status:?} {norm}");
    // No readings at all: nothing to explain.
    assert!(matches!(run(line(0.0), 1.0), (Status::Converged(_), 0.0)));
}
