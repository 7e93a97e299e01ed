//! First and second derivatives by central differences, and a check of given derivatives against them.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, columns_mut, entries, entries_mut};
use crate::problem::{Curved, HessianProducts, Objective, Problem, Residuals, Rows, Smooth};
use crate::real::Real;

/// Derivatives by central differences: `(f(x + h eⱼ) - f(x - h eⱼ)) / 2h`, with `h = spacing · max(|xⱼ|, size)`.
///
/// Two evaluations a parameter, one for the value, all in one question: the inner oracle must answer at once, so a
/// [`Mailbox`](super::Mailbox) cannot stand there; about two thirds of the digits. Prefer [`Forward`](super::Forward)
/// where the model can be written over [`Number`](crate::Number).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Differences<P, T> {
    /// The oracle.
    pub inner: P,
    /// Relative spacing; default ∛ε, where truncation and rounding balance.
    pub spacing: T,
    /// The typical size of a parameter, the least that the spacing is relative to; default 1.
    pub size: T,
}

impl<P, T: Real> Differences<P, T> {
    /// With the default spacing.
    pub fn new(inner: P) -> Self {
        Self { inner, spacing: T::EPSILON.powf(T::of_f64(1.0 / 3.0)), size: T::ONE }
    }

    /// Writes the derivatives of `f` at `x`.
    fn derive<const N: usize, E>(
        &mut self,
        x: &SVector<T, N>,
        g: &mut SVector<T, N>,
        mut f: impl FnMut(&mut P, &SVector<T, N>) -> Result<T, E>,
    ) -> Result<(), E> {
        let (mut at, x, g) = (*x, entries(x), entries_mut(g));
        for j in 0..N {
            let h = self.spacing * x[j].abs().max(self.size);
            let (above, below) = (x[j] + h, x[j] - h);
            entries_mut(&mut at)[j] = above;
            let upper = f(&mut self.inner, &at)?;
            entries_mut(&mut at)[j] = below;
            let lower = f(&mut self.inner, &at)?;
            entries_mut(&mut at)[j] = x[j];
            g[j] = (upper - lower) / (above - below);
        }
        Ok(())
    }
}

impl<P: Problem, T> Problem for Differences<P, T> {
    type Error = P::Error;
}

impl<T: Real, const N: usize, P: Objective<T, N>> Objective<T, N> for Differences<P, T> {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, P::Error> {
        self.inner.value(x)
    }
}

impl<T: Real, const N: usize, P: Objective<T, N>> Smooth<T, N> for Differences<P, T> {
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        self.derive(x, g, P::value)?;
        self.inner.value(x)
    }
}

impl<T: Real, const N: usize, P: Residuals<T, N>> Rows<T, N> for Differences<P, T> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }

    fn row(&mut self, i: usize, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        self.derive(x, g, |inner, at| inner.residual(i, at))?;
        self.inner.residual(i, x)
    }
}

/// Curvature by central differences of gradients: `∇²f(x) v ≈ (∇f(x + h v) - ∇f(x - h v)) / 2h`, with
/// `h = spacing · (1 + ‖x‖) / ‖v‖`.
///
/// Two gradients a product, 2N + 1 a Hessian, all in one question: the inner oracle must answer at once; about two thirds of the
/// digits. Prefer [`Forward`](super::Forward) where f can be written over [`Number`](crate::Number).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientDifferences<P, T> {
    /// The oracle.
    pub inner: P,
    /// Relative spacing; default ∛ε, where truncation and rounding balance.
    pub spacing: T,
}

impl<P, T: Real> GradientDifferences<P, T> {
    /// With the default spacing.
    pub fn new(inner: P) -> Self {
        Self { inner, spacing: T::EPSILON.powf(T::of_f64(1.0 / 3.0)) }
    }
}

impl<P: Problem, T> Problem for GradientDifferences<P, T> {
    type Error = P::Error;
}

