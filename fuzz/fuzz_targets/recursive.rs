//! Samples of any floats: what is refused changes nothing, what is absorbed leaves a finite state, and on moderate data the
//! covariance keeps its bounds and both memories agree.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use nalgebra::{SMatrix, SVector};
use thalweg::Real;
use thalweg::least_squares::{Covariance, Recursion, RecursiveLeastSquares, RecursiveState, SquareRoot, Update};

#[derive(Arbitrary, Debug)]
struct Input {
    forgetting: f64,
    floor: f64,
    start: [f64; 3],
    variances: [f64; 3],
    samples: Vec<[f64; 4]>,
    /// Bring all numbers to moderate size; the numbers as they are otherwise.
    moderate: bool,
}

/// Any float to a grid in `(0, 1]`, spread evenly.
fn fraction(x: f64) -> f64 {
    let mixed = x.to_bits().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 53;
    (mixed + 1) as f64 / 2048.0
}

impl Input {
    fn number<T: Real>(&self, x: f64, from: f64, to: f64) -> T {
        T::of_f64(if self.moderate { from + (to - from) * fraction(x) } else { x })
    }
}

type Words<const N: usize> = (SVector<u64, N>, SMatrix<u64, N, N>, u64, usize);

fn words<T: Real, K: Recursion>(state: &RecursiveState<T, 3, K>) -> Words<3> {
    let bits = |x: T| x.to_f64().to_bits();
    let (covariance, variance) = (state.covariance(T::ONE), state.residual_variance());
    (state.x().map(bits), covariance.map(bits), bits(variance), state.samples())
}

fn learn<T: Real, K: Recursion>(input: &Input) -> Option<RecursiveState<T, 3, K>> {
    let method = RecursiveLeastSquares {
        forgetting: input.number::<T>(input.forgetting, 0.5, 1.0),
        information_floor: input.number(input.floor, 0.01, 1.0),
    };
    let variances = SVector::from(input.variances.map(|x| input.number::<T>(x, 0.1, 10.0)));
    let start = SVector::from(input.start.map(|x| input.number::<T>(x, -1.0, 1.0)));
    let Ok(mut state) = RecursiveState::<T, 3, K>::from_point(start, &variances) else {
        assert!(!input.moderate);
        return None;
    };
    for sample in &input.samples {
        let [a, b, c, y] = sample.map(|x| input.number::<T>(x, -1.0, 1.0));
        let before = words(&state);
        match method.update(&mut state, &SVector::from([a, b, c]), y) {
            Update::Absorbed { innovation, spread } => {
                assert!(innovation.is_finite() && spread >= T::ONE && spread.is_finite());
                assert!(state.x().iter().all(|x| x.is_finite()) && state.samples() == before.3 + 1);
            }
            Update::Refused => assert!(!input.moderate && words(&state) == before),
            Update::Invalid(error) => {
                assert!(method.validate() == Err(error) && !input.moderate && words(&state) == before);
            }
        }
        if input.moderate {
            let most = T::of_f64(1.0 + 1e-3) / method.information_floor;
            let p = state.covariance(T::ONE);
            assert!(p.iter().all(|p| p.is_finite()));
            for (j, variance) in variances.iter().enumerate() {
                assert!(p[(j, j)] > T::ZERO && p[(j, j)] <= *variance * most, "{p} {variances}");
            }
        }
    }
    Some(state)
}

fuzz_target!(|input: Input| {
    let _ = (learn::<f32, Covariance>(&input), learn::<f32, SquareRoot>(&input));
    let (covariance, root) = (learn::<f64, Covariance>(&input), learn::<f64, SquareRoot>(&input));
    if let (Some(covariance), Some(root), true) = (covariance, root, input.moderate) {
        let (p, q) = (covariance.covariance(1.0), root.covariance(1.0));
        assert!((p - q).amax() <= 1e-8 * p.amax(), "{p} {q}");
        assert!((covariance.x() - root.x()).amax() <= 1e-8 * (1.0 + root.x().amax()));
    }
});
