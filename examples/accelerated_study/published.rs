//! The published figures: Yang, Asgharian & Bhatnagar, Statistics and Computing 2024, from the output files in their repository.
//! Iterations are medians and recovery figures means over 100 replicates.

use crate::Shape;
use crate::simulation::Model;

pub const CORRELATIONS: [f64; 3] = [0.1, 0.5, 0.9];
pub const RATIOS: [f64; 4] = [1.0, 3.0, 7.0, 10.0];
pub const ROWS: [usize; 4] = [200, 500, 1000, 3000];

/// Iterations by method, correlation and rows.
type Iterations = [[[f64; 4]; 3]; 3];
/// Relative error, positive predictive value and size of one method, by ratio and correlation.
type Figures = [[[f64; 3]; 4]; 3];

/// The place of a value in a list of those that were published.
pub fn place<T: PartialEq>(list: &[T], value: &T) -> Option<usize> {
    list.iter().position(|entry| entry == value)
}

/// The iterations of the three methods.
pub fn iterations(model: Model, shape: Shape) -> &'static Iterations {
    match (model, shape) {
        (Model::Linear, Shape::Scad) => &LINEAR_SCAD_ITERATIONS,
        (Model::Linear, Shape::Mcp) => &LINEAR_MCP_ITERATIONS,
        (Model::Logistic, Shape::Scad) => &LOGISTIC_SCAD_ITERATIONS,
        (Model::Logistic, Shape::Mcp) => &LOGISTIC_MCP_ITERATIONS,
    }
}

/// The figures of the paper's method, and of ncvreg.
pub fn recovery(model: Model, shape: Shape) -> [&'static Figures; 2] {
    match (model, shape) {
        (Model::Linear, Shape::Scad) => [&LINEAR_SCAD, &LINEAR_SCAD_NCVREG],
        (Model::Linear, Shape::Mcp) => [&LINEAR_MCP, &LINEAR_MCP_NCVREG],
        (Model::Logistic, Shape::Scad) => [&LOGISTIC_SCAD, &LOGISTIC_SCAD_NCVREG],
        (Model::Logistic, Shape::Mcp) => [&LOGISTIC_MCP, &LOGISTIC_MCP_NCVREG],
    }
}

const LINEAR_SCAD_ITERATIONS: Iterations = [
    [[9.0, 14.0, 23.0, 26.0], [11.0, 18.0, 32.0, 50.0], [37.0, 72.0, 172.0, 432.0]],
    [[15.0, 23.0, 38.0, 41.0], [19.0, 30.0, 51.0, 76.0], [60.0, 111.0, 260.0, 657.0]],
    [[11.0, 26.0, 68.0, 93.5], [21.0, 38.0, 116.0, 308.0], [104.0, 362.0, 2012.5, f64::INFINITY]],
];

const LINEAR_MCP_ITERATIONS: Iterations = [
    [[6.0, 10.0, 17.0, 25.0], [10.0, 15.0, 26.0, 48.0], [31.0, 68.0, 152.0, 428.5]],
    [[9.0, 18.0, 29.0, 40.0], [17.0, 26.0, 42.0, 74.5], [50.0, 104.0, 226.5, 657.0]],
    [[7.0, 16.0, 48.0, 90.0], [12.0, 28.0, 94.0, 289.5], [82.0, 345.0, 1897.5, f64::INFINITY]],
];

const LOGISTIC_SCAD_ITERATIONS: Iterations = [
    [[33.0, 18.0, 10.0, 7.0], [37.0, 19.0, 10.0, 7.0], [144.0, 46.5, 27.5, 16.5]],
    [[48.5, 29.5, 17.5, 12.0], [55.0, 31.0, 17.0, 13.0], [207.0, 70.5, 41.0, 26.5]],
    [[193.5, 74.5, 24.0, 11.0], [249.5, 76.0, 23.0, 13.0], [3209.0, 256.5, 95.0, 45.0]],
];

const LOGISTIC_MCP_ITERATIONS: Iterations = [
    [[22.0, 29.5, 10.0, 7.0], [24.0, 25.0, 11.0, 7.0], [62.0, 48.5, 27.0, 18.0]],
    [[33.0, 45.0, 17.0, 12.0], [37.0, 39.0, 18.0, 13.0], [92.0, 72.0, 43.0, 28.5]],
    [[80.0, 187.0, 22.0, 11.0], [96.0, 123.5, 25.5, 13.0], [598.0, 264.0, 106.0, 49.0]],
];

