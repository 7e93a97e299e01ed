//! Recursive least squares: a linear model that learns from one sample at a time.
//!
//! The model is `y = φᵀx + noise`; `P` is the covariance of `x` in units of the noise variance, `R = P⁻¹`. One update:
//!
//! 1. forget: `R ← λR + (1 - λ) f R₀`, with the forgetting factor λ, the initial information `R₀` and its floor `f`;
//! 2. innovation `e = y - φᵀx`, spread `s = 1 + φᵀPφ`, gain `k = Pφ/s`;
//! 3. `x ← x + k e`, `R ← R + φφᵀ`, that is `P ← P - k (Pφ)ᵀ`.
//!
//! Reference: Ljung, System Identification, 2nd ed., §11.2 (exponential forgetting); Lai & Bernstein, "Exponential
//! resetting and cyclic resetting recursive least squares" (2022), for the second term of the first line. From
//! `R ≥ f R₀` follows `λR + (1 - λ) f R₀ ≥ f R₀`: so `P ≤ P₀/f` holds at all times, whatever the samples, and the covariance
//! does not wind up where there is no excitation; directions that are excited keep forgetting. With `f = 0` it is plain
//! exponential forgetting, and x minimizes `Σ λᵏ⁻ⁱ (yᵢ - φᵢᵀx)² + λᵏ (x - x₀)ᵀR₀(x - x₀)` after k samples.
//!
//! | memory | keeps | multiply-adds a sample | the same with a floor | choose it |
//! |---|---|---|---|---|
//! | [`Covariance`] | `P` | about 2N² | N³/2 more | where work counts and `φᵀP₀φ` is far below 1/ε |
//! | [`SquareRoot`] | `L` with `L Lᵀ = R` | about 5N² | N³ more | for vague priors, in `f32`, for bad conditioning |
//!
//! Memory: N² + 2N + 2 scalars. For a model that is not linear, or to fit all samples again,
//! choose [`LevenbergMarquardt`](crate::least_squares::LevenbergMarquardt).

use nalgebra::{SMatrix, SVector};

use crate::least_squares::accumulate::SquareRoot;
use crate::linalg::{self, columns, columns_mut, entries, entries_mut};
use crate::problem::{Block, LANES};
use crate::real::Real;
use crate::step::ConfigError;

/// Parameters of recursive least squares.
///
/// ```
/// use nalgebra::vector;
/// use thalweg::least_squares::{RecursiveLeastSquares, RecursiveState};
/// let method = RecursiveLeastSquares { forgetting: 0.98, ..Default::default() };
/// let mut state = RecursiveState::new(vector![0.0, 0.0], &vector![1e6, 1e6]).unwrap();
/// for t in 0..100 {
///     let t = f64::from(t) / 10.0;
///     let _ = method.update(&mut state, &vector![1.0, t], 2.0 - 0.5 * t);
/// }
/// assert!((state.x() - vector![2.0, -0.5]).amax() < 1e-4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RecursiveLeastSquares<T> {
    /// λ: the weight of a sample falls to `λᵏ` after k more; about `1/(1 - λ)` samples are remembered. In (0, 1]; default 1,
    /// which forgets nothing.
    pub forgetting: T,
    /// `f`, the share of the initial information that is never forgotten: `P ≤ P₀/f`. In [0, 1]; default 1, where the
    /// initial variances are the largest ever. It matters only with λ below 1.
    pub information_floor: T,
}

impl<T: Real> Default for RecursiveLeastSquares<T> {
    fn default() -> Self {
        Self { forgetting: T::ONE, information_floor: T::ONE }
    }
}

/// What became of a sample.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Update<T> {
    /// The state has changed.
    Absorbed {
        /// `e = y - φᵀx`, from the parameters before the update, in units of y.
        innovation: T,
        /// `s = 1 + φᵀPφ`, the variance of the innovation in units of the noise variance.
        spread: T,
    },
    /// The sample, or what would have come of it, is not finite; the state is as before.
    Refused,
    /// The parameters fail `validate()`; the state is as before.
    Invalid(ConfigError),
}

impl<T: Real> RecursiveLeastSquares<T> {
    /// Checks the documented ranges.
    ///
    /// # Errors
    /// [`ConfigError::Fraction`] if one does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let (forgetting, floor) = (self.forgetting, self.information_floor);
        let holds = forgetting > T::ZERO && forgetting <= T::ONE && floor >= T::ZERO && floor <= T::ONE;
        if holds { Ok(()) } else { Err(ConfigError::Fraction) }
    }

    /// Forgets a little, then learns from the sample `y = φᵀx + noise`.
    pub fn update<const N: usize, K: Recursion>(
        &self,
        state: &mut RecursiveState<T, N, K>,
        phi: &SVector<T, N>,
        y: T,
    ) -> Update<T> {
        if let Err(error) = self.validate() {
            return Update::Invalid(error);
        }
        let mut matrix = state.matrix;
        if self.forgetting < T::ONE {
            let kept = (T::ONE - self.forgetting) * self.information_floor;
            let refill = entries(&state.information).map(|information| kept * information);
            K::forget(&mut matrix, self.forgetting, &refill);
        }
        let innovation = y - state.predict(phi);
        let mut x: SVector<T, N> = linalg::zeros();
        let spread = K::absorb(&mut matrix, phi, innovation, &mut x);
        x += state.x;
        let squares = self.forgetting * state.squares + innovation * (innovation / spread);
        let finite = columns(&matrix).iter().flatten().all(|entry| entry.is_finite());
        if !(finite && linalg::all_finite(&x) && spread.is_finite() && squares.is_finite()) {
            return Update::Refused;
        }
        state.x = x;
        state.matrix = matrix;
        state.squares = squares;
        state.freedom = self.forgetting * state.freedom + T::ONE;
        state.samples = state.samples.saturating_add(1);
        Update::Absorbed { innovation, spread }
    }
}

