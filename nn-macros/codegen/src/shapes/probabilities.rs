//! Where probabilities come from, and which layers let them through unchanged.

use proc_macro2::Ident;

use crate::shapes::layers::table::{Passes, row_of};
use crate::shapes::typed::TypedLayer;
use crate::syntax::decimal::Decimal;
use crate::syntax::errors::Errors;
use crate::syntax::tree::{ActivationKind, Head, Stage};

impl TypedLayer<'_> {
    /// What it does to probabilities in its input; none if only its type says so: the user's own layer, or one that has branches.
    pub(crate) fn passes(&self) -> Option<Passes> {
        let nothing_is_dropped = self.stage.arguments.probability == Some(Decimal::ZERO);
        match &self.stage.head {
            Head::Layer(layer) => match row_of(layer).passes {
                Passes::Dropped if nothing_is_dropped => Some(Passes::Numbers),
                passes if self.branches().is_some() => {
                    debug_assert!(passes == Passes::Nothing, "its type says it");
                    None
                }
                passes => Some(passes),
            },
            Head::Activation => {
                let kind = self.stage.activation.as_ref().map(|activation| &activation.kind);
                let is_identity =
                    matches!(kind, Some(ActivationKind::Known(row, _)) if row.word == "identity");
                Some(if is_identity { Passes::Numbers } else { Passes::Nothing })
            }
            Head::User(_) => None,
            Head::Input(_) | Head::Captured(_) | Head::Unknown => Some(Passes::Nothing),
        }
    }
}

/// An error at a `softmax` whose input is probabilities: a network with it would run, and learn little.
///
/// `before` is the activation that gives probabilities to the first stage, if any does; the answer is the one that gives them behind the last.
pub(crate) fn check_probabilities(
    stages: &[Stage],
    mut before: Option<&'static str>,
    errors: &mut Errors,
) -> Option<&'static str> {
    let mut wrong: Vec<bool> = Vec::new();
    // What gives probabilities behind each stage.
    let mut behind: Vec<Option<&'static str>> = Vec::new();
    for (index, stage) in stages.iter().enumerate() {
        let repeated = stage.earlier(index).any(|earlier| wrong[earlier]);
        let found = errors.count();
        let kept = Kept { stages: &stages[..index], behind: &behind };
        before = errors
            .within(&stage.round(), repeated, |errors| check_stage(stage, before, &kept, errors));
        wrong.push(errors.count() > found);
        behind.push(before);
    }
    before
}

/// The stages before one, and which activation gives probabilities behind each.
struct Kept<'a> {
    stages: &'a [Stage],
    behind: &'a [Option<&'static str>],
}

impl Kept<'_> {
    /// The activation behind the nearest stage with a label, if it gives probabilities.
    fn behind(&self, label: &Ident) -> Option<&'static str> {
        let is_it = |stage: &Stage| stage.label.as_ref() == Some(label);
        let index = self.stages.iter().rposition(is_it)?;
        let following = self.stages[index + 1..].iter().take_while(|stage| stage.follows).count();
        self.behind[index + following]
    }
}

fn check_stage(
    stage: &Stage,
    mut before: Option<&'static str>,
    kept: &Kept<'_>,
    errors: &mut Errors,
) -> Option<&'static str> {
    let blocks = &stage.arguments.blocks;
    if let (Head::Layer(layer), false) = (&stage.head, blocks.is_empty()) {
        let behind: Vec<_> = blocks
            .iter()
            .map(|block| {
                let before = match &block.chain.from {
                    Some(label) => kept.behind(label),
                    None => before,
                };
                check_probabilities(&block.chain.stages, before, errors)
            })
            .collect();
        let all = layer.word == "concat" && behind.iter().all(Option::is_some);
        before = behind[0].filter(|_| all);
    }
    let Some(activation) = &stage.activation else {
        let passes = match &stage.head {
            Head::Layer(layer) => row_of(layer).passes != Passes::Nothing || !blocks.is_empty(),
            _ => false,
        };
        return before.filter(|_| passes);
    };
    let ActivationKind::Known(row, _) = activation.kind else {
        return None;
    };
    let stands_alone = matches!(stage.head, Head::Activation);
    if let (true, "softmax", Some(first)) = (stands_alone, row.word, before) {
        let message = format!(
            "`softmax` takes scores, but `{first}` before it gives probabilities: leave one of them out"
        );
        errors.over(&activation.tokens, message);
    }
    if !stands_alone || row.word != "identity" {
        let gives_some = matches!(row.word, "sigmoid" | "hard_sigmoid" | "softmax");
        before = gives_some.then_some(row.word);
    }
    before
}
