//! Straight-line programs of the reference data: residuals over any number, and as rows.

use std::path::Path;

use nalgebra::SVector;
use thalweg::constrained::ConstrainedFunction;
use thalweg::problem::{Dual, Function, Problem, Rows};
use thalweg::{Number, Real};

#[derive(Clone, Copy, Debug)]
enum Operand {
    Variable(usize),
    Row(usize),
    Constant(f64),
}

impl Operand {
    fn parse(text: &str) -> Self {
        let numbered = |prefix: char| text.strip_prefix(prefix).and_then(|n| n.parse().ok());
        if let Some(i) = numbered('x') {
            Self::Variable(i)
        } else if let Some(i) = numbered('t') {
            Self::Row(i)
        } else {
            Self::Constant(text.parse().unwrap())
        }
    }
}

/// What an operation does with its operands.
#[derive(Clone, Copy, Debug)]
enum Code {
    Neg,
    Exp,
    Log,
    Sqrt,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Abs,
    Add,
    Sub,
    Mul,
    Div,
    Power,
    Integer(i32),
}

impl Code {
    fn parse(text: &str, exponent: Operand) -> Self {
        match text {
            "neg" => Self::Neg,
            "exp" => Self::Exp,
            "log" => Self::Log,
            "sqrt" => Self::Sqrt,
            "sin" => Self::Sin,
            "cos" => Self::Cos,
            "tan" => Self::Tan,
            "asin" => Self::Asin,
            "acos" => Self::Acos,
            "atan" => Self::Atan,
            "sinh" => Self::Sinh,
            "cosh" => Self::Cosh,
            "tanh" => Self::Tanh,
            "abs" => Self::Abs,
            "add" => Self::Add,
            "sub" => Self::Sub,
            "mul" => Self::Mul,
            "div" => Self::Div,
            "pow" => match exponent {
                Operand::Constant(e) if e == e.trunc() && e.abs() < 100.0 => Self::Integer(e as i32),
                _ => Self::Power,
            },
            other => panic!("unknown operation {other}"),
        }
    }

    fn apply<D: Number>(self, a: D, b: D) -> D {
        match self {
            Self::Neg => -a,
            Self::Exp => a.exp(),
            Self::Log => a.ln(),
            Self::Sqrt => a.sqrt(),
            Self::Sin => a.sin(),
            Self::Cos => a.cos(),
            Self::Tan => a.tan(),
            Self::Asin => a.asin(),
            Self::Acos => a.acos(),
            Self::Atan => a.atan(),
            Self::Sinh => a.sinh(),
            Self::Cosh => a.cosh(),
            Self::Tanh => a.tanh(),
            Self::Abs => a.abs(),
            Self::Add => a + b,
            Self::Sub => a - b,
            Self::Mul => a * b,
            Self::Div => a / b,
            Self::Power => a.powf(b),
            Self::Integer(exponent) => a.powi(exponent),
        }
    }
}

/// A program: operations on earlier results, and which of them are residuals, the objective and constraints.
#[derive(Clone, Debug)]
pub struct Tape {
    operations: Vec<(Code, Operand, Operand)>,
    residuals: Vec<Operand>,
    objective: Option<Operand>,
    constraints: Vec<Operand>,
}

impl Tape {
    pub fn load(set: &Path) -> Self {
        let text = std::fs::read_to_string(set.join("tape.csv")).unwrap();
        let (mut operations, mut residuals) = (Vec::new(), Vec::new());
        let (mut objective, mut constraints) = (None, Vec::new());
        for line in text.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            if cells[0] != "out" {
                let second =
                    cells.get(2).filter(|cell| !cell.is_empty()).map_or(Operand::Constant(0.0), |c| Operand::parse(c));
                operations.push((Code::parse(cells[0], second), Operand::parse(cells[1]), second));
            } else if cells[1].starts_with('r') {
                residuals.push(Operand::parse(cells[2]));
            } else if cells[1] == "f" {
                objective = Some(Operand::parse(cells[2]));
            } else {
                constraints.push(Operand::parse(cells[2]));
            }
        }
        Self { operations, residuals, objective, constraints }
    }

    pub fn residuals<D: Number>(&self, x: &[D]) -> Vec<D> {
        self.outputs(x, &self.residuals)
    }

    fn outputs<D: Number>(&self, x: &[D], wanted: &[Operand]) -> Vec<D> {
        let mut results: Vec<D> = Vec::with_capacity(self.operations.len());
        let value = |operand: &Operand, results: &[D]| match operand {
            Operand::Variable(i) => x[*i],
            Operand::Row(i) => results[*i],
            Operand::Constant(c) => D::of(*c),
        };
        for (code, a, b) in &self.operations {
            results.push(code.apply(value(a, &results), value(b, &results)));
        }
        wanted.iter().map(|output| value(output, &results)).collect()
    }
}

impl<T: Real, const N: usize, const M: usize> ConstrainedFunction<T, N, M> for Tape {
    fn evaluate<D: Number<Scalar = T>>(&self, x: &[D; N]) -> (D, [D; M]) {
        let outputs: Vec<Operand> = self.objective.iter().chain(&self.constraints).copied().collect();
        let values = self.outputs(x, &outputs);
        (values[0], core::array::from_fn(|i| values[i + 1]))
    }
}

/// The objective or, where there is none, the sum of the squares of the residuals.
impl<T: Real, const N: usize> Function<T, N> for Tape {
    fn value<D: Number<Scalar = T>>(&self, x: &[D; N]) -> D {
        match self.objective {
            Some(objective) => self.outputs(x, &[objective])[0],
            None => self.residuals(x).into_iter().fold(D::of(0.0), |sum, r| sum + r * r),
        }
    }
}

/// The residuals of a tape as rows; a point is evaluated once.
#[derive(Clone, Debug)]
pub struct TapeRows<T: Real, const N: usize> {
    tape: Tape,
    at: Option<(SVector<T, N>, Vec<Dual<T, N>>)>,
}

impl<T: Real, const N: usize> TapeRows<T, N> {
    pub fn new(tape: Tape) -> Self {
        Self { tape, at: None }
    }
}

impl<T: Real, const N: usize> Problem for TapeRows<T, N> {
    type Error = core::convert::Infallible;
}

impl<T: Real, const N: usize> Rows<T, N> for TapeRows<T, N> {
    fn rows(&self) -> usize {
        self.tape.residuals.len()
    }

    fn row(&mut self, i: usize, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Self::Error> {
        if self.at.as_ref().is_none_or(|(at, _)| at != x) {
            let variables: Vec<_> = (0..N).map(|j| Dual::variable(x[j], j)).collect();
            self.at = Some((*x, self.tape.residuals(&variables)));
        }
        let (_, residuals) = self.at.as_ref().unwrap();
        *g = SVector::from(residuals[i].gradient);
        Ok(residuals[i].value)
    }
}

#[test]
fn tapes_reproduce_their_starts() {
    for set in crate::reference::sets("mgh") {
        let meta = crate::reference::meta(&set);
        let x0 = crate::reference::numbers(&meta, "start", "x0");
        let residuals = Tape::load(&set).residuals(&x0);
        for (found, wanted) in residuals.iter().zip(crate::reference::numbers(&meta, "start", "residuals_at_x0")) {
            assert!(
                (found - wanted).abs() <= 1e-13 * wanted.abs().max(1.0),
                "{}: {found} {wanted}",
                crate::reference::folder_of(&set)
            );
        }
    }
}
