//! Infers the shapes of all layers, from the input on.

use std::collections::HashSet;
use std::rc::Rc;

use proc_macro2::{Ident, Span};
use quote::{format_ident, quote};
use syn::ext::IdentExt;

use crate::shapes::diagnostics::{Assertion, Diagnostics};
use crate::shapes::layers::blocks;
use crate::shapes::layers::operands::Operands;
use crate::shapes::layers::table::{Takes, row_of};
use crate::shapes::names::fields;
use crate::shapes::probabilities::check_probabilities;
use crate::shapes::shape::{Field, Record, Shape};
use crate::shapes::sizes::{Count, grouped};
use crate::shapes::typed::{Source, TypedBlock, TypedLayer, TypedNetwork};
use crate::syntax::errors::Errors;
use crate::syntax::spans::place;
use crate::syntax::spelling::{allowed, distance};
use crate::syntax::tokens::written;
use crate::syntax::tree::{Block, Chain, Head, Size, Stage};
use crate::syntax::vocabulary::{CAPTURED, HEADS, Role, camel};

/// Infers all shapes. Of a chain that is `broken`, missing layers were reported.
pub(crate) fn network<'a>(
    name: &Ident,
    chain: &'a Chain,
    broken: bool,
    errors: &mut Errors,
) -> TypedNetwork<'a> {
    let mut input = match chain.inputs() {
        0 if !chain.whole.is_empty() => inputs(name, &chain.whole),
        0 => Shape::of_sizes(&chain.input),
        count => inputs(name, &chain.stages[..count]),
    };
    if !fits_memory(&input) {
        let message = format!("the input {input} holds more numbers than memory can");
        errors.over(&chain.input_tokens, message);
        input = Shape::Unknown;
    }
    if chain.stages.len() == chain.inputs() && !broken {
        errors.over(&chain.input_tokens, "a network needs a layer after its input: `=> dense 10`");
    }
    let before = errors.count();
    check_probabilities(&chain.stages, None, errors);
    let types = &mut HashSet::new();
    let network = Inference { errors, types, block: false }.chain(name, chain, input, None);
    // After another mistake, a branch may stand elsewhere.
    if !broken && errors.count() == before && network.layers.len() > chain.inputs() {
        check_inputs(&network, errors);
    }
    network
}

/// The record of several inputs.
fn inputs(network: &Ident, stages: &[Stage]) -> Shape {
    let fields = stages.iter().filter_map(|stage| {
        let shape = Shape::of_sizes(&stage.arguments.sizes);
        Some(Field { name: stage.label.clone()?, shape })
    });
    let name = format!("{}Inputs", network.unraw());
    // At the place of the first of them, where an editor shows it.
    let place = stages.first().map_or_else(Span::call_site, |stage| place(&stage.word));
    let name = Ident::new(&name, place.resolved_at(network.span()));
    Shape::Record(Rc::new(Record { name, fields: fields.collect() }))
}

/// An error at each of several inputs that nothing takes.
fn check_inputs(network: &TypedNetwork<'_>, errors: &mut Errors) {
    let inputs = network.layers.iter().take_while(|layer| layer.is_input()).count();
    let takes = |index: usize| {
        let next = network.layers.get(inputs);
        let is_before = index + 1 == inputs
            && next.is_some_and(|layer| {
                layer.blocks.is_empty()
                    || layer.blocks.iter().any(|block| block.source == Source::Before)
            });
        is_before || network.is_kept(index)
    };
    for (index, layer) in network.layers.iter().take(inputs).enumerate() {
        if !takes(index) {
            let name = &layer.field;
            errors.at(
                name.span(),
                format!("nothing takes the input `{name}`: a branch does, `{name} {{ … }}` or `{{ from {name} }}`"),
            );
        }
    }
}

/// What all chains of a network share.
struct Inference<'e> {
    errors: &'e mut Errors,
    /// The names of the types of all blocks.
    types: &'e mut HashSet<String>,
    /// Whether the chain is that of a block.
    block: bool,
}