/// Memory of [`RecursiveLeastSquares`]: `K` says in which form, [`Covariance`] or [`SquareRoot`].
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct RecursiveState<T: Real, const N: usize, K = Covariance> {
    /// The parameters.
    x: SVector<T, N>,
    /// The lower triangle of `P`, or `L`; zero above the diagonal.
    matrix: SMatrix<T, N, N>,
    /// The diagonal of `R₀`.
    information: SVector<T, N>,
    /// `Σ λᵏ⁻ⁱ eᵢ²/sᵢ`.
    squares: T,
    /// `Σ λᵏ⁻ⁱ - λᵏN`.
    freedom: T,
    samples: usize,
    memory: core::marker::PhantomData<K>,
}

impl<T: Real, const N: usize> RecursiveState<T, N> {
    /// A memory of the covariance, from initial parameters and their variances in units of the noise variance.
    ///
    /// # Errors
    /// [`ConfigError::NotPositive`] if a variance or its inverse is not positive and finite.
    pub fn new(x: SVector<T, N>, variances: &SVector<T, N>) -> Result<Self, ConfigError> {
        Self::from_point(x, variances)
    }
}

impl<T: Real, const N: usize> RecursiveState<T, N, SquareRoot> {
    /// A memory of the square root of the information, from initial parameters and their variances in units of the noise
    /// variance.
    ///
    /// # Errors
    /// As for [`new`](RecursiveState::new).
    pub fn square_root(x: SVector<T, N>, variances: &SVector<T, N>) -> Result<Self, ConfigError> {
        Self::from_point(x, variances)
    }
}

impl<T: Real, const N: usize, K: Recursion> RecursiveState<T, N, K> {
    /// A memory whose form is known from the type.
    ///
    /// # Errors
    /// As for [`new`](RecursiveState::new).
    pub fn from_point(x: SVector<T, N>, variances: &SVector<T, N>) -> Result<Self, ConfigError> {
        let information = variances.map(|variance| T::ONE / variance);
        let usable = |value: &T| *value > T::ZERO && value.is_finite();
        if !(variances.iter().all(usable) && information.iter().all(usable)) {
            return Err(ConfigError::NotPositive);
        }
        Ok(Self {
            x,
            matrix: K::start(variances),
            information,
            squares: T::ZERO,
            freedom: -T::of_usize(N),
            samples: 0,
            memory: core::marker::PhantomData,
        })
    }

    /// The parameters.
    #[must_use]
    pub const fn x(&self) -> &SVector<T, N> {
        &self.x
    }

    /// The number of samples absorbed.
    #[must_use]
    pub const fn samples(&self) -> usize {
        self.samples
    }

    /// `φᵀx`.
    pub fn predict(&self, phi: &SVector<T, N>) -> T {
        linalg::dot(phi, &self.x)
    }

    /// The variance of the noise, `Σ λᵏ⁻ⁱ eᵢ²/sᵢ` over the samples remembered less N, in squared units of y; zero before
    /// there are more than N. The initial parameters are taken for vague.
    pub fn residual_variance(&self) -> T {
        if self.samples > N { self.squares / self.freedom } else { T::ZERO }
    }

    /// The covariance of the parameters, `variance · P`. Give [`residual_variance`](Self::residual_variance) when the size
    /// of the noise is to be estimated, one for units of the noise variance.
    #[must_use]
    pub fn covariance(&self, variance: T) -> SMatrix<T, N, N> {
        K::covariance(&self.matrix) * variance
    }
}

/// In which form the knowledge is kept: [`Covariance`] or [`SquareRoot`].
pub trait Recursion: Recur + Copy + core::fmt::Debug + Default {}

impl Recursion for Covariance {}
impl Recursion for SquareRoot {}

/// The operations behind [`Recursion`], out of reach so that they may change.
pub trait Recur {
    fn start<T: Real, const N: usize>(variances: &SVector<T, N>) -> SMatrix<T, N, N>;
    /// `R ← λR + diag(refill)`.
    fn forget<T: Real, const N: usize>(matrix: &mut SMatrix<T, N, N>, forgetting: T, refill: &[T; N]);
    /// `R ← R + φφᵀ`; writes `k e` to `step` and returns `s`.
    fn absorb<T: Real, const N: usize>(
        matrix: &mut SMatrix<T, N, N>,
        phi: &SVector<T, N>,
        innovation: T,
        step: &mut SVector<T, N>,
    ) -> T;
    /// `P`, both triangles.
    fn covariance<T: Real, const N: usize>(matrix: &SMatrix<T, N, N>) -> SMatrix<T, N, N>;
}

