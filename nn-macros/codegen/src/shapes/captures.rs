//! Blocks that take what a stage around them gave: `fine: dense 8 => residual { dense 8 => concat { } { from fine } => dense 8 }`.
//!
//! A block is a network of its own, with one input. So what it takes from around it comes with that input: a stage before the block's layer puts the values behind each
//! other, and the first stages of the block take them apart again, under the labels that they have outside. All else is as without: `from fine` in the block is that label.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::format_ident;

use crate::shapes::layers::table::CAPTURED_ROW;
use crate::syntax::spans::place;
use crate::syntax::tree::{Arguments, Block, Chain, Head, Stage};
use crate::syntax::vocabulary::Role;

/// Gives every block of the chain what it takes from around it, and a type of the user's that stands behind several inputs all of them.
pub(crate) fn resolve(chain: &mut Chain) {
    let inputs = chain.inputs();
    let mut stages = chain.stages.iter();
    let names: Vec<&Ident> =
        stages.by_ref().take(inputs).filter_map(|stage| stage.label.as_ref()).collect();
    let is_taken = |block: &Block| block.chain.from.iter().any(|from| names.contains(&from));
    let is_whole = stages.next().is_some_and(|stage| matches!(stage.head, Head::User(_)))
        && !stages.any(|stage| stage.arguments.blocks.iter().any(is_taken));
    if is_whole && inputs > 0 {
        chain.whole = chain.stages.drain(..inputs).collect();
    }
    in_chain(chain, &mut 0);
}

/// `count` is the number of stages that were added to the network.
fn in_chain(chain: &mut Chain, count: &mut usize) {
    let mut labels: Vec<Ident> = Vec::new();
    for mut stage in std::mem::take(&mut chain.stages) {
        let taken = stage.arguments.blocks.iter().map(|block| {
            let mut taken = Vec::new();
            from_outside(&block.chain, &labels, &mut taken);
            taken
        });
        let taken: Vec<Vec<Ident>> = taken.collect();
        if taken.iter().any(|labels| !labels.is_empty()) {
            chain.stages.extend(captures(&mut stage, &taken, count));
        }
        for block in &mut stage.arguments.blocks {
            block.chain.around = [chain.around.as_slice(), &labels].concat();
            in_chain(&mut block.chain, count);
        }
        if let Some(label) = &stage.label {
            labels.push(label.clone());
            // In a `repeat`, behind which it is known by its number.
            let rounds = stage.rounds.first().map(|round| round.number);
            labels.extend(rounds.map(|number| format_ident!("{label}{number}")));
        }
        chain.stages.push(stage);
    }
}

/// The labels of those outside that stand behind a `from` in the block, or in a block in it.
fn from_outside(block: &Chain, outside: &[Ident], taken: &mut Vec<Ident>) {
    let mut visible = outside.to_vec();
    for stage in &block.stages {
        for Block { chain, .. } in &stage.arguments.blocks {
            let label = chain.from.iter().find(|label| visible.contains(label));
            taken.extend(label.filter(|label| !taken.contains(label)).cloned());
            from_outside(chain, &visible, taken);
        }
        // A label of the block's own is nearer.
        visible.retain(|label| stage.label.as_ref() != Some(label));
    }
}

/// Lets the blocks of a stage take these labels: the stages before it that put the values together, one for each block that takes any.
fn captures(stage: &mut Stage, taken: &[Vec<Ident>], count: &mut usize) -> Vec<Stage> {
    let added = taken.iter().filter(|labels| !labels.is_empty()).count();
    let mut before: Vec<Stage> = Vec::new();
    for (block, labels) in stage.arguments.blocks.iter_mut().zip(taken) {
        if labels.is_empty() {
            if block.chain.from.is_none() {
                block.chain.back = added;
            }
            continue;
        }
        block.chain.written.clone_from(&block.chain.from);
        let own = Chain { from: block.chain.from.take(), back: before.len(), ..same() };
        let others = labels.iter().map(|label| Chain { from: Some(label.clone()), ..same() });
        let branches = std::iter::once(own).chain(others).enumerate();
        let blocks =
            branches.map(|(index, chain)| Block { role: Role::Branch(index), chain }).collect();
        *count += 1;
        let label = format_ident!("__captured{count}", span = place(&stage.word));
        before.push(Stage {
            label: Some(label),
            word: stage.word.clone(),
            tokens: stage.word.clone(),
            arguments: Arguments { blocks, ..Arguments::default() },
            rounds: stage.rounds.clone(),
            ..Stage::new(Head::Layer(&CAPTURED_ROW.grammar))
        });
        block.chain.back = added - before.len();
        let values = labels.iter().enumerate().map(|(index, label)| Stage {
            label: Some(label.clone()),
            word: TokenTree::Ident(label.clone()).into(),
            tokens: TokenTree::Ident(label.clone()).into(),
            ..Stage::new(Head::Captured(index + 1))
        });
        // The block's own input is the last of them: what the stage behind it takes.
        let own = Stage {
            label: Some(format_ident!("__input", span = place(&stage.word))),
            word: stage.word.clone(),
            tokens: stage.word.clone(),
            ..Stage::new(Head::Captured(0))
        };
        let values: Vec<Stage> = values.chain([own]).collect();
        block.chain.stages.splice(0..0, values);
    }
    let blocks = &mut stage.arguments.blocks;
    let residual = blocks.iter().any(|block| block.role == Role::Body);
    if residual && !blocks.iter().any(|block| block.role == Role::Projection) {
        blocks.push(Block { role: Role::Projection, chain: Chain { back: added, ..same() } });
    }
    stage.captures = true;
    before
}

/// The branch that gives what it takes.
fn same() -> Chain {
    let braces = Group::new(Delimiter::Brace, TokenStream::new());
    Chain { stages: Stage::identity(&braces).into_iter().collect(), ..Chain::default() }
}
