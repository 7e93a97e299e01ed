//! The penalty of a coefficient, chosen when the program runs.

use thalweg::ConfigError;
use thalweg::penalty::{
    CappedL1, ElasticNet, HalfPower, L1, LogSum, Mcp, Scad, ScalarPenalty, Strength, TwoThirdsPower,
};

use crate::args::{Arguments, LossName, PenaltyName};

/// A penalty by name: one type, so that the engine is compiled once for all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    L1(L1<f64>),
    Enet(ElasticNet<f64>),
    Mcp(Mcp<f64>),
    Scad(Scad<f64>),
    Half(HalfPower<f64>),
    TwoThirds(TwoThirdsPower<f64>),
    LogSum(LogSum<f64>),
    Capped(CappedL1<f64>),
}

impl Shape {
    /// The penalty at λ = 1.
    pub fn new(arguments: &Arguments) -> Self {
        let squared = arguments.loss == LossName::Squared;
        let shape = |usual| arguments.gamma.unwrap_or(usual);
        let strength = 1.0;
        match arguments.penalty() {
            PenaltyName::L1 => Self::L1(L1 { strength }),
            PenaltyName::Enet => Self::Enet(ElasticNet { strength: arguments.alpha, ridge: 1.0 - arguments.alpha }),
            PenaltyName::Mcp => Self::Mcp(Mcp { strength, reach: shape(if squared { 3.0 } else { 6.0 }) }),
            PenaltyName::Scad => Self::Scad(Scad { strength, reach: shape(if squared { 3.7 } else { 6.0 }) }),
            PenaltyName::Lhalf => Self::Half(HalfPower { strength }),
            PenaltyName::Ltwothirds => Self::TwoThirds(TwoThirdsPower { strength }),
            PenaltyName::Logsum => Self::LogSum(LogSum { strength, scale: shape(1.0) }),
            PenaltyName::CappedL1 => Self::Capped(CappedL1 { strength, cap: shape(1.0) }),
        }
    }

    /// In words.
    pub fn describe(&self) -> String {
        match self {
            Self::L1(_) => "l1".into(),
            Self::Enet(enet) => format!("elastic net, {} l1", enet.strength),
            Self::Mcp(mcp) => format!("MCP, γ = {}", mcp.reach),
            Self::Scad(scad) => format!("SCAD, a = {}", scad.reach),
            Self::Half(_) => "power 1/2".into(),
            Self::TwoThirds(_) => "power 2/3".into(),
            Self::LogSum(sum) => format!("log-sum, scale {}", sum.scale),
            Self::Capped(capped) => format!("l1 capped at {}", capped.cap),
        }
    }

    fn inner(&self) -> &dyn ScalarPenalty<f64> {
        match self {
            Self::L1(penalty) => penalty,
            Self::Enet(penalty) => penalty,
            Self::Mcp(penalty) => penalty,
            Self::Scad(penalty) => penalty,
            Self::Half(penalty) => penalty,
            Self::TwoThirds(penalty) => penalty,
            Self::LogSum(penalty) => penalty,
            Self::Capped(penalty) => penalty,
        }
    }
}

impl ScalarPenalty<f64> for Shape {
    fn value(&self, x: f64) -> f64 {
        self.inner().value(x)
    }

    fn prox(&self, x: f64, rate: f64) -> f64 {
        self.inner().prox(x, rate)
    }

    fn gap(&self, x: f64, g: f64) -> f64 {
        self.inner().gap(x, g)
    }

    fn convexity(&self) -> f64 {
        self.inner().convexity()
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.inner().validate()
    }
}

impl Strength<f64> for Shape {
    fn strengthened(self, factor: f64) -> Self {
        match self {
            Self::L1(penalty) => Self::L1(penalty.strengthened(factor)),
            Self::Enet(penalty) => Self::Enet(penalty.strengthened(factor)),
            Self::Mcp(penalty) => Self::Mcp(penalty.strengthened(factor)),
            Self::Scad(penalty) => Self::Scad(penalty.strengthened(factor)),
            Self::Half(penalty) => Self::Half(penalty.strengthened(factor)),
            Self::TwoThirds(penalty) => Self::TwoThirds(penalty.strengthened(factor)),
            Self::LogSum(penalty) => Self::LogSum(penalty.strengthened(factor)),
            Self::Capped(penalty) => Self::Capped(penalty.strengthened(factor)),
        }
    }
}