impl<T: Real, const N: usize, P: Objective<T, N>> Objective<T, N> for GradientDifferences<P, T> {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, P::Error> {
        self.inner.value(x)
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Smooth<T, N> for GradientDifferences<P, T> {
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        self.inner.gradient(x, g)
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> HessianProducts<T, N> for GradientDifferences<P, T> {
    fn product(&mut self, x: &SVector<T, N>, v: &SVector<T, N>, hv: &mut SVector<T, N>) -> Result<(), P::Error> {
        let length = linalg::norm(v);
        *hv = linalg::zeros();
        if length == T::ZERO {
            return Ok(());
        }
        let h = self.spacing * (T::ONE + linalg::norm(x)) / length;
        let mut below = linalg::zeros();
        self.inner.gradient(&(x + v * h), hv)?;
        self.inner.gradient(&(x - v * h), &mut below)?;
        *hv = (*hv - below) / (T::TWO * h);
        Ok(())
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Curved<T, N> for GradientDifferences<P, T> {
    fn hessian(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>, h: &mut SMatrix<T, N, N>) -> Result<T, P::Error> {
        for (j, column) in columns_mut(h).iter_mut().enumerate() {
            let mut hv = linalg::zeros();
            self.product(x, &linalg::vector(|k| if j == k { T::ONE } else { T::ZERO }), &mut hv)?;
            *column = *entries(&hv);
        }
        let h = columns_mut(h);
        for j in 0..N {
            for i in j + 1..N {
                let mean = T::HALF * (h[j][i] + h[i][j]);
                (h[j][i], h[i][j]) = (mean, mean);
            }
        }
        self.inner.gradient(x, g)
    }
}

/// The derivative that disagrees most with its difference quotient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mismatch<T> {
    /// The parameter.
    pub parameter: usize,
    /// The derivative that the oracle gave.
    pub given: T,
    /// The difference quotient.
    pub difference: T,
    /// `|given - difference| / max(1, |given|, |difference|)`: about ε^⅔ for a right derivative of a well-scaled function.
    pub relative: T,
}

/// The derivatives `given` against differences of `f`.
fn check<T: Real, const N: usize, P, E>(
    inner: P,
    x: &SVector<T, N>,
    given: &SVector<T, N>,
    f: impl FnMut(&mut P, &SVector<T, N>) -> Result<T, E>,
) -> Result<Mismatch<T>, E> {
    let mut difference = SVector::<T, N>::zeros();
    Differences::new(inner).derive(x, &mut difference, f)?;
    let mut worst = Mismatch { parameter: 0, given: T::ZERO, difference: T::ZERO, relative: T::ZERO };
    for (parameter, (&given, &difference)) in given.iter().zip(difference.iter()).enumerate() {
        let relative = (given - difference).abs() / T::ONE.max(given.abs()).max(difference.abs());
        if !(relative <= worst.relative) {
            worst = Mismatch { parameter, given, difference, relative };
        }
    }
    Ok(worst)
}

/// The gradient of a smooth objective at `x` against central differences.
///
/// # Errors
/// The oracle's own error.
pub fn check_gradient<T: Real, const N: usize, P: Smooth<T, N>>(
    problem: &mut P,
    x: &SVector<T, N>,
) -> Result<Mismatch<T>, P::Error> {
    let mut given = SVector::zeros();
    problem.gradient(x, &mut given)?;
    check(problem, x, &given, |problem, at| problem.value(at))
}

/// The row of sample `i` at `x` against central differences of its residual.
///
/// # Errors
/// The oracle's own error.
pub fn check_row<T: Real, const N: usize, P: Rows<T, N>>(
    problem: &mut P,
    i: usize,
    x: &SVector<T, N>,
) -> Result<Mismatch<T>, P::Error> {
    let mut given = SVector::zeros();
    problem.row(i, x, &mut given)?;
    check(problem, x, &given, |problem, at| problem.row(i, at, &mut SVector::zeros()))
}
