//! The other measured problems: a dense block, a rotation, a sum of exponentials, a recursion.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector, vector};
use thalweg::least_squares::{
    Accumulation, Covariance, DenseState, Recursion, RecursiveLeastSquares, RecursiveState, Rotation, SeparableState,
    SquareRoot, Strategy, StreamedState,
};
use thalweg::problem::{LeastSquares, Problem, Separable, Stacked, VectorRows};
use thalweg::{Method, Real};

use crate::data;
use crate::workload::{Answer, Solution, marquardt};

/// `r = (10 (x₁ - x₀²), 1 - x₀)`.
pub struct Rosenbrock;

impl Rosenbrock {
    pub const START: [f64; 2] = [-1.2, 1.0];

    /// The cost at the start, and the gradient so that no derivative goes unused.
    pub fn evaluate(&self) -> Solution<2> {
        let (mut r, mut j) = (SVector::zeros(), SMatrix::zeros());
        let Ok(()) = { self }.linearize(&Self::START.map(f32::of_f64).into(), &mut r, &mut j);
        let [[r0, r1]] = r.data.0;
        let x = SVector::from(j.data.0.map(|[a, b]| a * r0 + b * r1));
        Solution { x, cost: 0.5 * (r0 * r0 + r1 * r1), iterations: 0 }
    }

    pub fn solve<K: Accumulation>(&self, method: &impl Strategy<f32, 2, 2>) -> Solution<2> {
        let mut state = DenseState::<f32, 2, 2, K>::from_point(Self::START.map(f32::of_f64).into());
        let Ok(_) = method.run(&mut state, &mut { self }, 100);
        Solution { x: *state.x(), cost: state.cost(), iterations: state.iterations() }
    }
}

impl Problem for &Rosenbrock {
    type Error = Infallible;
}

impl<T: Real> LeastSquares<T, 2, 2> for &Rosenbrock {
    fn residuals(&mut self, x: &SVector<T, 2>, r: &mut SVector<T, 2>) -> Result<(), Infallible> {
        let [[x0, x1]] = x.data.0;
        *r = vector![T::of_f64(10.0) * (x1 - x0 * x0), T::ONE - x0];
        Ok(())
    }

    fn linearize(
        &mut self,
        x: &SVector<T, 2>,
        r: &mut SVector<T, 2>,
        j: &mut SMatrix<T, 2, 2>,
    ) -> Result<(), Infallible> {
        let [[x0, _]] = x.data.0;
        j.data.0 = [[T::of_f64(-20.0) * x0, -T::ONE], [T::of_f64(10.0), T::ZERO]];
        self.residuals(x, r)
    }
}

/// Wahba's problem: the rotation that takes directions to where they were seen.
pub struct Attitude<const M: usize> {
    pairs: [[[f32; 3]; 2]; M],
}

impl<const M: usize> Attitude<M> {
    pub fn prepare() -> Self {
        let mut pairs = data::turned();
        Self { pairs: core::array::from_fn(|_| pairs.next().unwrap_or_default().map(|v| v.map(f32::of_f64))) }
    }

    pub fn solve<K: Accumulation>(&self) -> Solution<4> {
        let mut state = StreamedState::<f32, 3, K, 4>::from_point(vector![1.0, 0.0, 0.0, 0.0]);
        let Ok(_) = marquardt().within(Rotation).run(&mut state, &mut Stacked::<_, 3>(self), 100 * M as u32);
        Solution { x: *state.x(), cost: state.cost(), iterations: state.iterations() }
    }
}

impl<const M: usize> Problem for &Attitude<M> {
    type Error = Infallible;
}

impl<const M: usize> VectorRows<f32, 3, 3, 4> for &Attitude<M> {
    fn rows(&self) -> usize {
        M
    }

