//! After a solve: what the data say about the parameters. Functions of a state, computed on request.

use nalgebra::{SMatrix, SVector};

use crate::least_squares::accumulate::{Accumulation, System};
use crate::least_squares::domain::Domain;
use crate::least_squares::fit::{Fit, Gather};
use crate::linalg::{self, columns, entries};
use crate::problem::{Block, Rows};
use crate::real::Real;

/// The singular values and directions of the linearization at the best point, with columns scaled to unit norm.
///
/// Parameters fixed or held at a bound count as known: their variance is zero and they are left out of the rank.
///
/// ```
/// use nalgebra::{Vector2, vector};
/// use thalweg::{Method, least_squares::{Everywhere, LevenbergMarquardt, StreamedState}, problem::row_fn};
/// let y = [1.1, 1.9, 3.2, 3.9, 5.1]; // a line through five readings
/// let row = |i: usize, x: &Vector2<f64>, g: &mut Vector2<f64>| { *g = vector![1.0, i as f64]; g.dot(x) - y[i] };
/// let mut fit = StreamedState::new(vector![0.0, 0.0]);
/// let _ = LevenbergMarquardt::default().run(&mut fit, &mut row_fn(5, row), 100);
/// let report = fit.analyse(&Everywhere);
/// let band = |t: f64| report.prediction(&vector![1.0, t], report.residual_variance());
/// assert!((band(2.0) / report.standard_errors()[1] - 2_f64.sqrt()).abs() < 1e-12 && band(2.0) < band(9.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis<T: Real, const N: usize> {
    /// `1/‖Jⱼ‖`, zero for known parameters and zero columns.
    scale: SVector<T, N>,
    /// Singular values of the scaled `J`, unordered; zero for known parameters.
    values: SVector<T, N>,
    /// Right singular vectors, as columns.
    directions: SMatrix<T, N, N>,
    known: [bool; N],
    resolution: T,
    /// `2F/(m - n)`, zero without degrees of freedom.
    variance: T,
    /// `m - n`, zero if there are no more samples than free parameters.
    freedom: usize,
}

impl<T: Real, const N: usize, const A: usize, K: Accumulation, G: Gather<T>> Fit<T, N, A, K, G> {
    /// Analyses the linearization at the best point. `domain` as in the method: parameters at a bound are known.
    #[must_use]
    pub fn analyse<D: Domain<T, N, A>>(&self, domain: &D) -> Analysis<T, N> {
        let mut known = [false; N];
        if D::BOUNDED {
            for (j, known) in known.iter_mut().enumerate() {
                let (down, up) = domain.room(self.x(), j);
                *known = down >= T::ZERO || up <= T::ZERO;
            }
        }
        Analysis::new::<K>(self.system(), known, T::TWO * self.cost(), self.samples(), G::ELIMINATED)
    }
}

impl<T: Real, const N: usize> Analysis<T, N> {
    /// Of a system with `samples` rows and the sum of their squares, for which `eliminated` more parameters were fitted.
    pub(super) fn new<K: Accumulation>(
        system: &System<T, N>,
        known: [bool; N],
        squares: T,
        samples: usize,
        eliminated: usize,
    ) -> Self {
        let mut scale: SVector<T, N> = linalg::zeros();
        for (j, (scale, known)) in scale.iter_mut().zip(known).enumerate() {
            let norm = K::column_norm(system, j);
            if !known && norm > T::TINY {
                *scale = T::ONE / norm;
            }
        }
        let (values, directions) = K::singular_values(system, &scale);
        let free = known.iter().filter(|known| !**known).count();
        let freedom = samples.saturating_sub(free + eliminated);
        let variance = if freedom > 0 { squares / T::of_usize(freedom) } else { T::ZERO };
        Self { scale, values, directions, known, resolution: K::resolution::<T, N>(), variance, freedom }
    }

    /// The residual variance `s² = 2F/(m - n)`, in squared units of the residual; zero if there are no more samples than
    /// free parameters.
    #[must_use]
    pub const fn residual_variance(&self) -> T {
        self.variance
    }

    /// The degrees of freedom `m - n`: samples less free parameters, zero if there are no more samples.
    #[must_use]
    pub const fn freedom(&self) -> usize {
        self.freedom
    }