impl Inference<'_> {
    /// A chain of layers: that of the network, or of a block. `from` is the name of the layer before it.
    fn chain<'a>(
        &mut self,
        name: &Ident,
        chain: &'a Chain,
        input: Shape,
        from: Option<&str>,
    ) -> TypedNetwork<'a> {
        let mut layers: Vec<TypedLayer<'a>> = Vec::new();
        let labels: Vec<Option<&Ident>> =
            chain.stages.iter().map(|stage| stage.label.as_ref()).collect();
        let mut assertions = Vec::new();
        let mut shape = input.clone();
        let fields = fields(&chain.stages, self.errors);
        for (index, (stage, field)) in chain.stages.iter().zip(fields).enumerate() {
            let written = layers.iter().rev().find(|layer| !layer.is_hidden());
            let before = written.map(|layer| layer.field.to_string());
            let from = before.as_deref().or(from);
            if let (Head::Layer(grammar), Some(before)) = (&stage.head, layers.last())
                && grammar.word == "parameter"
            {
                let message = format!(
                    "`parameter` gives the same whatever `{}` before it gives: it begins a branch, as in `concat {{ dense 2 }} {{ parameter 2 }}`",
                    before.field
                );
                self.errors.over(&stage.word, message);
            }
            let repeated = stage.earlier(index).any(|earlier| layers[earlier].broken);
            let (types, block) = (&mut self.types, self.block);
            let layer = self.errors.within(&stage.round(), repeated, |errors| {
                check_place(stage, &chain.stages[..index], block, errors);
                let sources =
                    sources(stage, &layers, (&labels, &chain.around), (&input, &shape), errors);
                let mut inference = Inference { errors, types, block };
                let mut names: Vec<String> = Vec::new();
                for layer in &layers {
                    let name = names.last().filter(|_| layer.stage.follows).cloned();
                    names.push(name.unwrap_or_else(|| layer.field.unraw().to_string()));
                }
                let given = if matches!(stage.head, Head::Input(_) | Head::Captured(_)) {
                    &input
                } else {
                    &shape
                };
                let before = (given.clone(), sources, names.as_slice());
                inference.layer(name, stage, field, before, from, &mut assertions)
            });
            shape = layer.output.clone();
            layers.push(layer);
        }
        TypedNetwork { name: name.clone(), input, layers, output: shape, assertions }
    }

    fn layer<'a>(
        &mut self,
        network: &Ident,
        stage: &'a Stage,
        field: Ident,
        (input, sources, names): (Shape, Vec<(Source, Shape)>, &[String]),
        from: Option<&str>,
        assertions: &mut Vec<Assertion>,
    ) -> TypedLayer<'a> {
        let blocks = stage.arguments.blocks.iter();
        let is_value = |stage: &Stage| matches!(stage.head, Head::Captured(_));
        let blocks = blocks.zip(sources).map(|(block, (source, shape))| {
            let role = block.role.clone();
            // Beside the struct of the branches, whose name it has otherwise.
            let body = stage.captures && block.role == Role::Body;
            let own = if body { format_ident!("{field}_block") } else { field.clone() };
            let name = self.type_name(network, &own, &block.role);
            let label = match source {
                Source::Before => None,
                Source::Input => Some("input".to_owned()),
                Source::Layer(index) => names.get(index).cloned(),
            };
            let from = label.as_deref().filter(|_| source != Source::Input).or(from);
            let mut inner =
                Inference { errors: &mut *self.errors, types: &mut *self.types, block: true };
            let network = inner.chain(&name, &block.chain, shape, from);
            // Of stages that were added, nothing is shown.
            let written = block.chain.written.as_ref().map(|from| from.unraw().to_string());
            let is_added = block.chain.back > 0 || block.chain.stages.first().is_some_and(is_value);
            let from = if is_added { written } else { label };
            let is_written = role != Role::Projection || stage.options.has("project");
            TypedBlock { role, source, from, is_written, network }
        });
        let mut blocks: Vec<TypedBlock<'a>> = blocks.collect();
        let join = blocks::has_struct(stage).then(|| self.type_name(network, &field, &Role::Body));
        let (errors, asserted) = (self.errors.count(), assertions.len());
        let check = check_of(network, &field);
        let takes = match &stage.head {
            Head::Layer(layer) => row_of(layer).takes,
            _ => Takes::All,
        };
        let (input, given) = match (takes, &input) {
            (Takes::Images, Shape::Of(_)) => (input.as_image(), Some(input)),
            (Takes::Vectors, Shape::Of(_)) => (input.as_vector(), Some(input)),
            _ => (input, None),
        };
        let (output, parameters) = match &stage.head {
            Head::Layer(layer) => {
                let row = row_of(layer);
                let record = format!("{}Heads", network.unraw());
                let place = place(&stage.word).resolved_at(network.span());
                let operands = Operands {
                    word: layer.word,
                    stage,
                    input: &input,
                    from,
                    blocks: &blocks,
                    record: Some(Ident::new(&record, place)),
                };
                let mut diagnostics =
                    Diagnostics { errors: self.errors, assertions, word: &stage.word };
                ((row.output)(&operands, &mut diagnostics), (row.parameters)(&operands))
            }
            Head::Activation => (input.clone(), Count::Known(0)),
            Head::Input(index) | Head::Captured(index) => {
                let part = input.part(*index).map_or(Shape::Unknown, |(shape, _)| shape);
                (part, Count::Known(0))
            }
            Head::User(path) => {
                let parameters = format!("those of {}", written(path.clone()));
                (Shape::of_user(path, &check), Count::Written(parameters))
            }
            Head::Unknown => (Shape::Unknown, Count::Unknown),
        };
        if let (Some(Shape::Of(own)), Shape::Image(_)) = (&given, &input) {
            // A vector there has an error of its own.
            for Assertion { condition, .. } in &mut assertions[asserted..] {
                let is_vector = own.is_vector();
                *condition = quote!(#is_vector || #condition);
            }
        }
        let possible = self.errors.count();
        let output = self.check_memory(stage, output, &parameters);
        let impossible = self.errors.count() > possible;
        let broken = self.errors.count() > errors;
        blocks::settle(&input, &mut blocks);
        TypedLayer {
            stage,
            field,
            check,
            input,
            given,
            output,
            parameters,
            blocks,
            join,
            casts_output: false,
            broken,
            impossible,
        }
    }

    /// `DigitsResidual1`, the type of a block.
    fn type_name(&mut self, network: &Ident, field: &Ident, role: &Role) -> Ident {
        let mut name = format!("{}{}{}", network.unraw(), camel(field), role.suffix());
        if self.types.contains(&name) {
            let message = format!(
                "the {} of `{field}` would be the second type called `{name}`: choose another label",
                role.name()
            );
            self.errors.at(field.span(), message);
            while self.types.contains(&name) {
                name.push('_');
            }
        }
        self.types.insert(name.clone());
        // At the place of its layer, where an editor shows it.
        Ident::new(&name, field.span().resolved_at(network.span()))
    }

    /// Errors for more outputs or parameters than memory can hold: Rust has no type for a larger array.
    fn check_memory(&mut self, stage: &Stage, output: Shape, parameters: &Count) -> Shape {
        let name = || written(stage.word.clone());
        let mut checked = output;
        if !fits_memory(&checked) {
            let message =
                format!("`{}` gives more numbers than memory can hold: {checked}", name());
            self.errors.over(&stage.tokens, message);
            checked = Shape::Unknown;
        }
        if let Count::Known(count) = *parameters
            && count > LARGEST
        {
            let message = format!(
                "`{}` has {} parameters, more than memory can hold",
                name(),
                grouped(count)
            );
            self.errors.over(&stage.tokens, message);
        }
        checked
    }
}

