//! Orthogonal distance regression: errors in both variables.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, columns, columns_mut, entries, entries_mut};
use crate::problem::dual::variables;
use crate::problem::{Dual, Problem, Rows};
use crate::real::{Number, Real};
use crate::step::ConfigError;

/// A measured point of a curve, with the weights of its errors: inverse variances, or inverse squared units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<T, const K: usize = 1> {
    /// The measured abscissa, of K components.
    pub abscissa: [T; K],
    /// The measured ordinate.
    pub ordinate: T,
    /// The weight of an error in each component of the abscissa. Positive and finite.
    pub abscissa_weight: [T; K],
    /// The weight of an error in the ordinate. Positive and finite.
    pub ordinate_weight: T,
}

/// A curve (or for K = 2 a surface) `y = f(t; x)` through measured points, written once over any [`Number`].
pub trait Curve<T: Real, const N: usize, const K: usize = 1> {
    /// The number of samples.
    fn rows(&self) -> usize;
    /// Sample `i`.
    fn sample(&self, i: usize) -> Sample<T, K>;
    /// The ordinate at the abscissa `t` for the parameters `x`.
    fn value<D: Number<Scalar = T>>(&self, t: &[D; K], x: &[D; N]) -> D;
}

/// Rows that measure the distance of each sample to a [`Curve`] instead of its vertical offset.
///
/// A sample costs `c(x) = min over δ of ½ (w e² + Σ vₖ δₖ²)` with `e = f(t + δ; x) - y`, the ordinate's weight `w` and the
/// abscissa's `v`. At the foot point `t + δ`, where `w e ∂f/∂tₖ + vₖ δₖ = 0`, the envelope theorem gives `∂c/∂x = w e ∂f/∂x`,
/// and with `q = 1 + w Σ (∂f/∂tₖ)²/vₖ` the residual `r = e √(wq)` and the row `√(w/q) ∂f/∂x` are exact: `½r² = c`, `r ∂r/∂x =
/// ∂c/∂x`. So δ is eliminated, where Boggs, Byrd & Schnabel ("A stable and efficient algorithm for nonlinear orthogonal
/// distance regression", 1987) keep it among the unknowns: no memory a sample, any least squares method.
///
/// The foot point is found anew for each answer, by at most 20 Newton steps from δ = 0, halved or doubled: that is the local
/// minimum downhill from the measured point. Three to five steps are usual, each with second derivatives in K variables.
/// Where a sample lies further from the curve than its radius of curvature the foot point may jump, and the row with it. A
/// foot point that is not finite makes the residual NaN.
///
/// ```
/// use nalgebra::vector;
/// use thalweg::{Method, Number, least_squares::LevenbergMarquardt, problem::{Curve, Orthogonal, Sample}};
/// struct Line; // through (0, 1), (1, 3), (2, 5)
/// impl Curve<f64, 2> for Line {
///     fn rows(&self) -> usize { 3 }
///     fn sample(&self, i: usize) -> Sample<f64> { Sample::new([i as f64], 1.0 + 2.0 * i as f64) }
///     fn value<D: Number<Scalar = f64>>(&self, t: &[D; 1], x: &[D; 2]) -> D { x[0] + x[1] * t[0] }
/// }
/// let (fit, _) = LevenbergMarquardt::default().solve(vector![0.0, 0.0], &mut Orthogonal::new(Line).unwrap(), 100).unwrap();
/// assert!((fit.x() - vector![1.0, 2.0]).amax() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orthogonal<C, const K: usize = 1> {
    curve: C,
}

/// The foot point of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Foot<T, const K: usize> {
    /// `t + δ`.
    at: [T; K],
    /// `e` there.
    error: T,
    /// `√(1 + w Σ (∂f/∂tₖ)²/vₖ)`.
    tilt: T,
    /// `2c = w e² + Σ vₖ δₖ²`.
    squares: T,
}

impl<T: Real, const K: usize> Sample<T, K> {
    /// A point whose errors all weigh one.
    pub const fn new(abscissa: [T; K], ordinate: T) -> Self {
        Self { abscissa, ordinate, abscissa_weight: [T::ONE; K], ordinate_weight: T::ONE }
    }

    /// `2c` at the displacement δ with the error `e`.
    fn squares(&self, displacement: &[T; K], error: T) -> T {
        let across = displacement.iter().zip(&self.abscissa_weight);
        across.fold(self.ordinate_weight * error * error, |sum, (&d, &v)| sum + v * d * d)
    }
}

impl<C, const K: usize> Orthogonal<C, K> {
    /// Distances to a curve; looks at the weights of all samples.
    ///
    /// # Errors
    /// [`ConfigError::NotPositive`] if a weight is not positive and finite.
    pub fn new<T: Real, const N: usize>(curve: C) -> Result<Self, ConfigError>
    where
        C: Curve<T, N, K>,
    {
        let positive = |weight: &T| *weight > T::ZERO && weight.is_finite();
        let sound = (0..curve.rows()).all(|i| {
            let sample = curve.sample(i);
            positive(&sample.ordinate_weight) && sample.abscissa_weight.iter().all(positive)
        });
        if sound { Ok(Self { curve }) } else { Err(ConfigError::NotPositive) }
    }

    /// The curve.
    pub const fn curve(&self) -> &C {
        &self.curve
    }

