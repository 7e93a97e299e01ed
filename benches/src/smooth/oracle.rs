//! The oracle of one run, the same for ours and for peers: it counts, and ends the run at the first point that succeeds.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::error::Error;
use std::fmt;

use nalgebra::{SMatrix, SVector};
use thalweg::problem::{Curved, Forward, HessianProducts, Objective, Problem, Smooth};

use crate::cases::{BUDGET, Case, Outcome};
use crate::tape::Tape;

/// What an oracle answers when its run is over.
#[derive(Debug)]
pub struct Over;

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the run is over")
    }
}

impl Error for Over {}

pub struct Oracle<'a, const N: usize> {
    pub case: &'a Case,
    function: RefCell<Forward<Tape>>,
    /// The points asked at: whoever asks there again, or for another derivative, pays nothing.
    seen: RefCell<HashSet<[u64; N]>>,
    products: Cell<u64>,
    calls: Cell<u64>,
    outcome: Cell<Option<Outcome>>,
}

impl<'a, const N: usize> Oracle<'a, N> {
    pub fn new(case: &'a Case) -> Self {
        Self {
            case,
            function: RefCell::new(Forward(case.tape.clone())),
            seen: RefCell::default(),
            products: Cell::default(),
            calls: Cell::default(),
            outcome: Cell::default(),
        }
    }

    /// Points, and products with a Hessian.
    pub fn evaluations(&self) -> u64 {
        self.seen.borrow().len() as u64 + self.products.get()
    }

    /// Every value, gradient, Hessian and product, or several of them from one call.
    pub fn calls(&self) -> u64 {
        self.calls.get()
    }

    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome.get()
    }

    /// Value and gradient.
    pub fn at(&self, x: &[f64]) -> Result<(f64, SVector<f64, N>), Over> {
        self.open()?;
        let (x, mut g) = (SVector::from_column_slice(x), SVector::zeros());
        let Ok(value) = self.function.borrow_mut().gradient(&x, &mut g);
        // One zero, not two.
        self.seen.borrow_mut().insert(x.data.0[0].map(|x| (x + 0.0).to_bits()));
        if value - self.case.least <= 1e-6 * self.case.least.abs().max(1.0) {
            self.outcome.set(Some(Outcome::Best));
        } else if value.is_finite() && self.gap(&x, &g) <= 1e-8 * value.abs().max(1.0) {
            self.outcome.set(Some(Outcome::Other));
        }
        self.close()?;
        Ok((value, g))
    }

    pub fn hessian(&self, x: &[f64]) -> Result<(f64, SVector<f64, N>, SMatrix<f64, N, N>), Over> {
        self.at(x)?;
        let (mut g, mut h) = (SVector::zeros(), SMatrix::zeros());
        let Ok(value) = self.function.borrow_mut().hessian(&SVector::from_column_slice(x), &mut g, &mut h);
        Ok((value, g, h))
    }

    pub fn product(&self, x: &[f64], v: &[f64]) -> Result<SVector<f64, N>, Over> {
        self.open()?;
        let (x, v, mut hv) = (SVector::from_column_slice(x), SVector::from_column_slice(v), SVector::zeros());
        let Ok(()) = self.function.borrow_mut().product(&x, &v, &mut hv);
        self.products.set(self.products.get() + 1);
        self.close()?;
        Ok(hv)
    }

    fn open(&self) -> Result<(), Over> {
        self.calls.set(self.calls.get() + 1);
        self.outcome.get().map_or(Ok(()), |_| Err(Over))
    }

    fn close(&self) -> Result<(), Over> {
        // The second: one who asks at few points for ever.
        if self.outcome.get().is_none() && (self.evaluations() >= BUDGET || self.calls() >= 20 * BUDGET) {
            self.outcome.set(Some(Outcome::Budget));
        }
        self.outcome.get().map_or(Ok(()), |_| Err(Over))
    }

    /// What the bounds leave of the gradient.
    fn gap(&self, x: &SVector<f64, N>, g: &SVector<f64, N>) -> f64 {
        let room = self.case.lower.iter().zip(&self.case.upper);
        let parts = x.iter().zip(g.iter()).zip(room);
        parts.map(|((&x, &g), (&l, &u))| g.max(x - u).min(x - l).abs()).fold(0.0, f64::max)
    }
}

/// As peers want it, which do not know the number of variables.
pub trait Ask {
    fn case(&self) -> &Case;
    /// Value and gradient.
    fn at(&self, x: &[f64]) -> Result<(f64, Vec<f64>), Over>;
    /// By columns.
    fn hessian(&self, x: &[f64]) -> Result<Vec<f64>, Over>;
    fn product(&self, x: &[f64], v: &[f64]) -> Result<Vec<f64>, Over>;
}

impl<const N: usize> Ask for Oracle<'_, N> {
    fn case(&self) -> &Case {
        self.case
    }

    fn at(&self, x: &[f64]) -> Result<(f64, Vec<f64>), Over> {
        Self::at(self, x).map(|(value, g)| (value, g.as_slice().to_vec()))
    }

    fn hessian(&self, x: &[f64]) -> Result<Vec<f64>, Over> {
        Ok(Self::hessian(self, x)?.2.as_slice().to_vec())
    }

    fn product(&self, x: &[f64], v: &[f64]) -> Result<Vec<f64>, Over> {
        Ok(Self::product(self, x, v)?.as_slice().to_vec())
    }
}

/// As ours want it.
impl<const N: usize> Problem for &Oracle<'_, N> {
    type Error = Over;
}

impl<const N: usize> Objective<f64, N> for &Oracle<'_, N> {
    fn value(&mut self, x: &SVector<f64, N>) -> Result<f64, Over> {
        Ok(self.at(x.as_slice())?.0)
    }
}

impl<const N: usize> Smooth<f64, N> for &Oracle<'_, N> {
    fn gradient(&mut self, x: &SVector<f64, N>, g: &mut SVector<f64, N>) -> Result<f64, Over> {
        let value;
        (value, *g) = self.at(x.as_slice())?;
        Ok(value)
    }
}

impl<const N: usize> Curved<f64, N> for &Oracle<'_, N> {
    fn hessian(
        &mut self,
        x: &SVector<f64, N>,
        g: &mut SVector<f64, N>,
        h: &mut SMatrix<f64, N, N>,
    ) -> Result<f64, Over> {
        let value;
        (value, *g, *h) = Oracle::hessian(self, x.as_slice())?;
        Ok(value)
    }
}

impl<const N: usize> HessianProducts<f64, N> for &Oracle<'_, N> {
    fn product(&mut self, x: &SVector<f64, N>, v: &SVector<f64, N>, hv: &mut SVector<f64, N>) -> Result<(), Over> {
        *hv = Oracle::product(self, x.as_slice(), v.as_slice())?;
        Ok(())
    }
}