    fn largest(&self) -> T {
        self.values.iter().fold(T::ZERO, |m, &v| m.max(v))
    }

    fn determined(&self, k: usize) -> bool {
        entries(&self.values).get(k).is_some_and(|value| *value > self.resolution * self.largest())
    }

    /// The number of parameter combinations that the data determine, in the working precision.
    #[must_use]
    pub fn rank(&self) -> usize {
        (0..N).filter(|&k| self.determined(k)).count()
    }

    /// The number of parameters that are not known.
    #[must_use]
    pub fn free(&self) -> usize {
        self.known.iter().filter(|known| !**known).count()
    }

    /// The ratio of the largest to the smallest singular value over the free parameters, of columns scaled to unit norm;
    /// infinite if the rank is deficient.
    #[must_use]
    pub fn condition(&self) -> T {
        if self.rank() < self.free() {
            return T::INFINITY;
        }
        let smallest = (0..N).filter(|&k| self.determined(k)).fold(T::INFINITY, |m, k| m.min(entries(&self.values)[k]));
        if smallest < T::INFINITY { self.largest() / smallest } else { T::ONE }
    }

    /// The parameter combination that the data determine least, as a direction of unit length in parameter space:
    /// moving along it changes the residuals least. `None` if nothing is free. With [`rank`](Self::rank) below
    /// [`free`](Self::free), the data do not determine it at all.
    #[must_use]
    pub fn weakest(&self) -> Option<SVector<T, N>> {
        // A zero column is a direction of its own.
        for j in 0..N {
            if entries(&self.scale)[j] == T::ZERO && !self.known[j] {
                return Some(linalg::vector(|i| if i == j { T::ONE } else { T::ZERO }));
            }
        }
        let mut weakest: Option<(&[T; N], T)> = None;
        for (direction, &value) in columns(&self.directions).iter().zip(entries(&self.values)) {
            // Known parameters span their own singular vectors with value zero.
            let unknown = direction.iter().zip(&self.known).filter(|(_, known)| !**known);
            let support = unknown.fold(T::ZERO, |sum, (entry, _)| sum + entry.squared());
            if support > T::HALF && weakest.is_none_or(|(_, least)| value < least) {
                weakest = Some((direction, value));
            }
        }
        weakest.map(|(direction, _)| {
            let direction = SVector::from(*direction).component_mul(&self.scale);
            let length = linalg::norm(&direction);
            if length > T::ZERO { direction / length } else { direction }
        })
    }

    /// The covariance of the parameters `variance · (JᵀJ)⁻¹`, in the space the data determine: combinations without
    /// information are left out, so check [`rank`](Self::rank) first. Give [`residual_variance`](Self::residual_variance)
    /// when the size of the noise is to be estimated from the residuals, one when residuals were divided by their noise.
    #[must_use]
    pub fn covariance(&self, variance: T) -> SMatrix<T, N, N> {
        // The deviation goes in before the products, which might overflow without it.
        let deviation = variance.sqrt();
        let mut root = [[T::ZERO; N]; N];
        for k in 0..N {
            if !self.determined(k) {
                continue;
            }
            for j in 0..N {
                let direction = entries(&self.scale)[j] * columns(&self.directions)[k][j];
                root[k][j] = direction / entries(&self.values)[k] * deviation;
            }
        }
        linalg::matrix(|i, j| (0..N).fold(T::ZERO, |sum, k| sum + root[k][i] * root[k][j]))
    }

    /// The standard errors of the parameters, in their units, with the residual variance estimated from the residuals.
    /// Under a robust loss they are those of the reweighted problem, right in size only: a factor of two or three is
    /// possible.
    #[must_use]
    pub fn standard_errors(&self) -> SVector<T, N> {
        let covariance = self.covariance(self.variance);
        linalg::vector(|j| columns(&covariance)[j][j].sqrt())
    }

