//! The solvers of `basin`, with their defaults but for the tolerances, which are off.

use basin::{
    Backtracking, Bfgs, BoxBounds, ConstraintDescription, ConstraintSet, Constraints, CostFunction, Executor, Gradient,
    GradientDescent, HagerZhang, Hessian, HessianProduct, Lbfgs, MoreSorensen, MoreThuente, NonlinearCg,
    ProjectedGradientDescent, Slsqp, Termination, TrustRegion,
};
use nalgebra::{DMatrix, DVector};

use crate::Enter;
use crate::cases::Outcome;
use crate::oracle::{Ask, Over};

type Vector = DVector<f64>;

struct Peer<'a> {
    oracle: &'a dyn Ask,
    lower: Vector,
    upper: Vector,
}

impl CostFunction for Peer<'_> {
    type Param = Vector;
    type Output = f64;
    type Error = Over;

    fn cost(&self, x: &Vector) -> Result<f64, Over> {
        Ok(self.oracle.at(x.as_slice())?.0)
    }
}

impl Gradient for Peer<'_> {
    type Gradient = Vector;

    fn gradient(&self, x: &Vector) -> Result<Vector, Over> {
        Ok(self.cost_and_gradient(x)?.1)
    }

    fn cost_and_gradient(&self, x: &Vector) -> Result<(f64, Vector), Over> {
        let (value, g) = self.oracle.at(x.as_slice())?;
        Ok((value, Vector::from_vec(g)))
    }
}

impl Hessian for Peer<'_> {
    type Hessian = DMatrix<f64>;

    fn hessian(&self, x: &Vector) -> Result<DMatrix<f64>, Over> {
        Ok(DMatrix::from_vec(x.len(), x.len(), self.oracle.hessian(x.as_slice())?))
    }
}

impl HessianProduct for Peer<'_> {
    fn hessian_product(&self, x: &Vector, v: &Vector) -> Result<Vector, Over> {
        Ok(Vector::from_vec(self.oracle.product(x.as_slice(), v.as_slice())?))
    }
}

impl Constraints for Peer<'_> {
    type Set = ConstraintSet<BoxBounds<Vector>>;

    fn constraints(&self) -> <Self::Set as ConstraintDescription>::Borrowed<'_> {
        ConstraintSet::new().with_bounds(BoxBounds::new(Some(&self.lower), Some(&self.upper)))
    }
}

macro_rules! enter {
    ($runs:ident, $name:literal, $solver:expr) => {
        $runs.enter($name, &mut |oracle| {
            let of = |x: &[f64]| Vector::from_column_slice(x);
            let start = of(&oracle.case().start);
            let peer = Peer { oracle, lower: of(&oracle.case().lower), upper: of(&oracle.case().upper) };
            match Executor::from_start(peer, $solver, start).max_iter(u64::MAX).run() {
                Ok(result) if matches!(result.report.termination, Termination::Converged(_)) => Outcome::Early,
                _ => Outcome::Stalled,
            }
        });
    };
}

pub fn enter_bounded(runs: &mut dyn Enter) {
    enter!(
        runs,
        "basin, L-BFGS-B",
        Lbfgs::new().with_absolute_projected_gradient_tolerance(None).with_relative_cost_reduction_tolerance(None)
    );
    enter!(runs, "basin, SLSQP", Slsqp::new().with_absolute_accuracy_tolerance(None));
    enter!(
        runs,
        "basin, projected gradient, backtracking",
        ProjectedGradientDescent::with_line_search(Backtracking::new())
    );
}

pub fn enter_free(runs: &mut dyn Enter) {
    enter!(
        runs,
        "basin, gradient descent, Hager-Zhang",
        GradientDescent::<_, Vector>::with_line_search(HagerZhang::new())
    );
    enter!(runs, "basin, conjugate gradient", NonlinearCg::<_, Vector>::new());
    enter!(runs, "basin, BFGS", Bfgs::<Vector>::new());
    enter!(runs, "basin, BFGS, Moré-Thuente", Bfgs::<Vector, f64, _, _>::with_line_search(MoreThuente::new()));
    enter!(runs, "basin, BFGS, Hager-Zhang", Bfgs::<Vector, f64, _, _>::with_line_search(HagerZhang::new()));
    enter!(runs, "basin, L-BFGS", Lbfgs::new().unbounded());
    enter!(runs, "basin, L-BFGS, Hager-Zhang", Lbfgs::with_line_search(HagerZhang::new()).unbounded());
    enter!(runs, "basin, trust region, Steihaug", TrustRegion::new());
    enter!(runs, "basin, trust region, Moré-Sorensen", TrustRegion::with_subproblem(MoreSorensen::new()));
    enter!(runs, "basin, trust region, products", TrustRegion::matrix_free());
}
