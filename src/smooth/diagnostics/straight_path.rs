//! A function along the straight line through two points.
//!
//! `L(α) = f((1 - α) a + α b)` at evenly spaced α in [-½, 3/2]. Between the points: whether L is monotone, and the barrier
//! `max [L(α) - (1 - α) L(0) - α L(1)]₊`, zero for a convex f. Overall: the lowest point.
//!
//! Reference: Goodfellow, Vinyals & Saxe, "Qualitatively characterizing neural network optimization problems", 2015; the barrier: Frankle,
//! Dziugaite, Roy & Carbin, "Linear mode connectivity and the lottery ticket hypothesis", 2020. Memory: two vectors. A value a step.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::Objective;
use crate::real::Real;

/// A walk from half a length before a to half a length behind b.
///
/// ```
/// use thalweg::{problem::value_fn, smooth::diagnostics::StraightPath};
/// use nalgebra::{vector, Vector1};
/// let mut well = value_fn(|x: &Vector1<f64>| 0.25 * x[0].powi(4) - 0.5 * x[0] * x[0]);
/// let mut path = StraightPath::new(vector![-1.0], vector![1.0], 41);
/// while !path.step(&mut well).unwrap() {}
/// assert!(path.barrier() == 0.25 && !path.is_monotone() && path.lowest() == (0.0, -0.25));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct StraightPath<T: Real, const N: usize> {
    /// a and b.
    from: SVector<T, N>,
    to: SVector<T, N>,
    /// Points of the walk, and values asked so far, the two ends first.
    points: u32,
    asked: u32,
    /// L(0) and L(1).
    ends: [T; 2],
    /// L at the last point of the walk in [0, 1], NaN before.
    last: T,
    /// Whether L has fallen and whether it has risen there.
    fallen: bool,
    risen: bool,
    barrier: T,
    /// `max L - L(0)` in [0, 1].
    height: T,
    /// α and L of the lowest point.
    lowest: (T, T),
}

impl<T: Real, const N: usize> StraightPath<T, N> {
    /// A walk of so many points, at least two; 41 have the spacing 0.05, with both ends and their middle among them.
    #[must_use]
    pub const fn new(from: SVector<T, N>, to: SVector<T, N>, points: u32) -> Self {
        Self {
            from,
            to,
            points: if points < 2 { 2 } else { points },
            asked: 0,
            ends: [T::NAN; 2],
            last: T::NAN,
            fallen: false,
            risen: false,
            barrier: T::ZERO,
            height: T::ZERO,
            lowest: (T::ZERO, T::INFINITY),
        }
    }

    /// One value; whether it was the last. After that, no call.
    ///
    /// # Errors
    /// The oracle's own error; nothing has changed.
    pub fn step<P: Objective<T, N>>(&mut self, problem: &mut P) -> Result<bool, P::Error> {
        if let Some(place) = self.place() {
            let value = problem.value(&(self.from * (T::ONE - place) + self.to * place))?;
            self.tell(place, value);
        }
        Ok(self.place().is_none())
    }

    /// The next α.
    fn place(&self) -> Option<T> {
        match self.asked {
            0 => Some(T::ZERO),
            1 => Some(T::ONE),
            asked if asked - 2 < self.points => {
                let share = T::of_f64(f64::from(asked - 2)) / T::of_f64(f64::from(self.points - 1));
                Some(T::TWO * share - T::HALF)
            }
            _ => None,
        }
    }

    fn tell(&mut self, place: T, value: T) {
        let value = if value.is_finite() { value } else { T::INFINITY };
        if value == T::INFINITY && place >= T::ZERO && place <= T::ONE {
            (self.barrier, self.height) = (value, value);
        }
        if value < self.lowest.1 {
            self.lowest = (place, value);
        }
        let [start, end] = &mut self.ends;
        match self.asked {
            0 => *start = value,
            1 => *end = value,
            _ if place >= T::ZERO && place <= T::ONE => {
                self.barrier = self.barrier.max(value - ((T::ONE - place) * *start + place * *end));
                self.height = self.height.max(value - *start);
                self.fallen |= value < self.last;
                self.risen |= value > self.last;
                self.last = value;
            }
            _ => {}
        }
        self.asked = self.asked.saturating_add(1);
    }

    /// `max [L(α) - (1 - α) L(0) - α L(1)]₊` over α in [0, 1]; infinite where L is not finite.
    #[must_use]
    pub const fn barrier(&self) -> T {
        self.barrier
    }

    /// `max L(α) - L(0)` over α in [0, 1].
    #[must_use]
    pub const fn height(&self) -> T {
        self.height
    }

    /// Whether L does not both rise and fall in [0, 1].
    #[must_use]
    pub const fn is_monotone(&self) -> bool {
        !(self.fallen && self.risen)
    }

    /// α and L of the lowest point in [-½, 3/2]; the first of equals, the ends before the others.
    #[must_use]
    pub const fn lowest(&self) -> (T, T) {
        self.lowest
    }
}

/// Where x is, seen from the line through a and b: how far along it from a, and how far beside it.
#[must_use]
pub fn path_coordinates<T: Real, const N: usize>(a: &SVector<T, N>, b: &SVector<T, N>, x: &SVector<T, N>) -> (T, T) {
    let (line, way) = (b - a, x - a);
    let length = linalg::norm(&line);
    let unit = line / length;
    let along = linalg::dot(&way, &unit);
    (along, linalg::norm(&(way - unit * along)))
}