    /// The correlation matrix of the parameters; zero beside the diagonal for known ones.
    #[must_use]
    pub fn correlation(&self) -> SMatrix<T, N, N> {
        let covariance = self.covariance(if self.variance > T::ZERO { self.variance } else { T::ONE });
        let covariance = columns(&covariance);
        linalg::matrix(|i, j| {
            let scale = (covariance[i][i] * covariance[j][j]).sqrt();
            if i == j {
                T::ONE
            } else if scale > T::ZERO {
                covariance[j][i] / scale
            } else {
                T::ZERO
            }
        })
    }

    /// The leverage `h = gᵀ (JᵀJ)⁻¹ g` of a sample with the row `g`: the share of its own residual that the fit takes away,
    /// zero to one for a sample of the fit. Over the samples the leverages sum to the [`rank`](Self::rank) (Hoaglin & Welsch
    /// 1978). Infinite where `g` has a part along a combination that the data do not determine; entries of known
    /// parameters do not count.
    #[must_use]
    pub fn leverage(&self, g: &SVector<T, N>) -> T {
        let (scale, g) = (entries(&self.scale), entries(g));
        for j in 0..N {
            if scale[j] == T::ZERO && !self.known[j] && g[j].abs() > T::TINY {
                return T::INFINITY;
            }
        }
        let scaled: SVector<T, N> = linalg::vector(|j| scale[j] * g[j]);
        // Rounding moves the directions about as far as the root of the resolution.
        let rounding = self.resolution.sqrt() * linalg::norm(&scaled).max(self.resolution.sqrt() * self.largest());
        let mut sum = T::ZERO;
        for k in 0..N {
            let direction = columns(&self.directions)[k];
            let part = (0..N).fold(T::ZERO, |sum, j| sum + direction[j] * entries(&scaled)[j]);
            if self.determined(k) {
                sum += (part / entries(&self.values)[k]).squared();
            } else if part.abs() > rounding {
                return T::INFINITY;
            }
        }
        sum
    }

    /// The standard deviation `√(variance · h)` of the model's value where its derivatives with respect to the parameters
    /// are `g`, `h` their [`leverage`](Self::leverage): a confidence band, in units of the residual, is this times a quantile
    /// of Student's t with [`freedom`](Self::freedom). `variance` as for [`covariance`](Self::covariance); linearized at the
    /// best point (Bates & Watts 1988, §2.3).
    #[must_use]
    pub fn prediction(&self, g: &SVector<T, N>, variance: T) -> T {
        (variance * self.leverage(g)).sqrt()
    }

    /// As [`prediction`](Self::prediction), for a new observation of unit weight there: `√(variance · (1 + h))`.
    #[must_use]
    pub fn observation(&self, g: &SVector<T, N>, variance: T) -> T {
        (variance * (T::ONE + self.leverage(g))).sqrt()
    }

    /// Cook's distance `r² h / (n s² (1 - h)²)` of a sample with the row `g` and the residual `r`, with `n` the rank: how far
    /// the fit moves without it, in squared standard errors a parameter (Cook 1977; exact for a linear model). More than one
    /// asks for a look at the sample; infinite if the rank is lost without it.
    #[must_use]
    pub fn influence(&self, g: &SVector<T, N>, residual: T) -> T {
        let h = self.leverage(g);
        let rest = T::ONE - h;
        if !(rest > self.resolution) {
            return T::INFINITY;
        }
        let size = residual / rest;
        if size == T::ZERO || h == T::ZERO {
            return T::ZERO;
        }
        size / self.variance * size * h / T::of_usize(self.rank())
    }

    /// The studentized residual `r / (s₍ᵢ₎ √(1 - h))` of a sample with the row `g`, with `s₍ᵢ₎` the residual SD without the
    /// sample: a Student's t with one degree of freedom less than [`freedom`](Self::freedom) if the sample belongs to the
    /// others (Belsley, Kuh & Welsch 1980, §2.1). NaN without that degree of freedom, or if the rank is lost without it.
    #[must_use]
    pub fn studentized(&self, g: &SVector<T, N>, residual: T) -> T {
        let rest = T::ONE - self.leverage(g);
        if !(rest > self.resolution) || self.freedom < 2 {
            return T::NAN;
        }
        if residual == T::ZERO {
            return T::ZERO;
        }
        let others = T::of_usize(self.freedom) * self.variance - residual * (residual / rest);
        // What rounding leaves of a perfect fit of the others.
        let variance = others.max(T::ZERO) / T::of_usize(self.freedom.saturating_sub(1));
        residual / (variance * rest).sqrt()
    }

