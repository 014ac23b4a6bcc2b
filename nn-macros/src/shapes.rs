//! What a description means: the name and the shapes of every layer, and what does not fit.

use std::collections::{HashMap, HashSet};
use std::fmt;

use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};

use crate::errors::Errors;
use crate::parse::Chain;
use crate::stage::{ActivationKind, Head, Stage};
use crate::tokens::written;
use crate::words::Settings;

/// One size of a shape.
#[derive(Clone)]
pub(crate) enum Size {
    /// A number that stands in the description.
    Number(u64, Span),
    /// A constant: an expression in braces, and how it was written.
    Constant { tokens: TokenStream, text: String },
    /// A mistake, already reported.
    Unknown,
}

impl Size {
    /// As the argument of a type.
    pub(crate) fn tokens(&self) -> TokenStream {
        match self {
            Self::Number(value, span) => {
                let mut literal = Literal::u64_unsuffixed(*value);
                literal.set_span(*span);
                quote!(#literal)
            }
            Self::Constant { tokens, .. } => tokens.clone(),
            Self::Unknown => quote!(1),
        }
    }

    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Number(_, span) => *span,
            Self::Constant { tokens, .. } => first_word(tokens),
            Self::Unknown => Span::call_site(),
        }
    }

    pub(crate) fn count(&self) -> Count {
        match self {
            Self::Number(value, _) => Count::Known(u128::from(*value)),
            Self::Constant { text, .. } => Count::Written(text.clone()),
            Self::Unknown => Count::Unknown,
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value, _) => write!(formatter, "{value}"),
            Self::Constant { text, .. } if text.contains(' ') => write!(formatter, "{{ {text} }}"),
            Self::Constant { text, .. } => formatter.write_str(text),
            Self::Unknown => formatter.write_str("?"),
        }
    }
}

/// Where an expression in braces begins; the braces themselves may be ours.
fn first_word(tokens: &TokenStream) -> Span {
    match tokens.clone().into_iter().next() {
        Some(TokenTree::Group(group)) => match group.stream().into_iter().next() {
            Some(_) => first_word(&group.stream()),
            None => group.span(),
        },
        Some(token) => token.span(),
        None => Span::call_site(),
    }
}

/// A number of parameters: known, or a formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Known(u128),
    Written(String),
    Unknown,
}

impl Count {
    pub(crate) fn times(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Known(a), Self::Known(b)) => Self::Known(a.saturating_mul(*b)),
            (a, b) => Self::Written(format!("{} * {}", a.factor(), b.factor())),
        }
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Known(a), Self::Known(b)) => Self::Known(a.saturating_add(*b)),
            (Self::Known(0), other) | (other, Self::Known(0)) => other.clone(),
            (a, b) => Self::Written(format!("{a} + {b}")),
        }
    }

    fn factor(&self) -> String {
        match self {
            Self::Written(text) if text.contains(['+', '-', '/', ' ']) => format!("({text})"),
            count => count.to_string(),
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => formatter.write_str(&grouped(*value)),
            Self::Written(text) => formatter.write_str(text),
            Self::Unknown => formatter.write_str("?"),
        }
    }
}

/// `100,480`
fn grouped(value: u128) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The shape of a sample.
#[derive(Clone)]
pub(crate) enum Shape {
    Vector(Size),
    /// Channels, rows, columns.
    Image(Box<[Size; 3]>),
    /// The output of the user's own layer: its path.
    Of(TokenStream),
    /// Follows a mistake, already reported.
    Unknown,
}

impl Shape {
    fn of_sizes(sizes: &[Size]) -> Self {
        match sizes {
            [Size::Unknown] => Self::Unknown,
            [size] => Self::Vector(size.clone()),
            [rows, columns] => Self::Image(Box::new([
                Size::Number(1, Span::call_site()),
                rows.clone(),
                columns.clone(),
            ])),
            [channels, rows, columns] => {
                Self::Image(Box::new([channels.clone(), rows.clone(), columns.clone()]))
            }
            _ => Self::Unknown,
        }
    }

