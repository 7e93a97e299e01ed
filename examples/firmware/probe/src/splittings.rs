//! Every splitting method, Frank-Wolfe, and the augmented Lagrangian method.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector, vector};
use thalweg::constrained::{
    AugmentedLagrangian, AugmentedLagrangianState, ConstrainedFunction, FrankWolfe, FrankWolfeState,
    LinearMinimization, NonlinearProgram,
};
use thalweg::least_squares::Bounds;
use thalweg::penalty::{Each, HalfSpace, Interval, L1, L1Ball, L2Ball, Penalty, Simplex};
use thalweg::problem::{Counted, Fault, Faulty, Forward, Problem, Smooth, gradient_fn};
use thalweg::splitting::{
    Admm, AdmmState, AlternatingProjections, AlternatingProjectionsState, Augmented, Coupled, DavisYin, DavisYinState,
    Direct, DouglasRachford, DouglasRachfordState, Dykstra, DykstraState, Matrix, Operator, PrimalDual,
    PrimalDualState, Projections, Proximal, ProximalQuadratic, Sets, Simple,
};
use thalweg::{Method, Number, Real};

use crate::{any, see};

fn start<T: Real>() -> SVector<T, 3> {
    any(vector![T::ONE, T::TWO, -T::ONE])
}

pub fn everything<T: Real>() {
    let square = || any(SMatrix::<T, 3, 3>::identity());
    let wide = || any(SMatrix::<T, 2, 3>::identity());
    let l1 = || any(Each(L1 { strength: T::HALF }));
    let interval = || any(Each(Interval { lower: -T::ONE, upper: T::ONE }));
    let half = || any(HalfSpace { normal: start(), offset: T::ONE });

    proximal(&mut Simple(interval()));
    proximal(&mut Counted::new(Simple(l1())));
    proximal(&mut any(Faulty::new(Simple(l1()), Fault::Nan, 3)));
    augmented::<T, _, 3>(&mut Direct(Simple(l1())));
    if let Ok(mut quadratic) = ProximalQuadratic::new(square(), start()) {
        proximal(&mut quadratic);
    }
    if let Ok(coupled) = Coupled::new(square(), start(), wide()) {
        augmented::<T, _, 2>(&mut coupled.clone());
        augmented::<T, _, 2>(&mut Counted::new(coupled.clone()));
        augmented::<T, _, 2>(&mut any(Faulty::new(coupled, Fault::Error, 3)));
    }
    operator(&mut Matrix(wide()));
    operator(&mut Counted::new(Matrix(wide())));
    operator(&mut any(Faulty::new(Matrix(wide()), Fault::Nan, 3)));
    projections::<T, _, 2>(&mut Sets([interval(), interval()]));
    projections::<T, _, 2>(&mut Sets((interval(), half())));
    projections::<T, _, 3>(&mut Sets((interval(), half(), any(L2Ball { radius: T::ONE }))));
    projections::<T, _, 2>(&mut Counted::new(Sets((interval(), half()))));
    projections::<T, _, 2>(&mut any(Faulty::new(Sets((interval(), half())), Fault::Nan, 3)));

    let mut bowl = gradient_fn(|x: &SVector<T, 3>, g: &mut SVector<T, 3>| {
        *g = *x;
        x.iter().fold(T::ZERO, |sum, x| sum + x.squared())
    });
    three(&mut bowl);
    linear(any(Simplex { total: T::ONE }), &mut bowl);
    linear(any(L1Ball { radius: T::ONE }), &mut bowl);
    linear(any(L2Ball { radius: T::ONE }), &mut bowl);
    linear(interval(), &mut bowl);
    linear(any(Bounds::new(-start::<T>(), start::<T>())), &mut bowl);

    nonlinear::<T, _, 1>(&mut Forward(Product));
    nonlinear::<T, _, 4>(&mut Forward(Product));
    nonlinear::<T, _, 1>(&mut Counted::new(Forward(Product)));
    nonlinear::<T, _, 1>(&mut any(Faulty::new(Forward(Product), Fault::Nan, 3)));
}

