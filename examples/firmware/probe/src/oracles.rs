//! All that answers questions for rows.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector, vector};
use thalweg::least_squares::{
    Affine, Bounds, Domain, LevenbergMarquardt, Product, Rotation, SquareRoot, StreamedState, UnitVector,
};
use thalweg::problem::{
    Block, Counted, Curve, Differences, Fault, Faulty, Forward, Loss, Mailbox, Model, Orthogonal, Prior, Residuals,
    Robust, Rows, Sample, Stacked, Tangent, VectorModel, VectorRows, check_row, residual_fn, robust_scale, row_fn,
};
use thalweg::{Method, Number, Real};

use crate::{any, see};

/// Samples of one and of several residuals, over any number.
struct Wave;

impl<T: Real> Model<T, 2> for Wave {
    fn rows(&self) -> usize {
        any(5)
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, &[x, y]: &[D; 2]) -> D {
        x.scale(T::of_usize(i)) + y.sin()
    }
}

impl<T: Real, const K: usize> VectorModel<T, K, 2> for Wave {
    fn rows(&self) -> usize {
        any(5)
    }

    fn residuals<D: Number<Scalar = T>>(&self, i: usize, &[x, y]: &[D; 2]) -> [D; K] {
        core::array::from_fn(|k| x.scale(T::of_usize(i + k)) + y.sin())
    }
}

pub fn rows<T: Real>() {
    let at = || any(vector![T::ONE, T::TWO]);
    let samples = any([[T::HALF; 2]; 3]);
    let rows = || {
        row_fn(any(3), move |i, x: &SVector<T, 2>, g| {
            let [t, y] = samples.get(i).copied().unwrap_or_default();
            *g = vector![T::ONE, t];
            let [a, b] = x.data.0[0];
            a + t * b - y
        })
    };
    let residuals = || {
        residual_fn(any(3), move |i, x: &SVector<T, 2>| {
            let [a, b] = x.data.0[0];
            a + T::of_usize(i) * b
        })
    };
    fit(&mut rows());
    fit(&mut &mut rows());
    fit::<T, _>(&mut Forward(Wave));
    fit(&mut Differences::new(residuals()));
    fit(&mut Counted::new(rows()));
    fit(&mut any(Faulty::new(rows(), Fault::Nan, 3)));
    fit(&mut any(Mailbox::<T, 2>::with_rows(3)));
    fit::<T, _>(&mut Stacked::<_, 1>(Forward(Wave)));
    fit::<T, _>(&mut Stacked::<_, 3>(Forward(Wave)));
    fit::<T, _>(&mut Stacked::<_, 6>(Forward(Wave)));
    see((Residuals::rows(&residuals()), residuals().residual(any(1), &at())));
    let (mut several, mut gradients) = (any(vector![T::ONE, T::TWO]), any([at(); 2]));
    see(VectorRows::<T, 2, 2>::rows(&Forward(Wave)));
    see(VectorRows::row(&mut Forward(Wave), any(1), &at(), &mut several, &mut gradients));
    see((several, gradients));
    see(check_row(&mut rows(), any(1), &at()));
    robust(rows);
    if let Ok(mut prior) = Prior::new(rows(), at(), &any(SMatrix::<T, 2, 2>::identity())) {
        fit(&mut prior);
    }
    if let Ok(mut prior) = Prior::independent(rows(), at(), &at()) {
        fit(&mut prior);
    }
    tangents::<T>();
}

fn robust<T: Real, P: Rows<T, 2, Error = Infallible>>(rows: impl Fn() -> P) {
    for loss in [
        Loss::Squared,
        Loss::Huber,
        Loss::SoftL1,
        Loss::Cauchy,
        Loss::Tukey,
        Loss::GemanMcClure,
        Loss::TruncatedSquares,
    ] {
        see(any(loss).at(any(T::ONE)));
    }
    if let Ok(mut robust) = Robust::new(rows(), any(Loss::Huber), any(T::ONE)) {
        fit(&mut robust);
        see(robust.set_scale(any(T::ONE)));
        see((robust.scale(), robust.inner().rows()));
        fit(&mut robust.reweighted());
    }
    let residuals = any([T::ONE; 10]);
    see(robust_scale(|| residuals.iter().copied()));
}