    pub(crate) fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown)
    }

    /// How many numbers it holds.
    pub(crate) fn len(&self) -> Count {
        match self {
            Self::Vector(size) => size.count(),
            Self::Image(sizes) => {
                sizes.iter().fold(Count::Known(1), |product, size| match product {
                    Count::Known(1) => size.count(),
                    product => product.times(&size.count()),
                })
            }
            Self::Of(path) => Count::Written(format!("the outputs of {}", written(path.clone()))),
            Self::Unknown => Count::Unknown,
        }
    }

    /// How many numbers it holds, as the argument of a type.
    pub(crate) fn len_tokens(&self, root: &TokenStream) -> TokenStream {
        match self {
            Self::Vector(size) => size.tokens(),
            Self::Image(sizes) => {
                let [channels, rows, columns] = [0, 1, 2].map(|index: usize| sizes[index].tokens());
                quote!({ #channels * #rows * #columns })
            }
            Self::Of(path) => {
                let float = quote!(::core::primitive::f32);
                quote!({
                    <<#path<#float> as #root::Layer>::Output as #root::Sample>::LEN
                })
            }
            Self::Unknown => quote!(1),
        }
    }

    /// The type of a sample. The output of the user's own layer is a vector, the compiler says how long.
    pub(crate) fn rust(&self, root: &TokenStream, scalar: &TokenStream) -> TokenStream {
        match self {
            // Images come with the convolutions; until then this is seen after an error only.
            Self::Image(_) => quote!(#root::nalgebra::SVector<#scalar, 1>),
            shape => {
                let size = shape.len_tokens(root);
                quote!(#root::nalgebra::SVector<#scalar, #size>)
            }
        }
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
            Self::Of(path) => write!(formatter, "that of {}", written(path.clone())),
            Self::Unknown => formatter.write_str("?"),
        }
    }
}

/// What goes into a layer, and where it comes from, for messages.
pub(crate) struct Input<'a> {
    pub(crate) shape: &'a Shape,
    /// The name of the layer before, or nothing for the network's input.
    pub(crate) from: Option<&'a str>,
}

impl Input<'_> {
    /// An error unless it is a vector.
    pub(crate) fn vector(&self, layer: &str) -> Result<(), String> {
        let shape = self.shape;
        match (shape, self.from) {
            (Shape::Image(_), Some(from)) => Err(format!(
                "`{layer}` takes a vector, but `{from}` gives an image {shape}: put `flatten` before it"
            )),
            (Shape::Image(_), None) => Err(format!(
                "`{layer}` takes a vector, but the input is an image {shape}: put `flatten` before it"
            )),
            _ => Ok(()),
        }
    }
}

/// The words are the user's, the names mean what they mean in the macro.
pub(crate) fn place(tokens: &TokenStream) -> Span {
    let first = tokens.clone().into_iter().next();
    first.map_or_else(Span::mixed_site, |token| token.span().resolved_at(Span::mixed_site()))
}

/// A layer of the network.
pub(crate) struct Layer<'a> {
    pub(crate) stage: &'a Stage,
    /// The name of its field.
    pub(crate) field: Ident,
    pub(crate) input: Shape,
    pub(crate) output: Shape,
}

/// A network whose shapes are known, as far as there are no errors.
pub(crate) struct Network<'a> {
    pub(crate) input: Shape,
    pub(crate) layers: Vec<Layer<'a>>,
    pub(crate) output: Shape,
}

impl Network<'_> {
    /// All sizes that were written.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = &Size> {
        let input: &[Size] = match &self.input {
            Shape::Vector(size) => std::slice::from_ref(size),
            Shape::Image(sizes) => &sizes[..],
            Shape::Of(_) | Shape::Unknown => &[],
        };
        let layers = self.layers.iter().flat_map(|layer| match &layer.stage.head {
            Head::Layer(_, sizes) => sizes.as_slice(),
            _ => &[],
        });
        input.iter().chain(layers)
    }
}

/// Infers all shapes. In a chain that is `broken`, something may be missing, and was reported.
pub(crate) fn network<'a>(chain: &'a Chain, broken: bool, errors: &mut Errors) -> Network<'a> {
    let input = Shape::of_sizes(&chain.input);
    let mut layers: Vec<Layer<'a>> = Vec::new();
    let fields = fields(&chain.stages, errors);
    let mut shape = input.clone();
    for (stage, field) in chain.stages.iter().zip(fields) {
        let from = layers.last().map(|layer| layer.field.to_string());
        let from = from.as_deref();
        let output = output(stage, &Input { shape: &shape, from }, errors);
        layers.push(Layer { stage, field, input: shape, output: output.clone() });
        shape = output;
    }
    if chain.stages.is_empty() && !broken {
        errors.over(&chain.input_tokens, "a network needs a layer after its input: `=> dense 10`");
    }
    for layer in &mut layers {
        check_size(layer, errors);
    }
    Network { input, layers, output: shape }
}

fn output(stage: &Stage, input: &Input<'_>, errors: &mut Errors) -> Shape {
    let mut complain = |message: Result<(), String>| {
        if let Err(message) = message {
            errors.over(&stage.word, message);
        }
    };
    match &stage.head {
        Head::Layer(row, sizes) => {
            let output = (row.output)(input, sizes).unwrap_or_else(|message| {
                complain(Err(message));
                // What would come out of it if its input were as it needs it.
                (row.output)(&Input { shape: &Shape::Unknown, from: None }, sizes)
                    .unwrap_or(Shape::Unknown)
            });
            match output {
                Shape::Vector(Size::Unknown) => Shape::Unknown,
                output => output,
            }
        }
        Head::Activation => match input.vector(&written(stage.word.clone())) {
            Ok(()) => input.shape.clone(),
            Err(message) => {
                complain(Err(message));
                Shape::Unknown
            }
        },
        Head::User(path) => {
            if let Shape::Image(_) = input.shape {
                complain(Err("an image as the input of a layer is not supported yet".to_owned()));
            }
            Shape::Of(path.clone())
        }
        Head::Unknown(sizes) => Shape::of_sizes(sizes),
    }
}

