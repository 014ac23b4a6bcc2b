//! The Rust that a network becomes: a struct of layers, and straight-line calls from one to the next.
//!
//! `structure` is the struct with its `docs`, `inference` and `training` are its passes, `end` is the activation that it ends in,
//! `traits` has what else it can do, and `checks` are for the compiler.

mod checks;
mod docs;
mod end;
mod inference;
mod join;
mod record;
mod structure;
mod training;
mod traits;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};

use crate::shapes::constants::Constant;
use crate::shapes::typed::{TypedBlock, TypedLayer, TypedNetwork};
use crate::syntax::attributes::is_condition;
use crate::syntax::spans::elsewhere;
use crate::syntax::tree::Head;
use crate::syntax::vocabulary::HEADS;

/// One network to expand: its shapes, and what was written around them.
pub(crate) struct Definition<'a> {
    /// The path of the library: `::axonal`.
    pub(crate) root: &'a TokenStream,
    /// Doc comments and others, as written.
    pub(crate) attributes: Vec<TokenStream>,
    pub(crate) visibility: &'a TokenStream,
    /// The word `struct`.
    pub(crate) keyword: Span,
    pub(crate) network: &'a TypedNetwork<'a>,
    /// The sizes that only the compiler knows.
    pub(crate) constants: &'a [Constant],
    /// The first line of the documentation if the user wrote none.
    pub(crate) title: String,
    /// After an error, the constant that rustc cannot compute: types that are not known name it. Then there is no code in the functions.
    pub(crate) unknown: Option<&'a Ident>,
    /// What the library was built with.
    pub(crate) features: Features,
    /// Whether it is the block of another network.
    pub(crate) block: bool,
    /// Whether its layers are called as functions, and not inlined: in a deep network, and in the blocks of one.
    pub(crate) outlined: bool,
}

/// The features of axonal that the expansion depends on, by their names there.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a feature, on or off")]
pub struct Features {
    /// Networks on the heap.
    pub alloc: bool,
    /// Summaries.
    pub std: bool,
    /// `Differentiable`.
    pub train: bool,
    /// Weights from and to files.
    pub files: bool,
}

impl Features {
    /// All of them.
    pub const ALL: Self = Self { alloc: true, std: true, train: true, files: true };
}

impl Definition<'_> {
    /// After an error, a type that rustc does not know, and therefore says no more about. An editor takes it for `likely`: the rest of the program
    /// keeps its fields and methods there.
    fn unknown_type(&self, likely: TokenStream) -> TokenStream {
        let Self { root, unknown: Some(unknown), .. } = self else { return likely };
        quote! {
            <#root::__private::Checked<#likely, #unknown> as #root::__private::Own>::Type
        }
    }
}

/// A layer as the generated code sees it.
pub(crate) struct LayerCode<'a> {
    /// The name of the field at the user's word, for its definition, and elsewhere, for its uses.
    pub(crate) defined: &'a Ident,
    pub(crate) field: Ident,
    /// The type of the field.
    written: TokenStream,
    /// The same for code that needs it to be a layer.
    pub(crate) rust: TokenStream,
    pub(crate) layer: &'a TypedLayer<'a>,
    /// The type of its outputs.
    pub(crate) output: TokenStream,
    /// The same with `f32`, for constants, which cannot be generic.
    pub(crate) fixed_output: TokenStream,
}

impl<'a> LayerCode<'a> {
    /// None of a layer that leaves no type after a mistake.
    fn of(
        definition: &Definition<'_>,
        scalar: &TokenStream,
        layer: &'a TypedLayer<'a>,
    ) -> Option<Self> {
        let root = definition.root;
        let fixed = quote!(::core::primitive::f32);
        let known = |rust: Option<TokenStream>| {
            if layer.is_known() {
                return rust;
            }
            // A layer of which nothing is known counts as one that does nothing.
            let likely = rust.unwrap_or_else(|| {
                let sample = layer.input.rust(root, scalar);
                quote!(#root::layers::Activate<#scalar, #sample, #root::activations::Identity>)
            });
            Some(definition.unknown_type(likely))
        };
        Some(Self {
            defined: &layer.field,
            field: elsewhere(&layer.field),
            written: known(layer.rust(root, scalar))?,
            rust: known(layer.checked(root, scalar))?,
            layer,
            output: layer.output.rust(root, scalar),
            fixed_output: layer.output.rust(root, &fixed),
        })
    }
}

impl LayerCode<'_> {
    /// The types of its branches, if these take different values: then it is no layer by itself.
    pub(crate) fn branches(&self, scalar: &TokenStream) -> Option<Vec<TokenStream>> {
        self.layer.has_sources().then(|| join::types(self.layer, scalar))
    }

    /// The layers that it consists of: itself, or its branches.
    pub(crate) fn units(&self, scalar: &TokenStream) -> Vec<TokenStream> {
        self.branches(scalar).unwrap_or_else(|| vec![self.rust.clone()])
    }