/// What each block of a stage takes, behind these layers, and its shape. The shapes are those of the chain's input, and of what stands before the stage.
fn sources(
    stage: &Stage,
    layers: &[TypedLayer<'_>],
    (labels, around): (&[Option<&Ident>], &[Ident]),
    (input, before): (&Shape, &Shape),
    errors: &mut Errors,
) -> Vec<(Source, Shape)> {
    let inputs = layers.iter().take_while(|layer| layer.is_input()).count();
    let is_captured = |layer: &&TypedLayer<'_>| matches!(layer.stage.head, Head::Captured(_));
    let captured = layers.iter().take_while(is_captured).count();
    let sources = stage.arguments.blocks.iter().map(|block| {
        let Some(from) = &block.chain.from else {
            if block.chain.back > 0 {
                let layer = (layers.len() - 1).checked_sub(block.chain.back);
                return match layer {
                    Some(layer) => (Source::Layer(layer), layers[layer].output.clone()),
                    None => (Source::Input, input.clone()),
                };
            }
            if layers.last().is_some_and(TypedLayer::is_input) && inputs > 1 {
                which_input(&layers[..inputs], block, stage, errors);
                return (Source::Before, Shape::Unknown);
            }
            return (Source::Before, before.clone());
        };
        if let Role::Input(name) = &block.role
            && !layers.iter().any(|layer| layer.is_input() && layer.field == *name)
        {
            not_an_input(name, &layers[..inputs], labels, errors);
            return (Source::Before, Shape::Unknown);
        }
        if from == "input" && inputs > 0 && !labels.iter().flatten().any(|label| *label == "input")
        {
            let message = format!("the inputs have names: `from {}`", layers[0].field);
            errors.at(from.span(), message);
            return (Source::Before, Shape::Unknown);
        }
        if from == "input" && captured > 0 {
            let own = captured - 1;
            let source = if captured == layers.len() { Source::Before } else { Source::Layer(own) };
            return (source, layers[own].output.clone());
        }
        if from == "input" && inputs == 0 {
            let source = if layers.is_empty() { Source::Before } else { Source::Input };
            return (source, input.clone());
        }
        // The nearest, in a `repeat`; with the activation behind it.
        let found = layers.iter().enumerate().rev().find(|(index, layer)| {
            labels[*index].is_some_and(|label| label.unraw() == from.unraw())
                || layer.field == *from && labels[*index].is_some()
        });
        let Some((mut index, _)) = found else {
            unknown_label(from, layers, (labels, around), errors);
            return (Source::Before, Shape::Unknown);
        };
        while layers.get(index + 1).is_some_and(|layer| layer.stage.follows) {
            index += 1;
        }
        let source = if index + 1 == layers.len() { Source::Before } else { Source::Layer(index) };
        (source, layers[index].output.clone())
    });
    let sources: Vec<_> = sources.collect();
    let is_used = sources.iter().any(|(source, _)| *source == Source::Before)
        || layers.last().is_some_and(|layer| layer.is_input() || layer.is_hidden())
        || stage.captures
        || matches!(&stage.head, Head::Layer(grammar) if grammar.word == CAPTURED);
    if !sources.is_empty() && !is_used {
        let before = match layers.last() {
            Some(layer) => format!("`{}` gives", layer.field),
            None => "the input is".to_owned(),
        };
        errors.over(
            &stage.word,
            format!("no branch takes what {before}: one begins without `from`, as `{{ }}` does"),
        );
    }
    sources
}

/// `` `image` or `features` ``
fn names(inputs: &[TypedLayer<'_>]) -> String {
    let names: Vec<String> = inputs.iter().map(|layer| format!("`{}`", layer.field)).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// An error at a block behind several inputs that does not say which it takes.
fn which_input(inputs: &[TypedLayer<'_>], block: &Block, stage: &Stage, errors: &mut Errors) {
    let first = &inputs[0].field;
    let (what, example) = match &block.role {
        Role::Branch(_) => ("this branch".to_owned(), format!("{first} {{ … }}")),
        Role::Head(name) => (block.role.name(), format!("{name} {{ from {first} => … }}")),
        // That no such layer stands there is an error already.
        _ => return,
    };
    let message = format!("which input does {what} take? {}, as in `{example}`", names(inputs));
    let place = block.chain.stages.first().map_or(&stage.word, |first| &first.word);
    errors.over(place, message);
}

/// An error at the name of a branch that is none of an input.
fn not_an_input(
    name: &Ident,
    inputs: &[TypedLayer<'_>],
    labels: &[Option<&Ident>],
    errors: &mut Errors,
) {
    let text = name.to_string();
    let near = inputs.iter().map(|layer| (distance(&text, &layer.field.to_string()), layer));
    let near = near.filter(|(distance, layer)| *distance <= allowed(&layer.field.to_string()));
    let hint = match near.min_by_key(|(distance, _)| *distance) {
        Some((_, layer)) => format!(": did you mean `{}`?", layer.field),
        None if inputs.is_empty() || labels.iter().flatten().any(|label| *label == name) => {
            format!(
                ": a branch that takes what a stage gave has no name, and begins with `from {name}`"
            )
        }
        None => {
            let are = if inputs.len() == 1 { "is" } else { "are" };
            format!(": there {are} {}", names(inputs).replace(" or ", " and "))
        }
    };
    errors.at(name.span(), format!("no input is called `{name}`{hint}"));
}

/// Errors at a stage where none of its kind can stand: `heads` in a block or before the end, and what is not a branch behind several inputs.
fn check_place(stage: &Stage, before: &[Stage], block: bool, errors: &mut Errors) {
    let is_heads =
        |stage: &Stage| matches!(&stage.head, Head::Layer(grammar) if grammar.word == HEADS);
    if let Some(last) = before.last().filter(|last| is_heads(last)) {
        if last.rounds.iter().any(|round| round.length > 0)
            && stage.rounds.len() >= last.rounds.len()
        {
            let message = format!("`{HEADS}` ends a network, and is not repeated");
            errors.over(&last.word, message);
        } else if !last.arguments.missing {
            let message = format!("`{HEADS}` ends a network: nothing stands behind it");
            errors.over(&stage.word, message);
        }
    } else if is_heads(stage) && block {
        let message = format!("`{HEADS}` ends the whole network, and not a block in it");
        errors.over(&stage.word, message);
    }
    let is_input = |stage: &Stage| matches!(stage.head, Head::Input(_));
    if let [first, .., last] = before
        && is_input(last)
        && is_input(first)
        && !is_input(stage)
        && stage
            .arguments
            .blocks
            .iter()
            .all(|block| matches!(block.role, Role::Body | Role::Projection))
        && !matches!(stage.head, Head::Unknown)
        && let (Some(one), Some(other)) = (&first.label, &before[1].label)
    {
        let message = format!(
            "`{}` stands behind several inputs: `concat {one} {{ … }} {other} {{ … }}` takes each of them",
            written(stage.word.clone())
        );
        errors.over(&stage.word, message);
    }
}

fn unknown_label(
    from: &Ident,
    layers: &[TypedLayer<'_>],
    (labels, around): (&[Option<&Ident>], &[Ident]),
    errors: &mut Errors,
) {
    let before = layers.len();
    // Not those of stages that were added.
    let earlier = || {
        let all = around.iter().chain(labels[..before].iter().copied().flatten());
        all.filter(|label| !label.to_string().starts_with("__"))
    };
    if labels[before..].iter().flatten().any(|label| label.unraw() == from.unraw()) {
        errors.at(
            from.span(),
            format!("`{from}` stands behind this branch, which takes what an earlier stage gave"),
        );
        return;
    }
    let has_names = layers.first().is_some_and(TypedLayer::is_input);
    let place = if around.is_empty() { "before it in this chain" } else { "before it" };
    let text = from.to_string();
    let near = earlier().map(|label| (distance(&text, &label.to_string()), label));
    let near = near.filter(|(distance, label)| *distance <= allowed(&label.to_string()));
    let hint = match near.min_by_key(|(distance, _)| *distance) {
        Some((_, label)) => format!(": did you mean `{label}`?"),
        None => {
            let mut names: Vec<String> = earlier().map(|label| format!("`{label}`")).collect();
            names.dedup();
            match names.as_slice() {
                [] => {
                    format!(": a stage of this chain gets it, as in `{from}: dense 64`, or `input`")
                }
                [name] if has_names => {
                    format!(": {place} stands {name}")
                }
                _ => {
                    // Several inputs have names of their own.
                    if !has_names {
                        names.push("and `input`".to_owned());
                    }
                    format!(": {place} stand {}", names.join(", "))
                }
            }
        }
    };
    errors.at(from.span(), format!("unknown label `{from}`{hint}"));
}

/// The name of the constant that checks the user's own type in a layer. It can be computed if the type is a layer, or an activation; its value is
/// the layer's number of outputs.
fn check_of(network: &Ident, field: &Ident) -> Ident {
    let name = format!("__{}_{}_CHECK", network.unraw(), field.unraw());
    Ident::new(&name, Span::mixed_site())
}

/// The largest number of elements: with 16 bytes each, they take half of a 64-bit address space, and Rust has no larger type.
const LARGEST: u128 = (u64::MAX >> 5) as u128;

fn fits_memory(shape: &Shape) -> bool {
    !matches!(shape.len(), Size::Number(length, _) if u128::from(length) > LARGEST)
}