fn fit<T: Real, E>(problem: &mut dyn Rows<T, 2, Error = E>) {
    let mut problem = any(problem);
    let mut at = any(vector![T::ONE, T::TWO]);
    let mut block = Block::new();
    see(problem.rows());
    see(problem.row(any(1), &at, &mut at.clone()));
    see(problem.block(any(1), &at, &mut block));
    block.samples().for_each(see);
    see(problem.row(any(2), &at.clone(), &mut at));
    see(LevenbergMarquardt::default().solve(at, &mut problem, any(10)));
}

/// Domains, and rows that know only the coordinates.
fn tangents<T: Real>() {
    tangent::<T, _, 2, 3>(any(UnitVector));
    tangent::<T, _, 3, 4>(any(Rotation));
    tangent::<T, _, 2, 2>(any(Bounds::none().fix(any(1), any(T::ONE))));
    let corner = || any(SVector::<T, 3>::repeat(T::ONE));
    let bounds = any(Bounds::new(-corner(), corner()));
    tangent::<T, _, 6, 7>(any(Product::<_, 3, 4, _, 3, 3>(Rotation, bounds)));
    tangent::<T, _, 5, 6>(any(Product::<_, 3, 3, _, 2, 3>(bounds, UnitVector)));
    if let Ok(shares) = Affine::<T, 2, 2, 4>::new(&any(SMatrix::identity()), &any(SVector::repeat(T::ONE))) {
        tangent::<T, _, 2, 4>(any(shares));
    }
}

fn tangent<T: Real, D: Domain<T, N, A>, const N: usize, const A: usize>(domain: D) {
    let mut x = any(SVector::<T, A>::repeat(T::ONE));
    let step = any(SVector::<T, N>::repeat(T::ONE));
    see((domain.room(&x, any(1)), domain.magnitude(&x), domain.validate()));
    see(domain.retract(&x.data.0[0], &step.data.0[0]));
    domain.advance(&x.clone(), &step, &mut x);
    domain.project(&mut x);

    let rows = row_fn(any(20), |i, x: &SVector<T, A>, g: &mut SVector<T, A>| {
        *g = SVector::from_fn(|j, _| T::of_usize(i + j).sin());
        x.iter().zip(g.iter()).fold(T::ONE, |sum, (x, g)| sum + *x * *g)
    });
    let mut tangent = Tangent::new(rows, domain);
    let mut problem: &mut dyn Rows<T, N, A, Error = Infallible> = any(&mut tangent);
    see(problem.row(any(1), &x, &mut step.clone()));
    let mut state = StreamedState::<T, N, SquareRoot, A>::new(x);
    see(LevenbergMarquardt::default().within(domain).run(&mut state, &mut problem, any(10)));
    see((state.x(), state.analyse(&domain)));
}

struct Ripple;

impl<T: Real> Curve<T, 2> for Ripple {
    fn rows(&self) -> usize {
        any(5)
    }

    fn sample(&self, i: usize) -> Sample<T> {
        any(Sample::new([T::of_usize(i)], T::ONE))
    }

    fn value<D: Number<Scalar = T>>(&self, t: &[D; 1], x: &[D; 2]) -> D {
        x[0] * (x[1] * t[0]).sin()
    }
}

struct Surface;

impl<T: Real> Curve<T, 2, 2> for Surface {
    fn rows(&self) -> usize {
        any(5)
    }

    fn sample(&self, i: usize) -> Sample<T, 2> {
        any(Sample::new([T::of_usize(i); 2], T::ONE))
    }

    fn value<D: Number<Scalar = T>>(&self, t: &[D; 2], x: &[D; 2]) -> D {
        x[0] * (x[1] * t[0]).sin() + t[1] * x[0]
    }
}

/// Distances to a curve and to a surface.
pub fn orthogonal<T: Real>() {
    let at = || any(SVector::<T, 2>::repeat(T::ONE));
    if let Ok(mut distances) = Orthogonal::new::<T, 2>(Ripple) {
        see((distances.foot(any(2), &at()), Curve::<T, 2>::rows(distances.curve())));
        fit::<T, _>(&mut distances);
    }
    if let Ok(mut distances) = Orthogonal::new::<T, 2>(Surface) {
        see(distances.foot(any(2), &at()));
        fit::<T, _>(&mut distances);
    }
}
