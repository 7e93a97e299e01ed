//! Contours of a classic function of two variables, and the paths of chosen methods on it, as SVG.
//!
//! Without arguments five methods set out along Rosenbrock's valley, `landscape.svg` is drawn, and their ends are asserted.

#![allow(unreachable_pub, reason = "nothing is reachable from outside a program")]
#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a drawing"
)]

mod figure;
mod functions;
mod methods;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use clap::Parser;
use clap::error::ErrorKind;
use nalgebra::{Vector2, vector};
use thalweg::Status;

use functions::Landscape;
use methods::{Name, Trail};

#[derive(Debug, Parser)]
#[command(about = "Draws contours of a function and the paths of methods on it")]
struct Arguments {
    /// The function.
    #[arg(long, value_enum, default_value_t = Landscape::Rosenbrock)]
    function: Landscape,
    /// The methods, drawn in this order.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_values_t = [Name::GradientDescent, Name::BarzilaiBorwein, Name::ConjugateGradient, Name::Lbfgs, Name::NewtonTrustRegion]
    )]
    methods: Vec<Name>,
    /// Where they start, such as --start=-1.2,1; default: a place of the function's own.
    #[arg(long, value_delimiter = ',', num_args = 2, allow_negative_numbers = true)]
    start: Vec<f64>,
    /// Steps of each method at most.
    #[arg(long, default_value_t = 2000)]
    budget: u32,
    #[arg(long, default_value = "landscape.svg")]
    svg: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let start: Vector2<f64> = match arguments.start[..] {
        [] => arguments.function.start().into(),
        [x, y] if x.is_finite() && y.is_finite() => vector![x, y],
        _ => {
            let text = "--start takes two finite numbers, such as --start=-1.2,1\n";
            clap::Error::raw(ErrorKind::ValueValidation, text).exit()
        }
    };
    let trails: Vec<Trail> =
        arguments.methods.iter().map(|name| name.follow(arguments.function, start, arguments.budget)).collect();
    println!("{:22} {:>6} {:>12} {:>14} {:>24}  status", "method", "steps", "evaluations", "value", "point");
    for trail in &trails {
        let point = format!("({:.6}, {:.6})", trail.end().x, trail.end().y);
        println!(
            "{:22} {:6} {:12} {:14.6e} {point:>24}  {}",
            trail.name.title(),
            trail.steps,
            trail.evaluations,
            trail.value,
            trail.status
        );
    }
    fs::write(&arguments.svg, figure::draw(arguments.function, start, &trails)?)?;
    println!("drawn: {}", arguments.svg.display());
    if std::env::args().len() == 1 {
        check(&trails);
    }
    Ok(())
}

/// All but gradient descent, which is still on its way along the valley, end in the minimum at (1, 1).
fn check(trails: &[Trail]) {
    for trail in trails {
        let far = (trail.end() - vector![1.0, 1.0]).norm();
        if trail.name == Name::GradientDescent {
            assert!(trail.status == Status::Running && trail.value < 0.1, "{:?}", trail.status);
        } else {
            assert!(matches!(trail.status, Status::Converged(_)) && far < 1e-6, "{:?} ended {far:e} off", trail.name);
        }
    }
}
