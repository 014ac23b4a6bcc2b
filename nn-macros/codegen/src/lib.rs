//! The macros of axonal, as functions from tokens to tokens.
//!
//! **An implementation detail**: `axonal-macros`, a crate of procedural macros, is a page that calls these functions; the tests and the fuzz
//! target of the repository call them too. Nobody else should: any version may change everything here.
//!
//! A description goes through three folders, each of which uses only those before it: `syntax` (what was written, with its places) →
//! `shapes` (what it means) → `expand` (the Rust that it becomes).

mod derive_parameters;
mod expand;
mod panics;
mod shapes;
mod syntax;

#[cfg(test)]
mod tests;

pub use derive_parameters::derive as derive_parameters;
pub use expand::Features;
pub use panics::caught;

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;

use crate::expand::{Definition, expand};
use crate::shapes::layers::table;
use crate::shapes::{captures, constants, infer};
use crate::syntax::attributes::{is_condition, other_root};
use crate::syntax::errors::Errors;
use crate::syntax::parser::call;
use crate::syntax::tokens::mentions;
use crate::syntax::tree::{Call, Item};

/// [`network`] for the tokens that `axonal::network!` passes on: the path of the crate in brackets, then the description.
pub fn network_with_root(input: TokenStream, features: Features) -> TokenStream {
    let mut description = input.into_iter();
    let root = match description.next() {
        Some(TokenTree::Group(path)) => path.stream(),
        _ => quote!(::axonal),
    };
    network(&root, description.collect(), features)
}

/// The expansion of `network!`: `root` is the path of the crate `axonal`, and `features` says which functions there are.
pub fn network(root: &TokenStream, tokens: TokenStream, features: Features) -> TokenStream {
    let mut errors = Errors::default();
    let is_described = mentions(tokens.clone(), "input");
    match call(tokens, &table::vocabulary(), &mut errors) {
        // The macro may stand in the place of an expression, where no item can be.
        Call::Items(items) if items.is_empty() => errors.alone(),
        // The macro may stand in the place of an item, or of an expression: only one error fits both.
        Call::Expression(_) if !is_described => errors.first(),
        Call::Items(items) => {
            let first = items.first().map_or_else(Item::anonymous_name, |item| item.name.clone());
            let unknown = unknown(&first);
            let mut names = HashSet::new();
            let mut definitions = TokenStream::new();
            for item in items {
                // Two of one name may have conditions of which only one holds.
                let conditions = item.attributes.iter().filter(|it| is_condition(it));
                let conditions: Vec<String> = conditions.map(ToString::to_string).collect();
                if names.insert((item.name.to_string(), conditions)) {
                    definitions.extend(definition(root, item, features, &unknown, &mut errors));
                } else {
                    let name = item.name;
                    errors.at(name.span(), format!("the name `{name}` is there twice"));
                }
            }
            let errors = errors.into_tokens(&unknown);
            // An editor shows first what a word is, then what is wrong with it.
            quote!(#definitions #errors)
        }
        Call::Expression(item) => {
            let name = item.name.clone();
            let unknown = unknown(&name);
            let definition = definition(root, *item, features, &unknown, &mut errors);
            let errors = errors.into_tokens(&unknown);
            // After an error, only the type of the expression matters.
            quote!({
                #definition
                #errors
                #root::__private::random::<#name<::core::primitive::f32>>()
            })
        }
    }
}

/// The name of the constant that cannot be computed after a mistake, in all types that are not known.
fn unknown(network: &Ident) -> Ident {
    Ident::new(&format!("__{}_UNKNOWN", network.unraw()), Span::mixed_site())
}

fn definition(
    root: &TokenStream,
    mut item: Item,
    features: Features,
    unknown: &Ident,
    errors: &mut Errors,
) -> TokenStream {
    let before = errors.count();
    let (other, attributes) = other_root(&item.attributes, errors);
    let root = other.as_ref().unwrap_or(root);
    let conditions: Vec<_> =
        attributes.iter().filter(|attribute| is_condition(attribute)).collect();
    let constants = constants::named(&mut item);
    let definitions = constants.iter().map(|constant| constant.definition(root, &conditions));
    let definitions: TokenStream = definitions.collect();
    captures::resolve(&mut item.chain);
    let network = infer::network(&item.name, &item.chain, item.broken, errors);
    let expanded = expand(&Definition {
        root,
        attributes,
        visibility: &item.visibility,
        keyword: item.keyword,
        network: &network,
        constants: &constants,
        title: "A neural network.".to_owned(),
        unknown: (item.broken || errors.count() > before).then_some(unknown),
        features,
        block: false,
        outlined: network.depth() > DEEP,
    });
    quote!(#definitions #expanded)
}

/// With more layers than this, a network is deep, and its layers are called and not inlined. In a network so small that the time of a call counts there
/// are three or four; each inlined layer takes compile time for each instruction set.
const DEEP: usize = 8;