    fn row(
        &mut self,
        i: usize,
        q: &SVector<f32, 4>,
        r: &mut SVector<f32, 3>,
        g: &mut [SVector<f32, 3>; 3],
    ) -> Result<(), Infallible> {
        let [[w, x, y, z]] = q.data.0;
        let [[a, b, c], seen] = self.pairs[i];
        let rows = [
            [w * w + x * x - y * y - z * z, 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
            [2.0 * (x * y + w * z), w * w - x * x + y * y - z * z, 2.0 * (y * z - w * x)],
            [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), w * w - x * x - y * y + z * z],
        ];
        for k in 0..3 {
            let [p, s, t] = rows[k];
            r.data.0[0][k] = p * a + s * b + t * c - seen[k];
            // A turn ω in the rotated frame moves v by ω × v.
            g[k] = vector![t * b - s * c, p * c - t * a, s * a - p * b];
        }
        Ok(())
    }
}

/// `y = c₀ exp(-x t) + c₁`.
pub struct Decay<const M: usize> {
    samples: [[f32; 2]; M],
}

impl<const M: usize> Decay<M> {
    pub fn prepare() -> Self {
        let mut samples = data::decay();
        Self { samples: core::array::from_fn(|_| samples.next().unwrap_or_default().map(f32::of_f64)) }
    }

    /// The rate, then the coefficients.
    pub fn solve(&self) -> Solution<3> {
        let mut state = SeparableState::<f32, 2, 1, 3>::new(vector![0.1]);
        let Ok(_) = marquardt().run(&mut state, &mut { self }, 200 * M as u32);
        let ([[x]], [[c0, c1]]) = (state.x().data.0, state.coefficients().data.0);
        Solution { x: vector![x, c0, c1], cost: state.cost(), iterations: state.iterations() }
    }
}

impl<const M: usize> Problem for &Decay<M> {
    type Error = Infallible;
}

impl<const M: usize> Separable<f32, 2, 1> for &Decay<M> {
    fn rows(&self) -> usize {
        M
    }

    fn basis(&mut self, i: usize, x: &SVector<f32, 1>, phi: &mut SVector<f32, 2>) -> Result<f32, Infallible> {
        let [t, y] = self.samples[i];
        *phi = vector![libm::expf(-x.x * t), 1.0];
        Ok(y)
    }

    fn linearize(
        &mut self,
        i: usize,
        x: &SVector<f32, 1>,
        phi: &mut SVector<f32, 2>,
        slopes: &mut SMatrix<f32, 2, 1>,
    ) -> Result<f32, Infallible> {
        let y = self.basis(i, x, phi)?;
        *slopes = vector![-self.samples[i][0] * phi.x, 0.0];
        Ok(y)
    }
}

/// A linear model with four parameters that learns from a stream.
pub struct Recursive<K> {
    method: RecursiveLeastSquares<f32>,
    state: RecursiveState<f32, 4, K>,
}

impl<K: Recursion> Recursive<K> {
    /// The initial variances.
    const VAGUE: f32 = 100.0;

    pub fn new(forgetting: f32) -> Option<Self> {
        let method = RecursiveLeastSquares { forgetting, ..Default::default() };
        let state = RecursiveState::from_point(SVector::zeros(), &SVector::repeat(Self::VAGUE)).ok()?;
        Some(Self { method, state })
    }

    pub fn learn(&mut self, [a, b, c, d, y]: [f32; 5]) {
        let _ = self.method.update(&mut self.state, &vector![a, b, c, d], y);
    }
}

/// Both memories, each without and with forgetting.
pub struct Recursions {
    pub covariance: [Recursive<Covariance>; 2],
    pub square_root: [Recursive<SquareRoot>; 2],
}

impl Recursions {
    pub const UPDATES: usize = 100;

    pub fn new() -> Option<Self> {
        let (all, some) = (1.0, 0.98);
        Some(Self {
            covariance: [Recursive::new(all)?, Recursive::new(some)?],
            square_root: [Recursive::new(all)?, Recursive::new(some)?],
        })
    }
}

impl Answer for Recursions {
    fn words(&self) -> impl Iterator<Item = u32> {
        let covariance = self.covariance.iter().map(|recursive| *recursive.state.x());
        let root = self.square_root.iter().map(|recursive| *recursive.state.x());
        covariance.chain(root).flat_map(|x| x.data.0).flatten().map(f32::to_bits)
    }
}