const LINEAR_SCAD: Figures = [
    [[0.128, 0.521, 2.839], [0.05, 0.156, 2.075], [0.022, 0.085, 1.278], [0.016, 0.065, 1.163]],
    [[0.747, 0.622, 0.488], [0.681, 0.551, 0.327], [0.58, 0.42, 0.197], [0.528, 0.437, 0.211]],
    [[25.8, 31.6, 23.1], [42.8, 55.5, 42.8], [61.9, 97.9, 86.7], [101.2, 81.2, 70.8]],
];

const LINEAR_SCAD_NCVREG: Figures = [
    [[0.131, 0.485, 2.929], [0.052, 0.156, 2.087], [0.021, 0.083, 1.3], [0.015, 0.063, 1.167]],
    [[0.255, 0.287, 0.286], [0.282, 0.307, 0.275], [0.32, 0.344, 0.175], [0.349, 0.409, 0.206]],
    [[100.9, 94.3, 42.0], [120.2, 101.8, 46.7], [115.4, 107.2, 89.7], [123.5, 90.6, 71.5]],
];

const LINEAR_MCP: Figures = [
    [[0.133, 0.563, 2.839], [0.049, 0.169, 1.997], [0.021, 0.088, 1.503], [0.014, 0.059, 1.084]],
    [[0.85, 0.744, 0.616], [0.842, 0.732, 0.506], [0.761, 0.646, 0.505], [0.801, 0.489, 0.375]],
    [[19.7, 20.6, 12.5], [30.6, 34.5, 25.4], [44.5, 57.0, 32.0], [43.2, 64.7, 46.6]],
];

const LINEAR_MCP_NCVREG: Figures = [
    [[0.126, 0.494, 2.86], [0.048, 0.161, 1.92], [0.02, 0.086, 1.416], [0.014, 0.059, 1.134]],
    [[0.435, 0.407, 0.387], [0.505, 0.514, 0.366], [0.541, 0.547, 0.483], [0.559, 0.476, 0.377]],
    [[51.6, 47.3, 20.3], [60.1, 48.1, 31.0], [66.7, 58.4, 33.4], [65.4, 67.2, 46.1]],
];

const LOGISTIC_SCAD: Figures = [
    [[0.768, 0.81, 0.896], [0.556, 0.656, 0.839], [0.377, 0.521, 0.779], [0.311, 0.474, 0.757]],
    [[0.8, 0.779, 0.697], [0.875, 0.859, 0.765], [0.901, 0.881, 0.788], [0.915, 0.899, 0.789]],
    [[17.1, 13.4, 7.6], [23.3, 16.6, 8.7], [27.0, 19.5, 9.8], [28.0, 19.6, 10.2]],
];

const LOGISTIC_SCAD_NCVREG: Figures = [
    [[0.803, 0.84, 0.903], [0.603, 0.682, 0.813], [0.438, 0.537, 0.735], [0.377, 0.481, 0.712]],
    [[0.221, 0.265, 0.309], [0.244, 0.273, 0.273], [0.27, 0.271, 0.267], [0.29, 0.279, 0.26]],
    [[120.1, 86.5, 39.4], [134.9, 98.5, 42.5], [130.3, 105.0, 48.8], [124.6, 103.5, 50.6]],
];

const LOGISTIC_MCP: Figures = [
    [[0.769, 0.808, 0.897], [0.555, 0.654, 0.834], [0.383, 0.521, 0.779], [0.31, 0.469, 0.753]],
    [[0.879, 0.859, 0.779], [0.906, 0.889, 0.805], [0.919, 0.903, 0.809], [0.918, 0.911, 0.804]],
    [[13.9, 11.4, 6.7], [21.9, 15.8, 8.8], [25.8, 18.8, 10.3], [27.5, 19.6, 11.1]],
];

const LOGISTIC_MCP_NCVREG: Figures = [
    [[0.795, 0.829, 0.903], [0.605, 0.674, 0.825], [0.438, 0.533, 0.761], [0.381, 0.48, 0.737]],
    [[0.372, 0.401, 0.375], [0.43, 0.445, 0.395], [0.463, 0.45, 0.417], [0.502, 0.468, 0.412]],
    [[59.8, 42.1, 19.7], [66.6, 48.3, 22.8], [69.4, 52.5, 24.6], [65.4, 51.7, 25.6]],
];