fn proximal<T: Real, P: Proximal<T, 3>>(problem: &mut P) {
    let method = any(DouglasRachford::new(Each(L1 { strength: T::HALF })));
    see(method.validate().is_ok());
    let mut state = any(DouglasRachfordState::new(start()));
    see(method.run(&mut state, problem, any(9)).is_ok());
    see((*state.x(), state.residual()));
}

fn augmented<T: Real, P: Augmented<T, 3, M>, const M: usize>(problem: &mut P) {
    let method = any(Admm::new(Each(L1 { strength: T::HALF })));
    see(method.validate().is_ok());
    let mut state = any(AdmmState::<T, 3, M>::new(start()));
    see(method.run(&mut state, problem, any(9)).is_ok());
    see((*state.x(), *state.image(), state.residual()));
}

fn operator<T: Real, P: Operator<T, 3, 2>>(problem: &mut P) {
    let l1 = any(Each(L1 { strength: T::HALF }));
    see(problem.norm(any(9)).is_ok());
    let method = any(PrimalDual::new(l1, l1, T::HALF, T::HALF));
    see(method.validate().is_ok());
    let mut state = any(PrimalDualState::new(start()));
    see(method.run(&mut state, problem, any(9)).is_ok());
    see((*state.x(), *state.multipliers(), state.residual()));
}

fn projections<T: Real, P: Projections<T, 3, K>, const K: usize>(problem: &mut P) {
    let method = any(AlternatingProjections::default());
    see(method.validate().is_ok());
    let mut state = any(AlternatingProjectionsState::<T, 3, K>::new(start()));
    see(method.run(&mut state, problem, any(9)).is_ok());
    see((*state.x(), state.residual()));
    let method = any(Dykstra::default());
    see(method.validate().is_ok());
    let mut state = any(DykstraState::<T, 3, K>::new(start()));
    see(method.run(&mut state, problem, any(9)).is_ok());
    see((*state.x(), state.residual()));
}

fn three<T: Real>(problem: &mut dyn Smooth<T, 3, Error = Infallible>) {
    let l1 = any(Each(L1 { strength: T::HALF }));
    let method = any(DavisYin::new(l1, l1));
    see(method.validate().is_ok());
    let mut state = any(DavisYinState::new(start()));
    see(method.run(&mut state, &mut { problem }, any(9)).is_ok());
    see((*state.x(), state.residual()));
}

fn linear<T: Real, S: LinearMinimization<T>>(set: S, problem: &mut dyn Smooth<T, 3, Error = Infallible>) {
    see(Penalty::value(&set, start::<T>().as_slice()));
    let method = any(FrankWolfe::new(set));
    see(method.validate().is_ok());
    let mut plain = any(FrankWolfeState::<T, 3, 0>::new(start()));
    see(method.run(&mut plain, &mut &mut *problem, any(9)).is_ok());
    see((*plain.x(), plain.value(), plain.gap()));
    let mut state = any(FrankWolfeState::<T, 3, 4>::new(start()));
    see(method.run(&mut state, &mut { problem }, any(9)).is_ok());
    see((*state.x(), state.value(), state.gap()));
}

/// A function and constraints over any number.
struct Product;

impl<T: Real, const M: usize> ConstrainedFunction<T, 3, M> for Product {
    fn evaluate<D: Number<Scalar = T>>(&self, &[x, y, z]: &[D; 3]) -> (D, [D; M]) {
        (x * y * z, core::array::from_fn(|i| x * x + y.scale(T::of_usize(i)) - z))
    }
}

fn nonlinear<T: Real, P: NonlinearProgram<T, 3, M> + Problem, const M: usize>(problem: &mut P) {
    let limits = any(SVector::<T, M>::from_element(T::ONE));
    let method = any(AugmentedLagrangian::new(-limits, limits).within(Bounds::new(-start::<T>(), start::<T>())));
    see(method.validate().is_ok());
    let mut state = any(AugmentedLagrangianState::warm(start(), limits));
    see(method.run(&mut state, problem, any(9)).is_ok());
    see((*state.x(), *state.multipliers(), *state.certificate(), state.certificate().worst()));
}