    /// `self.concat1`, or its branches: `self.concat1.first`.
    pub(crate) fn places(&self) -> Vec<TokenStream> {
        let field = &self.field;
        if !self.layer.has_sources() {
            return vec![quote_spanned!(Span::mixed_site()=> self.#field)];
        }
        let branches = self.layer.blocks.iter().map(|block| block.role.field());
        branches.map(|branch| quote_spanned!(Span::mixed_site()=> self.#field.#branch)).collect()
    }
}

/// What all files of this folder write from.
pub(crate) struct Expansion<'a> {
    pub(crate) definition: &'a Definition<'a>,
    pub(crate) root: &'a TokenStream,
    /// The name of the network for its uses: an editor shows it at its definition alone.
    pub(crate) name: Ident,
    /// The type parameter: `T`.
    pub(crate) scalar: TokenStream,
    pub(crate) parts: Vec<LayerCode<'a>>,
    /// `#[cfg(…)]` of the user, for every item.
    pub(crate) conditions: Vec<&'a TokenStream>,
    /// The bounds of all implementations: what the user's own layers have to be.
    pub(crate) bounds: Vec<TokenStream>,
}

/// The definition of one network.
pub(crate) fn expand(definition: &Definition<'_>) -> TokenStream {
    let root = definition.root;
    let scalar = scalar_name(definition);
    let layers = definition.network.layers.iter();
    let parts = layers.filter_map(|layer| LayerCode::of(definition, &scalar, layer)).collect();
    let conditions =
        definition.attributes.iter().filter(|attribute| is_condition(attribute)).collect();
    let mut expansion = Expansion {
        definition,
        root,
        name: elsewhere(&definition.network.name),
        scalar,
        parts,
        conditions,
        bounds: Vec::new(),
    };
    expansion.bounds = expansion.user_bounds();
    let mut tokens = expansion.own_types();
    tokens.extend(expansion.end_constants());
    tokens.extend(expansion.structure());
    tokens.extend(expansion.layer());
    let mut layers = definition.network.layers.iter();
    if definition.features.train
        && (definition.unknown.is_some() || layers.all(TypedLayer::is_differentiable))
    {
        tokens.extend(expansion.differentiable());
    }
    tokens.extend(expansion.network());
    tokens.extend(expansion.inherent());
    tokens.extend(expansion.common());
    tokens.extend(expansion.blocks());
    tokens.extend(expansion.joins());
    tokens.extend(expansion.records());
    if definition.unknown.is_none() {
        tokens.extend(expansion.checks());
    }
    tokens
}

/// `T`, unless the description uses the name for a type of its own.
fn scalar_name(definition: &Definition<'_>) -> TokenStream {
    fn mentions(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => mentions(group.stream()),
            token => token.to_string() == "T",
        })
    }
    let mut layers = definition.network.layers.iter();
    let used = layers.any(|layer| mentions(layer.stage.tokens.clone()));
    if used { quote!(Float) } else { quote!(T) }
}

impl Expansion<'_> {
    /// `impl<T: Scalar> Trait for Name<T> where … { body }`
    pub(crate) fn implement(
        &self,
        what: &TokenStream,
        more: &[TokenStream],
        body: &TokenStream,
    ) -> TokenStream {
        let Self { root, name, scalar, conditions, bounds, .. } = self;
        let bounds = bounds.iter().chain(more);
        quote_spanned! {Span::mixed_site()=>
            #(#conditions)*
            #[automatically_derived]
            impl<#scalar: #root::Scalar> #what for #name<#scalar>
            where
                #(#bounds,)*
            {
                #body
            }
        }
    }

    /// The types of the blocks, each a network too.
    fn blocks(&self) -> TokenStream {
        let Definition {
            root,
            visibility,
            keyword,
            unknown,
            features,
            network,
            constants,
            outlined,
            ..
        } = self.definition;
        let name = network.name.to_string();
        let blocks = network.layers.iter().flat_map(|layer| {
            layer.blocks.iter().map(|TypedBlock { role, network, .. }| {
                let title = format!("The {} of `{}` in `{name}`.", role.name(), layer.field);
                let attributes = self.conditions.iter().map(|&condition| condition.clone());
                let attributes = attributes.collect();
                let (keyword, unknown, features, outlined) =
                    (*keyword, *unknown, *features, *outlined);
                let block = true;
                expand(&Definition {
                    root,
                    attributes,
                    visibility,
                    keyword,
                    network,
                    constants,
                    title,
                    unknown,
                    features,
                    block,
                    outlined,
                })
            })
        });
        blocks.collect()
    }

    /// The last layer and those before it; nothing if no code can be written.
    pub(crate) fn code(&self) -> Option<(&LayerCode<'_>, &[LayerCode<'_>])> {
        if self.definition.unknown.is_some() { None } else { self.parts.split_last() }
    }
}

pub(crate) fn unreachable() -> TokenStream {
    quote!(::core::unreachable!())
}

pub(crate) fn local(name: &str, index: usize) -> Ident {
    format_ident!("{name}{}", index + 1, span = Span::mixed_site())
}

/// What becomes of the outputs of the branches: a variant of `Joining`.
fn joining(layer: &TypedLayer<'_>) -> Ident {
    let name = match &layer.stage.head {
        Head::Layer(grammar) if matches!(grammar.word, "add" | "residual") => "Add",
        Head::Layer(grammar) if grammar.word == HEADS => "Heads",
        _ => "Concat",
    };
    Ident::new(name, Span::mixed_site())
}