    /// The point `(t + δ, f(t + δ; x))` of the curve that stands for sample `i`: its abscissa and its ordinate.
    pub fn foot<T: Real, const N: usize>(&self, i: usize, x: &SVector<T, N>) -> ([T; K], T)
    where
        C: Curve<T, N, K>,
    {
        let sample = self.curve.sample(i);
        let foot = self.descend(&sample, entries(x));
        (foot.at, foot.error + sample.ordinate)
    }

    /// Newton's method on `½ (w e² + Σ vₖ δₖ²)` from δ = 0; Gauss-Newton's step where the Hessian is not positive definite.
    fn descend<T: Real, const N: usize>(&self, sample: &Sample<T, K>, x: &[T; N]) -> Foot<T, K>
    where
        C: Curve<T, N, K>,
    {
        let constant = x.map(Dual::constant);
        let plain = |at: &[T; K]| self.curve.value(at, x) - sample.ordinate;
        let moved = |d: &[T; K]| core::array::from_fn(|k| sample.abscissa[k] + d[k]);
        let (w, v) = (sample.ordinate_weight, &sample.abscissa_weight);
        let mut displacement = [T::ZERO; K];
        let mut at = sample.abscissa;
        let mut error = plain(&at);
        let vertical = sample.squares(&displacement, error);
        let mut squares = vertical;
        let mut slopes = [T::ZERO; K];
        let mut settled = false;
        for left in (0..21).rev() {
            let point: [Dual<Dual<T, K>, K>; K] = core::array::from_fn(|k| Dual::variable(Dual::variable(at[k], k), k));
            let f = self.curve.value(&point, &constant);
            slopes = f.gradient.map(|slope| slope.value);
            if settled || left == 0 {
                break;
            }
            let gradient: SVector<T, K> = linalg::vector(|k| w * error * slopes[k] + v[k] * displacement[k]);
            let hessian = |error: T| {
                let mut hessian: SMatrix<T, K, K> = linalg::zeros();
                let columns = columns_mut(&mut hessian);
                for j in 0..K {
                    for i in 0..K {
                        columns[j][i] = w * (slopes[i] * slopes[j] + error * f.gradient[i].gradient[j]);
                    }
                    columns[j][j] += v[j];
                }
                hessian
            };
            let mut step = linalg::zeros();
            let convex = downhill(hessian(error), &gradient, &mut step);
            if !convex {
                downhill(hessian(T::ZERO), &gradient, &mut step);
            }
            // What rounding makes of the squares. Newton's error is squared by each step: one that promises less is the last.
            let terms = slopes.iter().zip(&at).fold(sample.ordinate.abs(), |sum, (&slope, &t)| sum + (slope * t).abs());
            let noise = T::of_f64(8.0) * T::EPSILON * (squares + w * error.abs() * terms);
            settled = -linalg::dot(&gradient, &step) <= noise;
            // Halved until it pays, or doubled as long as it pays where the sum is not convex.
            let (from, mut found, mut halved) = (displacement, false, false);
            for _ in 0..30 {
                let trial: [T; K] = core::array::from_fn(|k| from[k] + entries(&step)[k]);
                let trial_at = moved(&trial);
                let trial_error = plain(&trial_at);
                let trial_squares = sample.squares(&trial, trial_error);
                let pays = trial_squares < squares || (settled && trial_squares <= (squares + noise).min(vertical));
                if pays {
                    (displacement, at, error, squares) = (trial, trial_at, trial_error, trial_squares);
                }
                let ended = settled || if pays { convex || halved } else { found };
                found |= pays;
                if ended {
                    break;
                }
                halved |= !pays;
                step *= if pays { T::TWO } else { T::HALF };
            }
            if !found {
                break;
            }
        }
        let tilt = slopes.iter().zip(v).fold(T::ONE, |sum, (&slope, &v)| sum + w * slope * (slope / v)).sqrt();
        Foot { at, error, tilt, squares }
    }
}

/// Writes `-H⁻¹ gradient`; `false` if the Hessian is not positive definite.
fn downhill<T: Real, const K: usize>(
    mut hessian: SMatrix<T, K, K>,
    gradient: &SVector<T, K>,
    step: &mut SVector<T, K>,
) -> bool {
    let finite = columns(&hessian).iter().flatten().all(|entry| entry.is_finite());
    let regular = finite && linalg::cholesky(&mut hessian, T::EPSILON);
    if regular {
        linalg::negate(gradient, step);
        linalg::solve_lower(&hessian, step);
        linalg::solve_transposed(&hessian, step);
    }
    regular
}

impl<C, const K: usize> Problem for Orthogonal<C, K> {
    type Error = core::convert::Infallible;
}

impl<T: Real, const N: usize, const K: usize, C: Curve<T, N, K>> Rows<T, N> for Orthogonal<C, K> {
    fn rows(&self) -> usize {
        self.curve.rows()
    }

    fn row(&mut self, i: usize, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Self::Error> {
        let sample = self.curve.sample(i);
        let foot = self.descend(&sample, entries(x));
        let value = self.curve.value(&foot.at.map(Dual::constant), &variables(x));
        let scale = sample.ordinate_weight.sqrt() / foot.tilt;
        for (g, slope) in entries_mut(g).iter_mut().zip(value.gradient) {
            *g = scale * slope;
        }
        // The cost is stationary in δ, so its root is less sensitive to the foot point than e√(wq), which it equals.
        Ok(foot.squares.sqrt().copysign(foot.error))
    }
}
