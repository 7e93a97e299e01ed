//! Data that no fit can use: every solve ends soon, with finite numbers and a status that does not lie.

use nalgebra::SVector;
use thalweg::least_squares::{
    Accumulation, Everywhere, LevenbergMarquardt, Normal, SquareRoot, StreamedState, certify,
};
use thalweg::problem::{Forward, Model};
use thalweg::{Criterion, Method, Number, Real, Status};

use crate::problems::point;

/// `x0 exp(-x1 t) + x2` through given readings, all multiplied by a scale.
#[derive(Clone, Debug)]
struct Readings {
    times: Vec<f64>,
    values: Vec<f64>,
    scale: f64,
}

impl<T: Real> Model<T, 3> for Readings {
    fn rows(&self) -> usize {
        self.values.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; 3]) -> D {
        let fade = (-x[1].scale(T::of_f64(self.times[i]))).exp();
        (x[0] * fade + x[2]).offset(-T::of_f64(self.values[i] * self.scale))
    }
}

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

/// Name, times, values, scale of values and start.
fn bad() -> Vec<(&'static str, Vec<f64>, Vec<f64>, f64)> {
    let times = vec![0.0, 0.5, 1.0, 2.0, 3.0, 5.0];
    let values = vec![4.0, 3.4, 3.1, 2.3, 1.9, 1.4];
    vec![
        ("good", times.clone(), values.clone(), 1.0),
        ("NaN reading", times.clone(), vec![4.0, NAN, 3.1, 2.3, 1.9, 1.4], 1.0),
        ("NaN time", vec![0.0, 0.5, NAN, 2.0, 3.0, 5.0], values.clone(), 1.0),
        ("all NaN", vec![NAN; 6], vec![NAN; 6], 1.0),
        ("infinite reading", times.clone(), vec![4.0, 3.4, INF, 2.3, 1.9, 1.4], 1.0),
        ("infinite time", vec![0.0, 0.5, 1.0, 2.0, 3.0, INF], values.clone(), 1.0),
        ("negative infinite time", vec![0.0, 0.5, 1.0, 2.0, 3.0, -INF], values.clone(), 1.0),
        ("no rows", vec![], vec![], 1.0),
        ("one row", vec![1.0], vec![3.0], 1.0),
        ("two rows", vec![1.0, 2.0], vec![3.0, 2.5], 1.0),
        ("all equal", vec![1.0; 6], vec![2.0; 6], 1.0),
        ("one time", vec![1.0; 6], values.clone(), 1.0),
        ("all zero", times.clone(), vec![0.0; 6], 1.0),
        ("constant", times.clone(), vec![7.0; 6], 1.0),
        ("a straight line", times.clone(), times.clone(), 1.0),
        ("an outlier of 1e6", times.clone(), vec![4.0, 3.4, 3.1e6, 2.3, 1.9, 1.4], 1.0),
        ("huge", times.clone(), values.clone(), 1e30),
        ("tiny", times.clone(), values.clone(), 1e-30),
        ("large", times.clone(), values.clone(), 1e12),
        ("small", times, values, 1e-12),
    ]
}

/// What is wrong with the end of a solve, if anything.
fn complaint<T: Real, K: Accumulation>(mut problem: Forward<Readings>, start: [f64; 3]) -> Option<String> {
    let mut state: StreamedState<T, 3, K> = StreamedState::from_point(point(start));
    let Ok(status) = LevenbergMarquardt::default().run(&mut state, &mut problem, 20_000);
    let (x, analysis) = (state.x(), state.analyse(&Everywhere));
    let Ok(first) = certify(&mut problem, &point(start), &Everywhere);
    let Ok(evidence) = certify(&mut problem, x, &Everywhere);
    let numbers = |numbers: &SVector<T, 3>| numbers.iter().all(|x| x.is_finite());

    // A drift towards a minimizer at infinity lasts as long as its budget, and says so.
    let wrong = if status == Status::Running && !(state.cost() < first.cost) {
        "no end and no progress"
    } else if !numbers(x) || state.cost().to_f64().is_nan() {
        "a result that is not a number"
    } else if state.cost() == T::INFINITY && (*x != point(start) || !matches!(status, Status::Stalled(_))) {
        "a start without value is not where and how it ends"
    } else if state.cost() < T::INFINITY && state.cost() != evidence.cost {
        "the cost of another point"
    } else if matches!(status, Status::Converged(Criterion::Gradient | Criterion::Decrease))
        // A cost that has vanished below the smallest number cannot fall.
        && state.cost() > T::ZERO
        // The decrease test at its tolerance leaves a cosine of about √(8ε).
        && !(evidence.scaled_gradient <= T::of_f64(10.0) * T::SQRT_EPSILON)
    {
        "not stationary"
    } else if !numbers(&analysis.standard_errors()) || !analysis.weakest().is_some_and(|w| numbers(&w)) {
        "an analysis that is not a number"
    } else if analysis.rank() > 3 || !(analysis.condition() >= T::ONE) {
        "an impossible rank or condition"
    } else {
        return None;
    };
    let passes = state.iterations();
    Some(format!(
        "{wrong}: {status:?} after {passes} passes at {x:?}, {evidence:?}, condition {}",
        analysis.condition()
    ))
}

fn end_well<T: Real, K: Accumulation>() {
    let mut complaints = Vec::new();
    for (name, times, values, scale) in bad() {
        for start in [[1.0, 0.5, 0.0], [0.0, 0.0, 0.0], [1.0, -3.0, 2.0]] {
            for start in [start, [start[0] * scale, start[1], start[2] * scale]] {
                let problem = Forward(Readings { times: times.clone(), values: values.clone(), scale });
                complaints
                    .extend(complaint::<T, K>(problem, start).map(|what| format!("{name} from {start:?}: {what}")));
            }
        }
    }
    complaints.dedup();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn square_root_f64() {
    end_well::<f64, SquareRoot>();
}

#[test]
fn normal_f64() {
    end_well::<f64, Normal>();
}

#[test]
fn square_root_f32() {
    end_well::<f32, SquareRoot>();
}

#[test]
fn normal_f32() {
    end_well::<f32, Normal>();
}
