//! Rows of any floats: neither accumulation panics or hangs, and on moderate data all memories and methods find the same fit.
#![no_main]

use core::convert::Infallible;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use nalgebra::{SMatrix, SVector};
use thalweg::least_squares::{
    Accumulation, Analysis, DenseState, Dogleg, Everywhere, GaussNewton, LevenbergMarquardt, Normal, SquareRoot,
    Strategy, StreamedState,
};
use thalweg::problem::{Block, LeastSquares, Problem, Rows, Tangent};
use thalweg::{Method, Real, Status};

#[derive(Arbitrary, Debug)]
struct Input {
    start: [f64; 3],
    rows: Vec<[f64; 4]>,
    /// How many rows a block takes.
    lanes: u8,
    /// Bring all numbers to moderate size; the numbers as they are otherwise.
    moderate: bool,
}

struct Linear<'a>(&'a Input);

impl Linear<'_> {
    fn number<T: Real>(&self, x: f64) -> T {
        T::of_f64(if self.0.moderate { moderate(x) } else { x })
    }
}

/// Any float to a grid in `[-1, 1)`, spread evenly: nothing near the ends of the range, where squares vanish.
fn moderate(x: f64) -> f64 {
    let mixed = x.to_bits().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 53;
    mixed as f64 / 1024.0 - 1.0
}

impl Problem for Linear<'_> {
    type Error = Infallible;
}

impl<T: Real> Rows<T, 3> for Linear<'_> {
    fn rows(&self) -> usize {
        self.0.rows.len().min(16)
    }

    fn row(&mut self, i: usize, x: &SVector<T, 3>, g: &mut SVector<T, 3>) -> Result<T, Infallible> {
        let [a, b, c, y] = self.0.rows[i].map(|v| self.number::<T>(v));
        *g = SVector::from([a, b, c]);
        Ok(a * x[0] + b * x[1] + c * x[2] - y)
    }

    fn block(&mut self, first: usize, x: &SVector<T, 3>, block: &mut Block<T, 3>) -> Result<(), Infallible> {
        for i in first..Rows::<T, 3>::rows(self).min(first + 1 + usize::from(self.0.lanes % 4)) {
            let mut g = SVector::zeros();
            let residual = self.row(i, x, &mut g)?;
            block.push(g, residual);
        }
        Ok(())
    }
}

/// All rows at once, filled up with zeros.
impl<T: Real> LeastSquares<T, 16, 3> for Linear<'_> {
    fn residuals(&mut self, x: &SVector<T, 3>, r: &mut SVector<T, 16>) -> Result<(), Infallible> {
        self.linearize(x, r, &mut SMatrix::zeros())
    }

    fn linearize(
        &mut self,
        x: &SVector<T, 3>,
        r: &mut SVector<T, 16>,
        j: &mut SMatrix<T, 16, 3>,
    ) -> Result<(), Infallible> {
        (*r, *j) = (SVector::zeros(), SMatrix::zeros());
        for i in 0..Rows::<T, 3>::rows(self) {
            let mut g = SVector::zeros();
            r[i] = self.row(i, x, &mut g)?;
            j.set_row(i, &g.transpose());
        }
        Ok(())
    }
}

/// The end of a fit to all rows at once.
fn whole<K: Accumulation>(input: &Input, method: impl Strategy<f64, 3, 3>) -> (SVector<f64, 3>, Status) {
    let mut problem = Linear(input);
    let mut state = DenseState::<f64, 16, 3, K>::from_point(SVector::from(input.start.map(|x| problem.number(x))));
    let Ok(status) = method.run(&mut state, &mut problem, 2000);
    (*state.x(), status)
}

fn fit<T: Real, K: Accumulation>(input: &Input) -> (StreamedState<T, 3, K>, Analysis<T, 3>, Status) {
    let mut problem = Linear(input);
    let start = SVector::from(input.start.map(|x| problem.number::<T>(x)));
    let mut state = StreamedState::from_point(start);
    let Ok(status) = LevenbergMarquardt::default().run(&mut state, &mut problem, 2000);
    assert!(!start.iter().all(|x| x.is_finite()) || state.x().iter().all(|x| x.is_finite()));
    let analysis = state.analyse(&Everywhere);
    assert!(analysis.rank() <= 3 && analysis.weakest().is_some());
    (state, analysis, status)
}

fuzz_target!(|input: Input| {
    let _ = (fit::<f32, SquareRoot>(&input), fit::<f32, Normal>(&input));
    let ((root, by_root, root_end), (normal, by_normal, normal_end)) =
        (fit::<f64, SquareRoot>(&input), fit::<f64, Normal>(&input));
    if input.moderate && by_root.condition() < 1e3 {
        assert!(root_end != Status::Running && normal_end != Status::Running);
        let size = 1.0 + root.x().amax();
        assert!((root.x() - normal.x()).amax() < 1e-6 * size, "{} {}", root.x(), normal.x());
        assert_eq!((by_root.rank(), by_normal.rank()), (3, 3));
        for (x, end) in [
            whole::<SquareRoot>(&input, LevenbergMarquardt::default()),
            whole::<Normal>(&input, GaussNewton::default()),
            whole::<SquareRoot>(&input, Dogleg::default()),
        ] {
            assert!(end != Status::Running && (root.x() - x).amax() < 1e-6 * size, "{} {x} {end:?}", root.x());
        }
        let mut same = StreamedState::<f64, 3>::new(SVector::from(input.start.map(moderate)));
        let Ok(_) = LevenbergMarquardt::default().run(&mut same, &mut Tangent::new(Linear(&input), Everywhere), 2000);
        assert!((same.x() - root.x()).amax() < 1e-6 * size);
        let (c, d) = (by_root.covariance(1.0), by_normal.covariance(1.0));
        assert!((c - d).amax() < 1e-6 * c.amax(), "{c} {d}");
    }
});
