//! The oracles of splitting behind references and the wrappers of [`problem`](crate::problem).

use nalgebra::SVector;

use crate::problem::{Counted, Faulty, Injected};
use crate::real::Real;
use crate::splitting::{Augmented, Operator, Projections, Proximal};

impl<T: Real, const N: usize, P: Proximal<T, N> + ?Sized> Proximal<T, N> for &mut P {
    fn prox(&mut self, x: &mut SVector<T, N>, rate: T) -> Result<(), P::Error> {
        (**self).prox(x, rate)
    }
}

impl<T: Real, const N: usize, P: Proximal<T, N>> Proximal<T, N> for Counted<P> {
    fn prox(&mut self, x: &mut SVector<T, N>, rate: T) -> Result<(), P::Error> {
        self.inner.prox(x, rate)?;
        self.values += 1;
        Ok(())
    }
}

impl<T: Real, const N: usize, P: Proximal<T, N>> Proximal<T, N> for Faulty<P> {
    fn prox(&mut self, x: &mut SVector<T, N>, rate: T) -> Result<(), Injected<P::Error>> {
        let struck = self.strike()?;
        self.inner.prox(x, rate).map_err(Injected::Inner)?;
        spoil(struck, x);
        Ok(())
    }
}

impl<T: Real, const N: usize, const M: usize, P: Augmented<T, N, M> + ?Sized> Augmented<T, N, M> for &mut P {
    fn minimize(
        &mut self,
        target: &SVector<T, M>,
        weight: T,
        x: &mut SVector<T, N>,
        image: &mut SVector<T, M>,
    ) -> Result<(), P::Error> {
        (**self).minimize(target, weight, x, image)
    }
}

impl<T: Real, const N: usize, const M: usize, P: Augmented<T, N, M>> Augmented<T, N, M> for Counted<P> {
    fn minimize(
        &mut self,
        target: &SVector<T, M>,
        weight: T,
        x: &mut SVector<T, N>,
        image: &mut SVector<T, M>,
    ) -> Result<(), P::Error> {
        self.inner.minimize(target, weight, x, image)?;
        self.values += 1;
        Ok(())
    }
}

impl<T: Real, const N: usize, const M: usize, P: Augmented<T, N, M>> Augmented<T, N, M> for Faulty<P> {
    fn minimize(
        &mut self,
        target: &SVector<T, M>,
        weight: T,
        x: &mut SVector<T, N>,
        image: &mut SVector<T, M>,
    ) -> Result<(), Injected<P::Error>> {
        let struck = self.strike()?;
        self.inner.minimize(target, weight, x, image).map_err(Injected::Inner)?;
        spoil(struck, x);
        Ok(())
    }
}

impl<T: Real, const N: usize, const M: usize, P: Operator<T, N, M> + ?Sized> Operator<T, N, M> for &mut P {
    fn apply(&mut self, x: &SVector<T, N>, image: &mut SVector<T, M>) -> Result<(), P::Error> {
        (**self).apply(x, image)
    }

    fn adjoint(&mut self, y: &SVector<T, M>, image: &mut SVector<T, N>) -> Result<(), P::Error> {
        (**self).adjoint(y, image)
    }
}

impl<T: Real, const N: usize, const M: usize, P: Operator<T, N, M>> Operator<T, N, M> for Counted<P> {
    fn apply(&mut self, x: &SVector<T, N>, image: &mut SVector<T, M>) -> Result<(), P::Error> {
        self.inner.apply(x, image)?;
        self.values += 1;
        Ok(())
    }

    fn adjoint(&mut self, y: &SVector<T, M>, image: &mut SVector<T, N>) -> Result<(), P::Error> {
        self.inner.adjoint(y, image)?;
        self.gradients += 1;
        Ok(())
    }
}

impl<T: Real, const N: usize, const M: usize, P: Operator<T, N, M>> Operator<T, N, M> for Faulty<P> {
    fn apply(&mut self, x: &SVector<T, N>, image: &mut SVector<T, M>) -> Result<(), Injected<P::Error>> {
        let struck = self.strike()?;
        self.inner.apply(x, image).map_err(Injected::Inner)?;
        spoil(struck, image);
        Ok(())
    }

    fn adjoint(&mut self, y: &SVector<T, M>, image: &mut SVector<T, N>) -> Result<(), Injected<P::Error>> {
        let struck = self.strike()?;
        self.inner.adjoint(y, image).map_err(Injected::Inner)?;
        spoil(struck, image);
        Ok(())
    }
}

impl<T: Real, const N: usize, const K: usize, P: Projections<T, N, K> + ?Sized> Projections<T, N, K> for &mut P {
    fn project(&mut self, i: usize, x: &mut SVector<T, N>) -> Result<(), P::Error> {
        (**self).project(i, x)
    }
}

impl<T: Real, const N: usize, const K: usize, P: Projections<T, N, K>> Projections<T, N, K> for Counted<P> {
    fn project(&mut self, i: usize, x: &mut SVector<T, N>) -> Result<(), P::Error> {
        self.inner.project(i, x)?;
        self.values += 1;
        Ok(())
    }
}

impl<T: Real, const N: usize, const K: usize, P: Projections<T, N, K>> Projections<T, N, K> for Faulty<P> {
    fn project(&mut self, i: usize, x: &mut SVector<T, N>) -> Result<(), Injected<P::Error>> {
        let struck = self.strike()?;
        self.inner.project(i, x).map_err(Injected::Inner)?;
        spoil(struck, x);
        Ok(())
    }
}

fn spoil<T: Real, const N: usize>(struck: bool, answer: &mut SVector<T, N>) {
    if struck {
        *answer = SVector::from_element(T::NAN);
    }
}
