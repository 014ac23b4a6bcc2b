//! One layer in its place: what goes into it, what comes out, the type it becomes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::shapes::infer::{Network, Shape};
use crate::shapes::sizes::{Condition, Count, Size};
use crate::syntax::decimal::Decimal;
use crate::syntax::errors::Errors;
use crate::syntax::parser::arguments::{Argument, Role};
use crate::syntax::parser::stage::{Activation, ActivationKind, Head, Stage};
use crate::syntax::tokens::{library, written};
use crate::syntax::vocabulary::{LayerRow, Passes, Settings};

/// A layer of the library as its row sees it.
pub(crate) struct Given<'a> {
    pub(crate) row: &'static LayerRow,
    pub(crate) stage: &'a Stage,
    pub(crate) input: &'a Shape,
    /// The name of the layer before, or nothing for the network's input.
    pub(crate) from: Option<&'a str>,
    /// The blocks of layers in it.
    pub(crate) inner: &'a [Inner<'a>],
}

impl Given<'_> {
    pub(crate) fn size(&self, index: usize) -> Size {
        self.stage.arguments.sizes.get(index).cloned().unwrap_or(Size::Unknown)
    }

    pub(crate) fn block(&self, role: Role) -> Option<&Inner<'_>> {
        self.inner.iter().find(|inner| inner.role == role)
    }

    /// Whether it has a bias.
    pub(crate) fn bias(&self) -> bool {
        !self.stage.options.has("no_bias")
    }

    /// The sizes of the image that goes in; unknown ones if it is none.
    pub(crate) fn image(&self) -> [Size; 3] {
        match self.input {
            Shape::Image(sizes) => (**sizes).clone(),
            _ => [Size::Unknown, Size::Unknown, Size::Unknown],
        }
    }

    /// An error unless the input is an image; whether it is one.
    pub(crate) fn check_image(&self, checks: &mut Checks<'_>) -> bool {
        if matches!(self.input, Shape::Vector(_) | Shape::Of(..)) {
            let count = match self.input {
                Shape::Vector(size) if size.is_known() => format!(" with C * H * W = {size}"),
                _ => String::new(),
            };
            checks.complain(format!(
                "`{}` takes an image, but {} a {}: put `reshape CxHxW` before it{count}",
                self.row.word,
                self.source(),
                self.input.described()
            ));
        }
        matches!(self.input, Shape::Image(_))
    }

    /// An error if the input is an image.
    pub(crate) fn check_vector(&self, checks: &mut Checks<'_>) {
        if let Shape::Image(_) = self.input {
            checks.complain(format!(
                "`{}` takes a vector, but {} an {}: put `flatten` before it",
                self.row.word,
                self.source(),
                self.input.described()
            ));
        }
    }

    /// Where the input comes from: `conv1` gives, or the input is.
    pub(crate) fn source(&self) -> String {
        match self.from {
            Some(from) => format!("`{from}` gives"),
            None => "the input is".to_owned(),
        }
    }
}

/// What a row demands: errors where it is not so, assertions where the compiler has to find out.
pub(crate) struct Checks<'e> {
    pub(crate) errors: &'e mut Errors,
    pub(crate) assertions: &'e mut Vec<Assertion>,
    /// The word of the layer.
    pub(crate) word: &'e TokenStream,
}

/// A condition on constants.
pub(crate) struct Assertion {
    pub(crate) condition: TokenStream,
    pub(crate) place: Span,
    pub(crate) message: String,
}

impl Checks<'_> {
    /// Where the word of the layer was written.
    pub(crate) fn place(&self) -> Span {
        word(self.word)
    }

    /// A mistake at the word of the layer.
    pub(crate) fn complain(&mut self, message: String) {
        self.errors.over(self.word, message);
    }

    pub(crate) fn complain_at(&mut self, place: Span, message: &str) {
        self.errors.at(place, message);
    }

    /// A mistake at `place` unless the condition holds.
    pub(crate) fn require(
        &mut self,
        condition: Condition,
        place: Span,
        message: impl FnOnce() -> String,
    ) {
        match condition {
            Condition::Known(true) => {}
            Condition::Known(false) => self.errors.at(place, message()),
            Condition::Written(condition) => {
                self.assertions.push(Assertion { condition, place, message: message() });
            }
        }
    }
}

