//! Points of any floats beside a curve: no foot point is further than the vertical one, and a fit ends.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use nalgebra::SVector;
use thalweg::least_squares::{LevenbergMarquardt, StreamedState};
use thalweg::problem::{Curve, Orthogonal, Rows, Sample};
use thalweg::{Method, Number, Real};

#[derive(Arbitrary, Debug)]
struct Input {
    start: [f32; 2],
    /// Abscissa, ordinate, and their weights.
    samples: Vec<[f32; 4]>,
}

struct Exponential<'a>(&'a [[f32; 4]]);

impl<T: Real> Curve<T, 2> for Exponential<'_> {
    fn rows(&self) -> usize {
        self.0.len()
    }

    fn sample(&self, i: usize) -> Sample<T> {
        let [t, y, v, w] = self.0[i].map(|x| T::of_f64(f64::from(x)));
        Sample { abscissa_weight: [v], ordinate_weight: w, ..Sample::new([t], y) }
    }

    fn value<D: Number<Scalar = T>>(&self, t: &[D; 1], x: &[D; 2]) -> D {
        x[0] * (x[1] * t[0]).exp()
    }
}

fn fit<T: Real>(input: &Input) {
    let samples = input.samples.get(..8).unwrap_or(&input.samples);
    let curve = Exponential(samples);
    let x = SVector::from(input.start.map(|x| T::of_f64(f64::from(x))));
    let Ok(mut distances) = Orthogonal::<_, 1>::new::<T, 2>(Exponential(samples)) else {
        assert!(samples.iter().any(|[_, _, v, w]| !(*v > 0.0 && *w > 0.0 && v.is_finite() && w.is_finite())));
        return;
    };
    for i in 0..samples.len() {
        let Sample { abscissa, ordinate, ordinate_weight, .. } = Curve::<T, 2>::sample(&curve, i);
        let offset = curve.value(&abscissa, &x.data.0[0]) - ordinate;
        let vertical = offset * ordinate_weight.sqrt();
        let mut g = SVector::zeros();
        let Ok(residual) = distances.row(i, &x, &mut g);
        let limit = T::of_f64(1.0 + 1e-3) * vertical.abs() + T::TINY.sqrt();
        // Squares beyond the range reject the point.
        assert!(!residual.is_finite() || residual.abs() <= limit, "{residual:e} beyond {vertical:e}");
    }
    let mut state = StreamedState::<T, 2>::new(x);
    let Ok(_) = LevenbergMarquardt::default().run(&mut state, &mut distances, 400);
    assert!(!x.iter().all(|x| x.is_finite()) || state.x().iter().all(|x| x.is_finite()));
    assert!(!(state.cost() != state.cost()));
}

fuzz_target!(|input: Input| {
    fit::<f32>(&input);
    fit::<f64>(&input);
});
