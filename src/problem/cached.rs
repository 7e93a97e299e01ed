//! Answering a repeated question from memory.

use nalgebra::SVector;

use crate::problem::{Objective, Problem, Smooth};
use crate::real::Real;

/// Remembers the last point and its answers: worth it where an evaluation costs more than comparing N numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Cached<P, T: Real, const N: usize> {
    /// The oracle.
    pub inner: P,
    value: Option<(SVector<T, N>, T)>,
    gradient: Option<SVector<T, N>>,
}

impl<P, T: Real, const N: usize> Cached<P, T, N> {
    /// An empty memory.
    pub const fn new(inner: P) -> Self {
        Self { inner, value: None, gradient: None }
    }

    /// Forgets, because the inner oracle changed.
    pub const fn clear(&mut self) {
        self.value = None;
        self.gradient = None;
    }

    fn value_at(&self, x: &SVector<T, N>) -> Option<T> {
        self.value.filter(|(at, _)| at == x).map(|(_, value)| value)
    }
}

impl<P: Problem, T: Real, const N: usize> Problem for Cached<P, T, N> {
    type Error = P::Error;
}

impl<P: Objective<T, N>, T: Real, const N: usize> Objective<T, N> for Cached<P, T, N> {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, P::Error> {
        if let Some(value) = self.value_at(x) {
            return Ok(value);
        }
        let value = self.inner.value(x)?;
        self.value = Some((*x, value));
        self.gradient = None;
        Ok(value)
    }
}

impl<P: Smooth<T, N>, T: Real, const N: usize> Smooth<T, N> for Cached<P, T, N> {
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        if let (Some(value), Some(gradient)) = (self.value_at(x), &self.gradient) {
            *g = *gradient;
            return Ok(value);
        }
        let value = self.inner.gradient(x, g)?;
        self.value = Some((*x, value));
        self.gradient = Some(*g);
        Ok(value)
    }
}