/// A network larger than the memory that a pointer can address.
fn check_size(layer: &mut Layer<'_>, errors: &mut Errors) {
    let stage = layer.stage;
    if let Count::Known(parameters) = layer.parameters()
        && parameters > u128::from(u64::MAX >> 5)
    {
        let name = written(stage.word.clone());
        let parameters = grouped(parameters);
        errors.over(
            &stage.tokens,
            format!("`{name}` has {parameters} parameters, more than memory can hold"),
        );
        // Rust has no type for it.
        layer.input = Shape::Unknown;
    }
}

/// The names of the fields: the labels, and `dense1`, `dense2` … for layers without one.
fn fields(stages: &[Stage], errors: &mut Errors) -> Vec<Ident> {
    let mut labels: HashSet<String> = HashSet::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut fields: Vec<Option<Ident>> = Vec::new();
    for stage in stages {
        let field = stage.label.clone().filter(|label| {
            let new = labels.insert(label.to_string());
            if !new {
                errors.at(label.span(), format!("the label `{label}` is there twice"));
            }
            new
        });
        fields.push(field);
    }
    let automatic = stages.iter().zip(fields).map(|(stage, field)| {
        field.unwrap_or_else(|| {
            let word = field_word(stage);
            let count = counts.entry(word.clone()).or_insert(0);
            *count += 1;
            let span = stage.word.clone().into_iter().last().map_or(Span::call_site(), |t| t.span());
            let mut name = format!("{word}{count}");
            if labels.contains(&name) {
                let labelled = stages.iter().filter_map(|stage| stage.label.as_ref());
                for label in labelled.filter(|label| *label == &name).take(1) {
                    let written = written(stage.tokens.clone());
                    errors.at(
                        label.span(),
                        format!("the label `{label}` is also the name of the layer `{written}`, which has no label: choose another"),
                    );
                }
                while labels.contains(&name) {
                    name.push('_');
                }
            }
            labels.insert(name.clone());
            format_ident!("{name}", span = span)
        })
    });
    automatic.collect()
}

/// `dense` of `dense1`.
fn field_word(stage: &Stage) -> String {
    let last = stage.word.clone().into_iter().last();
    let word = last.map(|token| token.to_string()).unwrap_or_default();
    let word = word.trim_start_matches("r#");
    let mut snake = String::new();
    let mut lower = false;
    for character in word.chars() {
        if character.is_uppercase() && lower {
            snake.push('_');
        }
        lower = character.is_lowercase() || character.is_ascii_digit();
        snake.extend(character.to_lowercase());
    }
    let usable = snake.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && snake.chars().all(|c| c.is_alphanumeric() || c == '_');
    if usable { snake } else { "layer".to_owned() }
}

impl Layer<'_> {
    /// The type of the field; none after a mistake that leaves no type.
    pub(crate) fn rust(&self, root: &TokenStream, scalar: &TokenStream) -> Option<TokenStream> {
        if !self.input.is_known() || !self.output.is_known() {
            return None;
        }
        let activation = self.stage.activation.as_ref().map(|activation| match &activation.kind {
            ActivationKind::Known(row, arguments) => {
                let name = Ident::new(row.rust, place(&activation.tokens));
                let arguments = (!arguments.is_empty()).then(|| quote!(<#arguments>));
                let place = place(&activation.tokens);
                quote_spanned!(place=> #root::activations::#name #arguments)
            }
            ActivationKind::User(path) => path.clone(),
        });
        match &self.stage.head {
            Head::Layer(row, sizes) => {
                let bias = !self.stage.no_bias;
                let input = &self.input;
                let place = place(&self.stage.word);
                Some((row.rust)(&Settings { root, scalar, input, sizes, activation, bias, place }))
            }
            Head::Activation => {
                let size = self.input.len_tokens(root);
                let place = place(&self.stage.word);
                Some(quote_spanned!(place=> #root::layers::Activate<#scalar, #size, #activation>))
            }
            Head::User(path) => Some(quote!(#path<#scalar>)),
            Head::Unknown(_) => None,
        }
    }

    /// How many parameters it has.
    pub(crate) fn parameters(&self) -> Count {
        match &self.stage.head {
            Head::Layer(row, sizes) => (row.parameters)(&self.input, sizes, !self.stage.no_bias),
            Head::Activation => Count::Known(0),
            Head::User(path) => Count::Written(format!("those of {}", written(path.clone()))),
            Head::Unknown(_) => Count::Unknown,
        }
    }

    /// Whether types of the user's are in it.
    pub(crate) fn has_user_types(&self) -> bool {
        let user = |kind: &ActivationKind| matches!(kind, ActivationKind::User(_));
        matches!(self.stage.head, Head::User(_))
            || self.stage.activation.as_ref().is_some_and(|activation| user(&activation.kind))
    }

    /// Whether backpropagation goes through it, as far as the macro sees.
    pub(crate) fn is_differentiable(&self) -> bool {
        !self.stage.activation.as_ref().is_some_and(|activation| match &activation.kind {
            ActivationKind::Known(row, _) => !row.differentiable,
            ActivationKind::User(_) => false,
        })
    }
}
