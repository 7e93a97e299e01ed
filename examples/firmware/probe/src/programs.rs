//! Quadratic programs.

use nalgebra::{SMatrix, SVector};
use thalweg::constrained::{
    Active, ConeProgram, DualActiveSet, DualActiveSetState, FactoredProgram, InteriorPoint, InteriorPointState,
    QuadraticProgram,
};
use thalweg::{Method, Real};

use crate::{any, see};

pub fn everything<T: Real>() {
    program::<T, 3, 0>();
    program::<T, 3, 2>();
    program::<T, 10, 20>();
    see(DualActiveSet::work(any(3), any(2)));
    cones::<T, 2, 5, 0, 0, 1>();
    cones::<T, 5, 11, 2, 3, 3>();
    cones::<T, 10, 20, 1, 2, 4>();
    let quadratic = any(QuadraticProgram::<T, 3, 2>::linear(SVector::from_element(T::ONE)));
    see(ConeProgram::<T, 3, 10, 2>::from(&quadratic));
}

fn program<T: Real, const N: usize, const M: usize>() {
    let some = || any(SVector::<T, N>::from_element(T::ONE));
    let mut data = any(QuadraticProgram::<T, N, M>::new(SMatrix::from_element(T::ONE), some()));
    see(QuadraticProgram::<T, N, M>::linear(some()));
    data.rows = any(SMatrix::from_element(T::ONE));
    data.row_lower = any(SVector::from_element(T::ZERO));
    see((data.objective(&some()), data.row_values(&some())));
    let residual = data.certify(&some(), &some(), &any(SVector::from_element(T::ONE)));
    see((residual, residual.worst()));

    let mut program = any(FactoredProgram::<T, N, M>::zero());
    see(program.prepare(&data, any(T::ONE)));
    let Ok(mut program) = data.factor(any(T::ONE)) else { return };
    program.set_gradient(&some());
    see(program.set_bounds(&some(), &some()));
    see(program.set_row_limits(&any(data.row_lower), &any(data.row_upper)));
    see((program.gradient(), program.proximity(), program.clone()));

    let method = any(DualActiveSet::<T>::default());
    see(method.validate());
    let mut state = any(DualActiveSetState::new(some()));
    see(state.guess(any(Active { constraint: 1, upper: true })));
    see(method.step(&mut state, &mut program));
    see(method.run(&mut state, &mut program, any(10)));
    see((state.x(), state.multipliers(&program), state.clone()));
    state.working_set().iter().for_each(see);
    state.restart();
    state.rebuild();
    see(method.solve(some(), &mut program, any(10)));
}

fn cones<T: Real, const N: usize, const M: usize, const E: usize, const C: usize, const K: usize>() {
    let some = || any(SVector::<T, N>::from_element(T::ONE));
    let slack = || any(SVector::<T, M>::from_element(T::ONE));
    let mut program = any(ConeProgram::<T, N, M, E, C, K>::new(SMatrix::from_element(T::ONE), some()));
    program.rows = any(SMatrix::from_element(T::ONE));
    program.equations = any(SMatrix::from_element(T::ONE));
    see((program.objective(&some()), program.slack(&some()), program.clone()));
    let residual = program.certify(&some(), &any(SVector::from_element(T::ONE)), &slack());
    see((residual, residual.worst()));

    let method = any(InteriorPoint::<T>::default());
    see(method.validate());
    let mut state = any(InteriorPointState::inside(some(), slack(), slack()));
    see(method.step(&mut state, &mut program));
    see(method.run(&mut state, &mut program, any(10)));
    see((state.x(), state.multipliers(), state.residual(), state.clone()));
    see(method.solve(some(), &mut program, any(10)));
}