/// A block of layers in a layer, which becomes a type of its own.
pub(crate) struct Inner<'a> {
    pub(crate) role: Role,
    pub(crate) network: Network<'a>,
}

impl Inner<'_> {
    pub(crate) fn parameters(&self) -> Count {
        let counts = self.network.layers.iter().map(Layer::parameters);
        counts.fold(Count::Known(0), |sum, count| sum.plus(&count))
    }
}

/// A layer of the network.
pub(crate) struct Layer<'a> {
    pub(crate) stage: &'a Stage,
    /// The name of its field.
    pub(crate) field: Ident,
    /// The constant that checks the type of the user's own in it.
    pub(crate) check: Ident,
    pub(crate) input: Shape,
    pub(crate) output: Shape,
    pub(crate) inner: Vec<Inner<'a>>,
    /// Whether its outputs are those of a block that has to give another type.
    pub(crate) recast: bool,
    /// Whether it has a mistake.
    pub(crate) broken: bool,
    /// Whether memory cannot hold it, so that Rust has no type for it.
    pub(crate) impossible: bool,
}

/// Where the words were written. Rustc says of an error at tokens of a macro which macro it is, which a person can see.
pub(crate) fn word(tokens: &TokenStream) -> Span {
    tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span())
}

/// The words are the user's, the names mean what they mean in the macro.
pub(crate) fn place(tokens: &TokenStream) -> Span {
    let first = tokens.clone().into_iter().next();
    first.map_or_else(Span::mixed_site, |token| token.span().resolved_at(Span::mixed_site()))
}

