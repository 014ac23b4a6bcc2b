//! What a description means: the name and the shapes of every layer, and what does not fit.

use std::collections::HashSet;
use std::fmt;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

use crate::shapes::layer::{Assertion, Checks, Given, Inner, Layer};
use crate::shapes::layers::blocks;
use crate::shapes::names::{camel, fields};
use crate::shapes::sizes::{Count, Size, first_word, grouped};
use crate::syntax::errors::Errors;
use crate::syntax::parser::Chain;
use crate::syntax::parser::arguments::Role;
use crate::syntax::parser::stage::{ActivationKind, Head, Stage};
use crate::syntax::tokens::written;
use crate::syntax::vocabulary::Passes;

/// The shape of a sample.
#[derive(Clone)]
pub(crate) enum Shape {
    Vector(Size),
    /// Channels, rows, columns.
    Image(Box<[Size; 3]>),
    /// The output of the user's own layer, a vector: its path, and its length.
    Of(TokenStream, Size),
    /// Follows a mistake, already reported.
    Unknown,
}

impl Shape {
    pub(crate) fn of_sizes(sizes: &[Size]) -> Self {
        match sizes {
            [Size::Unknown] => Self::Unknown,
            [size] => Self::Vector(size.clone()),
            [rows, columns] => Self::Image(Box::new([Size::of(1), rows.clone(), columns.clone()])),
            [channels, rows, columns] => {
                Self::Image(Box::new([channels.clone(), rows.clone(), columns.clone()]))
            }
            _ => Self::Unknown,
        }
    }

    /// The output of the user's own layer, which the compiler knows.
    fn of_user(path: &TokenStream, name: &Ident) -> Self {
        let text = format!("the outputs of {}", written(path.clone()));
        let place = first_word(path);
        Self::Of(path.clone(), Size::Constant { tokens: quote!(#name), text, place })
    }

    pub(crate) fn is_known(&self) -> bool {
        match self {
            Self::Vector(size) | Self::Of(_, size) => size.is_known(),
            Self::Image(sizes) => sizes.iter().all(Size::is_known),
            Self::Unknown => false,
        }
    }

    /// How many numbers it holds.
    pub(crate) fn len(&self) -> Size {
        match self {
            Self::Vector(size) | Self::Of(_, size) => size.clone(),
            Self::Image(sizes) => sizes[0].times(&sizes[1]).times(&sizes[2]),
            Self::Unknown => Size::Unknown,
        }
    }

    /// The type of a sample.
    pub(crate) fn rust(&self, root: &TokenStream, scalar: &TokenStream) -> TokenStream {
        match self {
            Self::Image(sizes) => {
                let [channels, rows, columns] = [0, 1, 2].map(|index: usize| sizes[index].tokens());
                quote!(#root::Image<#channels, #rows, #columns, #scalar>)
            }
            shape => {
                let size = shape.len().tokens();
                quote!(#root::nalgebra::SVector<#scalar, #size>)
            }
        }
    }

    /// For messages: `vector 64`, `image 6x4x4`.
    pub(crate) fn described(&self) -> String {
        match self {
            Self::Vector(Size::Unknown) => "vector".to_owned(),
            Self::Vector(size) => format!("vector {size}"),
            Self::Image(_) => format!("image {self}"),
            Self::Of(path, _) => format!("vector that {} gives", written(path.clone())),
            Self::Unknown => "?".to_owned(),
        }
    }

    /// `a vector 64`, `an image 6x4x4`
    pub(crate) fn described_with_article(&self) -> String {
        let article = if let Self::Image(_) = self { "an" } else { "a" };
        format!("{article} {}", self.described())
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vector(size) => write!(formatter, "{size}"),
            Self::Image(sizes) => {
                let [channels, rows, columns] = &**sizes;
                write!(formatter, "{channels}x{rows}x{columns}")
            }
            Self::Of(path, _) => write!(formatter, "that of {}", written(path.clone())),
            Self::Unknown => formatter.write_str("?"),
        }
    }
}

/// The name of the constant that checks the type of the user's own in a layer: what the type has to be, it is if the constant can be computed.
/// Of a layer, it is how many outputs it has.
fn check_of(network: &Ident, field: &Ident) -> Ident {
    let name = format!("__{}_{}_CHECK", network.unraw(), field.unraw());
    Ident::new(&name, Span::mixed_site())
}

/// A network whose shapes are known, as far as there are no errors.
pub(crate) struct Network<'a> {
    pub(crate) name: Ident,
    pub(crate) input: Shape,
    pub(crate) layers: Vec<Layer<'a>>,
    pub(crate) output: Shape,
    /// What must hold of constants.
    pub(crate) assertions: Vec<Assertion>,
}

impl Network<'_> {
    /// How many layers it has, with those of its blocks.
    pub(crate) fn depth(&self) -> usize {
        let inner = |layer: &Layer<'_>| -> usize {
            layer.inner.iter().map(|inner| inner.network.depth()).sum()
        };
        self.layers.iter().map(|layer| inner(layer).max(1)).sum()
    }
}

/// Infers all shapes. In a chain that is `broken`, something may be missing, and was reported.
pub(crate) fn network<'a>(
    name: &Ident,
    chain: &'a Chain,
    broken: bool,
    errors: &mut Errors,
) -> Network<'a> {
    let mut input = Shape::of_sizes(&chain.input);
    if !is_possible(&input) {
        let message = format!("the input {input} holds more numbers than memory can");
        errors.over(&chain.input_tokens, message);
        input = Shape::Unknown;
    }
    if chain.stages.is_empty() && !broken {
        errors.over(&chain.input_tokens, "a network needs a layer after its input: `=> dense 10`");
    }
    let mut inference = Inference { errors, types: HashSet::new() };
    inference.check_probabilities(&chain.stages, None);
    inference.chain(name, chain, input, None)
}

