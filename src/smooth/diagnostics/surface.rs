//! A function over the plane through three points.
//!
//! `F(α, β) = f(a + α (b - a) + β w)` on a grid of both in [-½, 3/2], where w is what is left of `c - a` orthogonal to `b - a`. a lies at (0, 0),
//! b at (1, 0), and c at β = 1. With the start and the end of a solve for a and b and a point of its way for c, the plane shows
//! what the way bends around; with two minima and a third, how they are connected.
//!
//! References: Goodfellow, Vinyals & Saxe, "Qualitatively characterizing neural network optimization problems", 2015, appendix; the
//! plane of three points: Garipov, Izmailov, Podoprikhin, Vetrov & Wilson, "Loss surfaces, mode connectivity, and fast ensembling of
//! DNNs", 2018, figure 1. Memory: three vectors; the grid is told point by point and not kept.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::Objective;
use crate::real::Real;

/// A point of a [`Surface`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Height<T> {
    /// α.
    pub along: T,
    /// β.
    pub beside: T,
    /// F; infinite where f is not finite.
    pub value: T,
}

/// A walk over the plane through three points, row by row from the lowest β.
///
/// ```
/// use thalweg::{problem::value_fn, smooth::diagnostics::Surface};
/// use nalgebra::{vector, Vector2};
/// let mut bowl = value_fn(|x: &Vector2<f64>| x[0] * x[0] + 4.0 * x[1] * x[1]);
/// let mut surface = Surface::new(vector![0.0, 0.0], vector![2.0, 0.0], vector![1.0, 1.0], [5, 5]);
/// while let Some(height) = surface.step(&mut bowl).unwrap() {
///     assert_eq!(height.value, 4.0 * height.along * height.along + 4.0 * height.beside * height.beside);
/// }
/// assert_eq!(surface.lowest().map(|lowest| lowest.value), Some(0.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Surface<T: Real, const N: usize> {
    /// a.
    origin: SVector<T, N>,
    /// `b - a`.
    line: SVector<T, N>,
    /// w.
    across: SVector<T, N>,
    /// Points along and across.
    points: [u32; 2],
    /// The next of them.
    next: [u32; 2],
    lowest: Option<Height<T>>,
}

impl<T: Real, const N: usize> Surface<T, N> {
    /// A grid of so many points along and across, at least two each; 41 have the spacing 0.05, with a, b and the foot of c among them. If the
    /// points lie on a line, or two of them are the same, F does not change across.
    #[must_use]
    pub fn new(a: SVector<T, N>, b: SVector<T, N>, c: SVector<T, N>, points: [u32; 2]) -> Self {
        let (line, way) = (b - a, c - a);
        let across = way - line * share(&line, &way);
        // Twice, against rounding, which is all that is left of points on a line.
        let across = across - line * share(&line, &across);
        let rounding = T::of_usize(4 * N) * T::EPSILON * linalg::norm(&way);
        let across = if linalg::norm(&across) > rounding { across } else { linalg::zeros() };
        let points = points.map(|points| points.max(2));
        Self { origin: a, line, across, points, next: [0; 2], lowest: None }
    }

    /// One value, and where; none and no call after the last.
    ///
    /// # Errors
    /// The oracle's own error; nothing has changed.
    pub fn step<P: Objective<T, N>>(&mut self, problem: &mut P) -> Result<Option<Height<T>>, P::Error> {
        let ([column, row], [columns, rows]) = (self.next, self.points);
        if row >= rows {
            return Ok(None);
        }
        let place = |k: u32, of: u32| T::TWO * T::of_f64(f64::from(k)) / T::of_f64(f64::from(of - 1)) - T::HALF;
        let (along, beside) = (place(column, columns), place(row, rows));
        let value = problem.value(&(self.origin + self.line * along + self.across * beside))?;
        let value = if value.is_finite() { value } else { T::INFINITY };
        let height = Height { along, beside, value };
        if self.lowest.is_none_or(|lowest| value < lowest.value) {
            self.lowest = Some(height);
        }
        self.next = if column + 1 < columns { [column + 1, row] } else { [0, row + 1] };
        Ok(Some(height))
    }

    /// α and β of the foot of x, as for the points of a way that is to be drawn over the plane.
    #[must_use]
    pub fn coordinates(&self, x: &SVector<T, N>) -> (T, T) {
        let way = x - self.origin;
        (share(&self.line, &way), share(&self.across, &way))
    }

    /// The lowest point so far, the first of equals; none before the first step.
    #[must_use]
    pub const fn lowest(&self) -> Option<Height<T>> {
        self.lowest
    }
}

/// The coefficient of a way along a line; zero where the line is none.
fn share<T: Real, const N: usize>(line: &SVector<T, N>, way: &SVector<T, N>) -> T {
    let length = linalg::norm(line);
    if length > T::ZERO { linalg::dot(&(line / length), way) / length } else { T::ZERO }
}
