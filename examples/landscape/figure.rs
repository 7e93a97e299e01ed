//! Contours by marching squares, and the paths over them.

use std::error::Error;

use nalgebra::Vector2;
use plotters::prelude::*;
use thalweg::problem::Function;

use crate::functions::Landscape;
use crate::methods::Trail;

/// Cells of the grid a side, and contour lines.
const CELLS: usize = 240;
const LEVELS: usize = 26;

const COLOURS: [RGBColor; 7] = [
    RGBColor(31, 105, 176),
    RGBColor(217, 95, 2),
    RGBColor(27, 138, 90),
    RGBColor(176, 40, 120),
    RGBColor(102, 80, 190),
    RGBColor(140, 100, 20),
    RGBColor(60, 60, 60),
];

/// Draws the landscape with the trails as SVG.
pub fn draw(function: Landscape, start: Vector2<f64>, trails: &[Trail]) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (1100, 860)).into_drawing_area();
        root.fill(&WHITE)?;
        let [left, right, low, high] = function.window();
        let mut chart = ChartBuilder::on(&root)
            .caption(function.title(), ("sans-serif", 26))
            .margin(18)
            .x_label_area_size(34)
            .y_label_area_size(46)
            .build_cartesian_2d(left..right, low..high)?;
        chart.configure_mesh().disable_mesh().x_desc("x").y_desc("y").draw()?;
        for (share, lines) in contours(function) {
            let shade = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
            let colour = RGBColor(shade(120, 225), shade(140, 228), shade(160, 232));
            chart.draw_series(lines.into_iter().map(|line| PathElement::new(line.to_vec(), colour)))?;
        }
        for (trail, colour) in trails.iter().zip(COLOURS.into_iter().cycle()) {
            let label = format!("{}: {} evaluations", trail.name.title(), trail.evaluations);
            // Beyond the window a path would be drawn over the axes.
            let inside = |p: &&Vector2<f64>| (left..=right).contains(&p.x) && (low..=high).contains(&p.y);
            let points: Vec<(f64, f64)> = trail.points.iter().filter(inside).map(|p| (p.x, p.y)).collect();
            chart
                .draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?
                .label(label)
                .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 22, y)], colour.stroke_width(3)));
            chart.draw_series(points.iter().map(|&point| Circle::new(point, 3, colour.filled())))?;
            if let Some(&end) = points.last() {
                chart.draw_series([Cross::new(end, 8, colour.stroke_width(3))])?;
            }
        }
        chart.draw_series([Circle::new((start.x, start.y), 6, BLACK.stroke_width(2))])?;
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(196, 200, 205))
            .label_font(("sans-serif", 16))
            .draw()?;
        root.present()?;
    }
    Ok(svg)
}

type Segment = [(f64, f64); 2];

/// The contour lines, each with its height as a share: equally spaced by the logarithm above the lowest value.
fn contours(function: Landscape) -> Vec<(f64, Vec<Segment>)> {
    let [left, right, low, high] = function.window();
    let at = |k: usize, from: f64, to: f64| from + (to - from) * k as f64 / CELLS as f64;
    let value = |i: usize, j: usize| function.value(&[at(i, left, right), at(j, low, high)]);
    let heights: Vec<Vec<f64>> = (0..=CELLS).map(|j| (0..=CELLS).map(|i| value(i, j)).collect()).collect();
    let extreme = |f: fn(f64, f64) -> f64, from: f64| heights.iter().flatten().copied().fold(from, f);
    let (least, most) = (extreme(f64::min, f64::INFINITY), extreme(f64::max, f64::NEG_INFINITY));
    let span = (most - least).ln_1p();
    let share = |level: usize| (level as f64 + 0.5) / LEVELS as f64;
    (0..LEVELS)
        .map(|level| {
            let height = least + (span * share(level)).exp_m1();
            let mut segments = Vec::new();
            for (j, rows) in heights.windows(2).enumerate() {
                for i in 0..CELLS {
                    let corner =
                        |di: usize, dj: usize| (at(i + di, left, right), at(j + dj, low, high), rows[dj][i + di]);
                    let ring = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1), corner(0, 0)];
                    let crossings: Vec<(f64, f64)> = ring
                        .windows(2)
                        .filter(|edge| (edge[0].2 < height) != (edge[1].2 < height))
                        .map(|edge| {
                            let t = (height - edge[0].2) / (edge[1].2 - edge[0].2);
                            (edge[0].0 + t * (edge[1].0 - edge[0].0), edge[0].1 + t * (edge[1].1 - edge[0].1))
                        })
                        .collect();
                    segments.extend(crossings.chunks_exact(2).map(|pair| [pair[0], pair[1]]));
                }
            }
            (share(level), segments)
        })
        .collect()
}