/// What is needed for shapes all the way down.
struct Inference<'e> {
    errors: &'e mut Errors,
    /// The names of the types of all blocks.
    types: HashSet<String>,
}

impl Inference<'_> {
    /// A chain of layers: that of the network, or of a block. `from` is what gives its input.
    fn chain<'a>(
        &mut self,
        name: &Ident,
        chain: &'a Chain,
        input: Shape,
        from: Option<&str>,
    ) -> Network<'a> {
        let mut layers: Vec<Layer<'a>> = Vec::new();
        let mut assertions = Vec::new();
        let mut shape = input.clone();
        let fields = fields(&chain.stages, self.errors);
        for (stage, field) in chain.stages.iter().zip(fields) {
            let before = layers.last().map(|layer| layer.field.to_string());
            let from = before.as_deref().or(from);
            let blocks = stage.arguments.blocks.iter();
            let inner = blocks.map(|block| {
                let name = self.type_name(name, &field, block.role);
                let network = self.chain(&name, &block.chain, shape.clone(), from);
                Inner { role: block.role, network }
            });
            let mut inner: Vec<Inner<'a>> = inner.collect();
            let errors = self.errors.count();
            let check = check_of(name, &field);
            let output = self.output(stage, &check, &shape, from, &inner, &mut assertions);
            let possible = self.errors.count();
            let output = self.possible(stage, output);
            let impossible = self.errors.count() > possible;
            let broken = self.errors.count() > errors;
            blocks::settle(&shape, &mut inner);
            let input = std::mem::replace(&mut shape, output.clone());
            let mut layer = Layer {
                stage,
                field,
                check,
                input,
                output,
                inner,
                recast: false,
                broken,
                impossible,
            };
            self.check_size(&mut layer);
            layers.push(layer);
        }
        Network { name: name.clone(), input, layers, output: shape, assertions }
    }

    /// An error at a `softmax` that is given probabilities: a network with it would run, and learn little.
    ///
    /// `before` is what gives probabilities to the first stage, if anything does; given back is what does so behind the last.
    fn check_probabilities(
        &mut self,
        stages: &[Stage],
        mut before: Option<&'static str>,
    ) -> Option<&'static str> {
        for stage in stages {
            if let Head::Layer(row) = stage.head
                && !stage.arguments.blocks.is_empty()
            {
                let blocks = stage.arguments.blocks.iter();
                let behind: Vec<_> = blocks
                    .map(|block| self.check_probabilities(&block.chain.stages, before))
                    .collect();
                let all = row.word == "concat" && behind.iter().all(Option::is_some);
                before = behind[0].filter(|_| all);
            }
            let Some(activation) = &stage.activation else {
                let passes = matches!(stage.head, Head::Layer(row) if row.passes != Passes::Nothing || !stage.arguments.blocks.is_empty());
                before = before.filter(|_| passes);
                continue;
            };
            let ActivationKind::Known(row, _) = activation.kind else {
                before = None;
                continue;
            };
            let stands_alone = matches!(stage.head, Head::Activation);
            if stands_alone
                && row.word == "softmax"
                && let Some(first) = before
            {
                let message = format!(
                    "`softmax` takes scores, but `{first}` before it gives probabilities: leave one of them out"
                );
                self.errors.over(&activation.tokens, message);
            }
            if !stands_alone || row.word != "identity" {
                let gives_some = matches!(row.word, "sigmoid" | "hard_sigmoid" | "softmax");
                before = gives_some.then_some(row.word);
            }
        }
        before
    }

    /// `DigitsResidual1`, the type of a block.
    fn type_name(&mut self, network: &Ident, field: &Ident, role: Role) -> Ident {
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
        // It stands where its layer does: an editor shows it there.
        Ident::new(&name, field.span().resolved_at(network.span()))
    }

    fn output(
        &mut self,
        stage: &Stage,
        check: &Ident,
        input: &Shape,
        from: Option<&str>,
        inner: &[Inner<'_>],
        assertions: &mut Vec<Assertion>,
    ) -> Shape {
        match &stage.head {
            Head::Layer(row) => {
                let mut checks = Checks { errors: self.errors, assertions, word: &stage.word };
                (row.output)(&Given { row, stage, input, from, inner }, &mut checks)
            }
            Head::Activation => input.clone(),
            Head::User(path) => Shape::of_user(path, check),
            Head::Unknown => Shape::Unknown,
        }
    }

    /// A sample that memory can hold: Rust has no type for a larger one.
    fn possible(&mut self, stage: &Stage, output: Shape) -> Shape {
        if is_possible(&output) {
            return output;
        }
        let name = written(stage.word.clone());
        let message = format!("`{name}` gives more numbers than memory can hold: {output}");
        self.errors.over(&stage.tokens, message);
        Shape::Unknown
    }

    /// The same for parameters.
    fn check_size(&mut self, layer: &mut Layer<'_>) {
        if let Count::Known(parameters) = layer.parameters()
            && parameters > LARGEST
        {
            let name = written(layer.stage.word.clone());
            let parameters = grouped(parameters);
            self.errors.over(
                &layer.stage.tokens,
                format!("`{name}` has {parameters} parameters, more than memory can hold"),
            );
            (layer.broken, layer.impossible) = (true, true);
        }
    }
}

/// So many numbers are more than memory can hold.
const LARGEST: u128 = (u64::MAX >> 5) as u128;

/// Whether memory can hold it.
fn is_possible(shape: &Shape) -> bool {
    !matches!(shape.len(), Size::Number(length, _) if u128::from(length) > LARGEST)
}