/// Keeps the covariance `P`: the classic form, the least work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Covariance;

/// `P ← P - a p pᵀ`, lower triangle. Rounding may not take all of a variance: it keeps ε of it.
fn lower<T: Real, const N: usize>(matrix: &mut SMatrix<T, N, N>, a: T, p: &[T; N]) {
    let matrix = columns_mut(matrix);
    for j in 0..N {
        let (least, scaled) = (T::EPSILON * matrix[j][j], a * p[j]);
        for i in j..N {
            matrix[j][i] -= p[i] * scaled;
        }
        matrix[j][j] = if matrix[j][j] < least { least } else { matrix[j][j] };
    }
}

impl Recur for Covariance {
    fn start<T: Real, const N: usize>(variances: &SVector<T, N>) -> SMatrix<T, N, N> {
        SMatrix::from_diagonal(variances)
    }

    fn forget<T: Real, const N: usize>(matrix: &mut SMatrix<T, N, N>, forgetting: T, refill: &[T; N]) {
        for entry in columns_mut(matrix).iter_mut().flatten() {
            *entry /= forgetting;
        }
        for k in 0..N {
            if refill[k] > T::ZERO {
                let p = columns(matrix);
                let column: [T; N] = core::array::from_fn(|i| if i >= k { p[k][i] } else { p[i][k] });
                lower(matrix, refill[k] / (T::ONE + refill[k] * column[k]), &column);
            }
        }
    }

    fn absorb<T: Real, const N: usize>(
        matrix: &mut SMatrix<T, N, N>,
        phi: &SVector<T, N>,
        innovation: T,
        step: &mut SVector<T, N>,
    ) -> T {
        let p = linalg::multiply_symmetric(matrix, phi);
        let leverage = linalg::dot(phi, &p);
        // Along a direction known better than rounding can tell, there is nothing to learn.
        if leverage <= T::ZERO {
            return T::ONE;
        }
        let spread = T::ONE + leverage;
        *step = p * (innovation / spread);
        lower(matrix, T::ONE / spread, entries(&p));
        spread
    }

    fn covariance<T: Real, const N: usize>(matrix: &SMatrix<T, N, N>) -> SMatrix<T, N, N> {
        let p = columns(matrix);
        linalg::matrix(|i, j| if i >= j { p[j][i] } else { p[i][j] })
    }
}

impl Recur for SquareRoot {
    fn start<T: Real, const N: usize>(variances: &SVector<T, N>) -> SMatrix<T, N, N> {
        SMatrix::from_diagonal(&variances.map(|variance| T::ONE / variance.sqrt()))
    }

    fn forget<T: Real, const N: usize>(matrix: &mut SMatrix<T, N, N>, forgetting: T, refill: &[T; N]) {
        let root = forgetting.sqrt();
        for entry in columns_mut(matrix).iter_mut().flatten() {
            *entry *= root;
        }
        if refill.iter().all(|refill| *refill <= T::ZERO) {
            return;
        }
        let (mut block, mut unused) = (Block::<T, N>::new(), linalg::zeros());
        for first in (0..N).step_by(LANES) {
            block.clear();
            for j in first..N.min(first + LANES) {
                let mut row = linalg::zeros::<T, N, 1>();
                entries_mut(&mut row)[j] = refill[j].sqrt();
                block.push(row, T::ZERO);
            }
            let (rows, r) = block.lanes();
            linalg::append_rows(matrix, &mut unused, rows, r);
        }
    }

    fn absorb<T: Real, const N: usize>(
        matrix: &mut SMatrix<T, N, N>,
        phi: &SVector<T, N>,
        innovation: T,
        step: &mut SVector<T, N>,
    ) -> T {
        let mut root = *phi;
        linalg::solve_lower(matrix, &mut root);
        let mut block = Block::<T, N>::new();
        block.push(*phi, innovation);
        let (rows, r) = block.lanes();
        // With x as the origin `L z = φ e`, so the step is `L⁻ᵀ z`.
        linalg::append_rows(matrix, step, rows, r);
        linalg::solve_transposed(matrix, step);
        T::ONE + linalg::dot(&root, &root)
    }

    fn covariance<T: Real, const N: usize>(matrix: &SMatrix<T, N, N>) -> SMatrix<T, N, N> {
        let mut covariance: SMatrix<T, N, N> = linalg::zeros();
        for (j, column) in columns_mut(&mut covariance).iter_mut().enumerate() {
            let mut unit = linalg::vector(|i| if i == j { T::ONE } else { T::ZERO });
            linalg::solve_lower(matrix, &mut unit);
            linalg::solve_transposed(matrix, &mut unit);
            *column = *entries(&unit);
        }
        covariance
    }
}
