//! An oracle that counts each kind of question.

use nalgebra::{SMatrix, SVector};
use thalweg::Real;
use thalweg::problem::{Curved, HessianProducts, Objective, Problem, Smooth};

#[derive(Clone, Copy, Debug, Default)]
pub struct Watched<P> {
    pub inner: P,
    pub values: u32,
    pub gradients: u32,
    pub hessians: u32,
    pub products: u32,
}

impl<P> Watched<P> {
    pub const fn new(inner: P) -> Self {
        Self { inner, values: 0, gradients: 0, hessians: 0, products: 0 }
    }
}

impl<P: Problem> Problem for Watched<P> {
    type Error = P::Error;
}

impl<T: Real, const N: usize, P: Objective<T, N>> Objective<T, N> for Watched<P> {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, P::Error> {
        self.values += 1;
        self.inner.value(x)
    }
}

impl<T: Real, const N: usize, P: Smooth<T, N>> Smooth<T, N> for Watched<P> {
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, P::Error> {
        self.gradients += 1;
        self.inner.gradient(x, g)
    }
}

impl<T: Real, const N: usize, P: Curved<T, N>> Curved<T, N> for Watched<P> {
    fn hessian(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>, h: &mut SMatrix<T, N, N>) -> Result<T, P::Error> {
        self.hessians += 1;
        self.inner.hessian(x, g, h)
    }
}

impl<T: Real, const N: usize, P: HessianProducts<T, N>> HessianProducts<T, N> for Watched<P> {
    fn product(&mut self, x: &SVector<T, N>, v: &SVector<T, N>, hv: &mut SVector<T, N>) -> Result<(), P::Error> {
        self.products += 1;
        self.inner.product(x, v, hv)
    }
}