/// The type of an activation.
fn activation_type(
    activation: &Activation,
    root: &TokenStream,
    own: impl Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    match &activation.kind {
        ActivationKind::Known(row, arguments) => {
            let place = place(&activation.tokens);
            let path = library(root, "activations", Ident::new(row.rust, place), place);
            let arguments = (!arguments.is_empty()).then(|| quote_spanned!(place=> <#arguments>));
            quote!(#path #arguments)
        }
        ActivationKind::User(path) => own(path.clone()),
    }
}

impl Layer<'_> {
    fn given(&self, row: &'static LayerRow) -> Given<'_> {
        Given { row, stage: self.stage, input: &self.input, from: None, inner: &self.inner }
    }

    /// Whether its type and its samples are known: not after a mistake in it, or before it.
    pub(crate) fn is_known(&self) -> bool {
        !self.broken
            && self.input.is_known()
            && self.output.is_known()
            && self.inner_layers().all(Layer::is_known)
    }

    /// The type of the field; none after a mistake that leaves no type. A size that is not known is 1 in it: in an editor the rest of
    /// the program keeps the field and its methods.
    pub(crate) fn rust(&self, root: &TokenStream, scalar: &TokenStream) -> Option<TokenStream> {
        self.rust_with(root, scalar, |path| path)
    }

    /// The same for code that needs it to be a layer: where a type of the user's own is not what it has to be, no type at all.
    pub(crate) fn checked(&self, root: &TokenStream, scalar: &TokenStream) -> Option<TokenStream> {
        let check = &self.check;
        self.rust_with(root, scalar, |own| {
            quote_spanned! {Span::mixed_site()=>
                <#root::__private::Checked<#own, #check> as #root::__private::Own>::Type
            }
        })
    }

    /// `own` is what is written for a type of the user's own.
    fn rust_with(
        &self,
        root: &TokenStream,
        scalar: &TokenStream,
        own: impl Fn(TokenStream) -> TokenStream,
    ) -> Option<TokenStream> {
        let missing = |argument: &Argument| matches!(argument, Argument::Block(role) if self.inner.iter().all(|inner| inner.role != *role));
        match &self.stage.head {
            Head::Layer(row) if row.arguments.iter().any(missing) => return None,
            _ if self.impossible => return None,
            _ => {}
        }
        let activation = self.stage.activation.as_ref();
        let activation = activation.map(|activation| activation_type(activation, root, &own));
        let place = place(&self.stage.word);
        match &self.stage.head {
            Head::Layer(row) => {
                let output = &self.output;
                let settings = Settings { root, scalar, output, activation, place };
                Some((row.rust)(&self.given(row), &settings))
            }
            Head::Activation => {
                let sample = self.input.rust(root, scalar);
                // The word is the activation's name, not that of its layer.
                let name = Ident::new("Activate", Span::mixed_site());
                let path = library(root, "layers", name, place);
                Some(quote_spanned!(place=> #path<#scalar, #sample, #activation>))
            }
            Head::User(path) => Some(own(quote_spanned!(word(path)=> #path<#scalar>))),
            Head::Unknown => None,
        }
    }

    /// The two blocks of `concat`.
    pub(crate) fn branches(&self) -> Option<[&Network<'_>; 2]> {
        let branch = |role| self.inner.iter().find(|inner| inner.role == role);
        let (first, second) = (branch(Role::First)?, branch(Role::Second)?);
        Some([&first.network, &second.network])
    }

    /// What becomes of probabilities that go in; none if the type says it: one of the user's own, or one that has branches.
    pub(crate) fn passes(&self) -> Option<Passes> {
        let nothing_is_dropped = self.stage.arguments.probability == Some(Decimal::ZERO);
        match &self.stage.head {
            Head::Layer(LayerRow { passes: Passes::Dropped, .. }) if nothing_is_dropped => {
                Some(Passes::Numbers)
            }
            Head::Layer(row) if self.branches().is_some() => {
                debug_assert!(row.passes == Passes::Nothing, "its type says it");
                None
            }
            Head::Layer(row) => Some(row.passes),
            Head::Activation => {
                let kind = self.stage.activation.as_ref().map(|activation| &activation.kind);
                let is_identity =
                    matches!(kind, Some(ActivationKind::Known(row, _)) if row.word == "identity");
                Some(if is_identity { Passes::Numbers } else { Passes::Nothing })
            }
            Head::User(_) => None,
            Head::Unknown => Some(Passes::Nothing),
        }
    }

    /// Whether it takes or gives samples of a type that only the compiler knows: that of a layer of the user's own.
    pub(crate) fn is_recast(&self) -> bool {
        self.recast
            || matches!(self.stage.head, Head::User(_))
            || matches!(self.input, Shape::Of(..))
            || matches!(self.output, Shape::Of(..))
    }

    /// How many parameters it has.
    pub(crate) fn parameters(&self) -> Count {
        match &self.stage.head {
            Head::Layer(row) => (row.parameters)(&self.given(row)),
            Head::Activation => Count::Known(0),
            Head::User(path) => Count::Written(format!("those of {}", written(path.clone()))),
            Head::Unknown => Count::Unknown,
        }
    }

    /// The layers of its blocks.
    fn inner_layers(&self) -> impl Iterator<Item = &Layer<'_>> {
        self.inner.iter().flat_map(|inner| &inner.network.layers)
    }

    /// Whether types of the user's are in it.
    pub(crate) fn has_user_types(&self) -> bool {
        self.has_own_type() || self.inner_layers().any(Layer::has_user_types)
    }

    /// Whether a type of the user's stands in its own type, not in its blocks.
    pub(crate) fn has_own_type(&self) -> bool {
        let user = |kind: &ActivationKind| matches!(kind, ActivationKind::User(_));
        matches!(self.stage.head, Head::User(_))
            || self.stage.activation.as_ref().is_some_and(|activation| user(&activation.kind))
    }

    /// Whether backpropagation goes through it, as far as the macro sees.
    pub(crate) fn is_differentiable(&self) -> bool {
        let step =
            self.stage.activation.as_ref().is_some_and(|activation| match &activation.kind {
                ActivationKind::Known(row, _) => !row.differentiable,
                ActivationKind::User(_) => false,
            });
        !step && self.inner_layers().all(Layer::is_differentiable)
    }

    /// The layers of the user's own in it, those of its blocks too.
    pub(crate) fn user_layers(&self) -> Vec<&Layer<'_>> {
        let own = matches!(self.stage.head, Head::User(_)).then_some(self);
        own.into_iter().chain(self.inner_layers().flat_map(Layer::user_layers)).collect()
    }
}
