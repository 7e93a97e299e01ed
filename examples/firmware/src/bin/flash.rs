#![no_std]
#![no_main]
//! Evaluates the function of `smooth` and solves with the chosen method, if any: the difference is what the method weighs.

use core::hint::black_box;

use firmware::measure::finish;
use firmware::smooth::{Plain, Springs, chosen};
use nalgebra::{SMatrix, SVector};
use thalweg::problem::{Curved, HessianProducts, Smooth};

#[unsafe(no_mangle)]
fn main() -> ! {
    let x: SVector<f32, 6> = black_box(SVector::repeat(0.1));
    let (mut g, mut h) = (SVector::zeros(), SMatrix::zeros());
    let Ok(value) = Springs.gradient(&x, &mut g);
    black_box((value, g));
    let Ok(value) = Springs.hessian(&x, &mut g, &mut h);
    black_box((value, g, h));
    let Ok(()) = Springs.product(&x, &x, &mut g);
    black_box(g);
    finish(&chosen(&mut Plain))
}
