//! Classic functions of two variables.

use clap::ValueEnum;
use thalweg::Number;
use thalweg::problem::Function;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Landscape {
    /// 100 (y - x²)² + (1 - x)²: a bent valley.
    Rosenbrock,
    /// (x² + y - 11)² + (x + y² - 7)²: four minima.
    Himmelblau,
    /// (1.5 - x + xy)² + (2.25 - x + xy²)² + (2.625 - x + xy³)²: flat far out.
    Beale,
    /// ½x² - ½y² + ¼y⁴: two minima and a saddle between.
    DoubleWell,
    /// x³ - 3xy² + ¼(x² + y²)²: a degenerate saddle at the origin and three minima around it.
    MonkeySaddle,
    /// 20 + x² + y² - 10 cos 2πx - 10 cos 2πy: a minimum in every cell.
    Rastrigin,
    /// ½(x² + 25 y²): the narrow bowl.
    Bowl,
}

impl Landscape {
    pub fn start(self) -> [f64; 2] {
        match self {
            Self::Rosenbrock => [-1.2, 1.0],
            Self::Himmelblau => [-0.5, -1.0],
            Self::Beale => [-1.0, 1.5],
            Self::DoubleWell => [1.5, 1e-3],
            Self::MonkeySaddle => [0.1, 0.05],
            Self::Rastrigin => [1.4, -0.6],
            Self::Bowl => [4.0, 1.5],
        }
    }

    /// What is drawn: least and largest x, least and largest y.
    pub fn window(self) -> [f64; 4] {
        match self {
            Self::Rosenbrock => [-1.8, 1.8, -0.8, 2.2],
            Self::Himmelblau => [-5.0, 5.0, -5.0, 5.0],
            Self::Beale => [-4.5, 4.5, -3.0, 3.0],
            Self::DoubleWell => [-2.0, 2.0, -1.6, 1.6],
            Self::MonkeySaddle => [-4.0, 4.0, -4.0, 4.0],
            Self::Rastrigin => [-2.5, 2.5, -2.5, 2.5],
            Self::Bowl => [-5.0, 5.0, -3.0, 3.0],
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Rosenbrock => "Rosenbrock's valley",
            Self::Himmelblau => "Himmelblau's function",
            Self::Beale => "Beale's function",
            Self::DoubleWell => "Double well",
            Self::MonkeySaddle => "Monkey saddle in a bowl",
            Self::Rastrigin => "Rastrigin's function",
            Self::Bowl => "Narrow bowl",
        }
    }
}

impl Function<f64, 2> for Landscape {
    fn value<D: Number<Scalar = f64>>(&self, &[x, y]: &[D; 2]) -> D {
        let of = D::of;
        let square = |a: D| a * a;
        match self {
            Self::Rosenbrock => square(y - x * x).scale(100.0) + square(of(1.0) - x),
            Self::Himmelblau => square(x * x + y - of(11.0)) + square(x + y * y - of(7.0)),
            Self::Beale => {
                let term = |c: f64, power| square(of(c) - x + x * y.powi(power));
                term(1.5, 1) + term(2.25, 2) + term(2.625, 3)
            }
            Self::DoubleWell => (x * x - y * y).scale(0.5) + square(y * y).scale(0.25),
            Self::MonkeySaddle => x * x * x - (x * y * y).scale(3.0) + square(x * x + y * y).scale(0.25),
            Self::Rastrigin => {
                let term = |a: D| a * a - a.scale(2.0 * core::f64::consts::PI).cos().scale(10.0);
                term(x) + term(y) + of(20.0)
            }
            Self::Bowl => (x * x + (y * y).scale(25.0)).scale(0.5),
        }
    }
}