    /// The excitation of each parameter: the share of its column that no combination of the others explains,
    /// `1/(‖Jⱼ‖ √((JᵀJ)⁻¹ⱼⱼ)) = 1/√VIFⱼ`, the sine of the angle between the column and the span of the others (Belsley, Kuh &
    /// Welsch 1980, §3.2, without centring). Zero if the data do not determine the parameter, one for known parameters.
    #[must_use]
    pub fn excitation(&self) -> SVector<T, N> {
        let rounding = self.resolution.sqrt();
        let mut inflation = [T::ZERO; N];
        for k in 0..N {
            let determined = self.determined(k);
            for j in 0..N {
                let part = columns(&self.directions)[k][j];
                if determined {
                    inflation[j] += (part / entries(&self.values)[k]).squared();
                } else if part.abs() > rounding {
                    inflation[j] = T::INFINITY;
                }
            }
        }
        linalg::vector(|j| match (self.known[j], entries(&self.scale)[j] > T::ZERO) {
            (true, _) => T::ONE,
            (false, false) => T::ZERO,
            (false, true) => (T::ONE / inflation[j].sqrt()).min(T::ONE),
        })
    }

    /// The index of the free parameter with the least [`excitation`](Self::excitation), the first of equal ones: what the
    /// data should be made to show more of. `None` if nothing is free.
    #[must_use]
    pub fn least_excited(&self) -> Option<usize> {
        let excitation = self.excitation();
        let free = entries(&excitation).iter().zip(&self.known).enumerate().filter(|(_, (_, known))| !**known);
        let mut least: Option<(usize, T)> = None;
        for (j, (&value, _)) in free {
            if least.is_none_or(|(_, smallest)| value < smallest) {
                least = Some((j, value));
            }
        }
        least.map(|(j, _)| j)
    }
}

/// Evidence of optimality, gathered from the problem itself and not from a method's memory.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Certificate<T> {
    /// `F(x)`.
    pub cost: T,
    /// `max |Jⱼᵀr| / (‖Jⱼ‖ √(2F))` over parameters that are not held at a bound by their gradient: the cosine of the
    /// angle between the residuals and the nearest column. Zero where all residuals are zero, NaN where a row is not finite.
    pub scaled_gradient: T,
    /// The number of samples.
    pub samples: usize,
}

/// Streams all samples at `x` once more and measures how stationary it is. Makes one oracle call per block of samples.
///
/// # Errors
/// The oracle's own error.
pub fn certify<T: Real, const N: usize, const A: usize, P: Rows<T, N, A>, D: Domain<T, N, A>>(
    problem: &mut P,
    x: &SVector<T, A>,
    domain: &D,
) -> Result<Certificate<T>, P::Error> {
    let (mut gradient, mut squares) = (SVector::<T, N>::zeros(), SVector::<T, N>::zeros());
    let mut block = Block::new();
    let (mut cost, mut next) = (T::ZERO, 0);
    while next < problem.rows() {
        block.clear();
        problem.block(next, x, &mut block)?;
        next += block.len().max(1);
        cost += block.cost();
        for (g, r) in block.samples() {
            gradient += g * r;
            squares += g.component_mul(g);
        }
    }
    let mut scaled_gradient = T::ZERO;
    for j in 0..N {
        let ((down, up), gradient) = (domain.room(x, j), entries(&gradient)[j]);
        let held = (down >= T::ZERO && gradient >= T::ZERO) || (up <= T::ZERO && gradient <= T::ZERO);
        let scale = entries(&squares)[j].sqrt() * (T::TWO * cost).sqrt();
        let cosine = match gradient {
            g if held || g == T::ZERO => T::ZERO,
            g if scale.is_finite() => g.abs() / scale,
            // An overflow proves nothing.
            _ => T::NAN,
        };
        if !(cosine <= scaled_gradient) {
            scaled_gradient = cosine;
        }
    }
    Ok(Certificate { cost, scaled_gradient, samples: next })
}
