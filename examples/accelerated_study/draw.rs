//! The study as a figure: positive predictive value by noise, iterations by rows; linear model, MCP, the first correlation.

use std::error::Error;

use plotters::prelude::*;

use crate::published::{self, CORRELATIONS, RATIOS, ROWS, place};
use crate::report::{mean, median};
use crate::simulation::Model;
use crate::speed::METHODS;
use crate::{Failure, RecoveryCell, Shape, SpeedCell, Study};

const COLOURS: [RGBColor; 3] = [RGBColor(31, 105, 176), RGBColor(217, 95, 2), RGBColor(110, 116, 125)];
const KIND: (Model, Shape) = (Model::Linear, Shape::Mcp);

/// Points with a name: ours as a line, published as circles.
struct Curve {
    name: String,
    ours: Vec<(f64, f64)>,
    published: Vec<(f64, f64)>,
}

/// Draws the figure as SVG.
pub fn draw(study: &Study) -> Result<String, Failure> {
    let mut svg = String::new();
    panels(study, &mut svg).map_err(|error| error.to_string())?;
    Ok(svg)
}

fn panels(study: &Study, svg: &mut String) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::with_string(svg, (1000, 440)).into_drawing_area();
    root.fill(&WHITE)?;
    let (left, right) = root.split_horizontally(500);
    panel(&left, "Positive predictive value by signal to noise", &recovered(study), 0.0..1.0)?;
    let races = raced(study);
    let most = races.iter().flat_map(|curve| &curve.ours).map(|point| point.1).fold(1.0, f64::max);
    panel(&right, "Iterations by rows", &races, 0.0..1.1 * most)?;
    root.present()?;
    Ok(())
}

fn panel(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    title: &str,
    curves: &[Curve],
    y: std::ops::Range<f64>,
) -> Result<(), Box<dyn Error>> {
    let all = || curves.iter().flat_map(|curve| &curve.ours).map(|point| point.0);
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    let margin = 0.05 * (high - low).max(1.0);
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(28)
        .y_label_area_size(40)
        .build_cartesian_2d(low - margin..high + margin, y)?;
    chart.configure_mesh().disable_mesh().x_labels(6).y_labels(6).draw()?;
    for (curve, colour) in curves.iter().zip(COLOURS) {
        chart
            .draw_series(LineSeries::new(curve.ours.iter().copied(), colour.stroke_width(2)))?
            .label(format!("{}; circles: published", curve.name))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        chart.draw_series(curve.published.iter().map(|&point| Circle::new(point, 5, colour.stroke_width(1))))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .label_font(("sans-serif", 13))
        .draw()?;
    Ok(())
}

fn recovered(study: &Study) -> Vec<Curve> {
    let first = study.recovery.first().map_or(0.0, |cell| cell.correlation);
    let cells: Vec<&RecoveryCell> = study
        .recovery
        .iter()
        .filter(|cell| (cell.model, cell.shape, cell.correlation) == (KIND.0, KIND.1, first))
        .collect();
    let known = published::recovery(KIND.0, KIND.1);
    [("replica, against the paper", 0), ("correct, against ncvreg", 1)]
        .into_iter()
        .map(|(name, k)| Curve {
            name: name.to_owned(),
            ours: cells
                .iter()
                .map(|cell| {
                    let runs = if k == 0 { &cell.replica } else { &cell.correct };
                    (cell.ratio, mean(runs, |run| run.positive).0)
                })
                .collect(),
            published: cells
                .iter()
                .filter_map(|cell| place(&RATIOS, &cell.ratio).zip(place(&CORRELATIONS, &first)))
                .map(|(r, c)| (RATIOS[r], known[k][1][r][c]))
                .collect(),
        })
        .collect()
}

fn raced(study: &Study) -> Vec<Curve> {
    let first = study.speed.first().map_or(0.0, |cell| cell.correlation);
    let cells: Vec<&SpeedCell> = study
        .speed
        .iter()
        .filter(|cell| (cell.model, cell.shape, cell.correlation) == (KIND.0, KIND.1, first))
        .collect();
    let known = published::iterations(KIND.0, KIND.1);
    METHODS
        .iter()
        .enumerate()
        .map(|(m, (name, _))| Curve {
            name: (*name).to_owned(),
            ours: cells
                .iter()
                .map(|cell| (cell.rows as f64, median(&cell.races, |race| race.iterations[m])))
                .filter(|point| point.1.is_finite())
                .collect(),
            published: cells
                .iter()
                .filter_map(|cell| place(&CORRELATIONS, &first).zip(place(&ROWS, &cell.rows)))
                .map(|(c, n)| (ROWS[n] as f64, known[m][c][n]))
                .collect(),
        })
        .collect()
}
