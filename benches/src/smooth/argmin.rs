//! The solvers of `argmin`, with their defaults but for the tolerances, which are zero.

use argmin::core::{CostFunction, Error, Executor, Gradient, Hessian};
use argmin::solver::conjugategradient::NonlinearConjugateGradient;
use argmin::solver::conjugategradient::beta::PolakRibierePlus;
use argmin::solver::gradientdescent::SteepestDescent;
use argmin::solver::linesearch::{HagerZhangLineSearch, MoreThuenteLineSearch};
use argmin::solver::newton::NewtonCG;
use argmin::solver::quasinewton::{BFGS, DFP, LBFGS, SR1};
use argmin::solver::trustregion::{Steihaug, TrustRegion};
use argmin_math::ArgminDot;

use crate::Enter;
use crate::cases::Outcome;
use crate::oracle::Ask;

type Vector = Vec<f64>;

struct Peer<'a>(&'a dyn Ask);

impl CostFunction for Peer<'_> {
    type Param = Vector;
    type Output = f64;

    fn cost(&self, x: &Vector) -> Result<f64, Error> {
        Ok(self.0.at(x)?.0)
    }
}

impl Gradient for Peer<'_> {
    type Param = Vector;
    type Gradient = Vector;

    fn gradient(&self, x: &Vector) -> Result<Vector, Error> {
        Ok(self.0.at(x)?.1)
    }
}

impl Hessian for Peer<'_> {
    type Param = Vector;
    type Hessian = Matrix;

    fn hessian(&self, x: &Vector) -> Result<Matrix, Error> {
        // It is symmetric.
        Ok(Matrix(self.0.hessian(x)?.chunks(x.len()).map(<[f64]>::to_vec).collect()))
    }
}

/// Not to be multiplied with what is not finite, on which the inner loop of `NewtonCG` turns for ever.
#[derive(Clone)]
struct Matrix(Vec<Vector>);

impl ArgminDot<Vector, Vector> for Matrix {
    fn dot(&self, v: &Vector) -> Vector {
        let product: Vector = self.0.dot(v);
        assert!(product.iter().all(|p| p.is_finite()), "not finite");
        product
    }
}

type Thuente = MoreThuenteLineSearch<Vector, Vector, f64>;
type Zhang = HagerZhangLineSearch<Vector, Vector, f64>;

macro_rules! enter {
    ($runs:ident, $name:literal, $solver:expr $(, $seed:ident = $value:expr)?) => {
        $runs.enter($name, &mut |oracle| {
            let start = oracle.case().start.clone();
            let solve = Executor::new(Peer(oracle), $solver)
                .configure(|state| state.param(start) $(.$seed($value))? .max_iters(u64::MAX));
            if solve.ctrlc(false).run().is_ok() { Outcome::Early } else { Outcome::Stalled }
        });
    };
}

/// Without its own tolerances.
macro_rules! endless {
    ($solver:expr) => {
        $solver.with_tolerance_grad(0.0).and_then(|solver| solver.with_tolerance_cost(0.0)).expect("zero is in range")
    };
}

pub fn enter_all(runs: &mut dyn Enter) {
    let n = runs.variables();
    let identity: Vec<Vector> = (0..n).map(|i| (0..n).map(|j| f64::from(i == j)).collect()).collect();
    enter!(runs, "argmin, steepest descent, Moré-Thuente", SteepestDescent::new(Thuente::new()));
    enter!(
        runs,
        "argmin, conjugate gradient, Moré-Thuente",
        NonlinearConjugateGradient::<Vector, _, _, f64>::new(Thuente::new(), PolakRibierePlus::new())
    );
    enter!(
        runs,
        "argmin, conjugate gradient, Hager-Zhang",
        NonlinearConjugateGradient::<Vector, _, _, f64>::new(Zhang::new(), PolakRibierePlus::new())
    );
    enter!(runs, "argmin, BFGS, Moré-Thuente", endless!(BFGS::new(Thuente::new())), inv_hessian = identity.clone());
    enter!(runs, "argmin, BFGS, Hager-Zhang", endless!(BFGS::new(Zhang::new())), inv_hessian = identity.clone());
    enter!(runs, "argmin, L-BFGS, Moré-Thuente", endless!(LBFGS::<_, Vector, Vector, f64>::new(Thuente::new(), 10)));
    enter!(runs, "argmin, L-BFGS, Hager-Zhang", endless!(LBFGS::<_, Vector, Vector, f64>::new(Zhang::new(), 10)));
    enter!(runs, "argmin, SR1, Moré-Thuente", endless!(SR1::new(Thuente::new())), inv_hessian = identity.clone());
    let dfp = || DFP::new(Thuente::new()).with_tolerance_grad(0.0).expect("zero is in range");
    enter!(runs, "argmin, DFP, Moré-Thuente", dfp(), inv_hessian = identity.clone());
    let newton = || NewtonCG::new(Thuente::new()).with_tolerance(f64::MIN_POSITIVE).expect("it takes what is positive");
    enter!(runs, "argmin, Newton-CG, Moré-Thuente", newton());
    enter!(runs, "argmin, trust region, Steihaug", TrustRegion::<_, f64>::new(Steihaug::<Vector, f64>::new()));
}
