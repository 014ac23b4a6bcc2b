//! Sizes that only the compiler knows, as `HIDDEN` and `{ HIDDEN / 2 }`. Each becomes a constant beside the network, and the types name the
//! constant: an expression that cannot be computed, or is no `usize`, is then one error, and not one for each type.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use crate::syntax::spans::library;
use crate::syntax::tree::{Chain, Head, Item, Padding, Size};

/// A constant: its name, and what was written for it.
pub(crate) struct Constant {
    pub(crate) name: Ident,
    pub(crate) text: String,
    value: TokenStream,
    place: Span,
    /// Whether it has to be at least 1. Of two constants with the same text, only the first is checked.
    positive: bool,
}

impl Constant {
    /// Its definition.
    pub(crate) fn definition(
        &self,
        root: &TokenStream,
        conditions: &[&TokenStream],
    ) -> TokenStream {
        let Self { name, text, value, place, positive } = self;
        // A constant of its own: one that cannot be computed would be reported again wherever it is used.
        let check = positive.then(|| {
            let message = format!("a size is at least 1, but `{text}` is 0");
            let require = library(root, "__private", Ident::new("require", *place), *place);
            // In parentheses, as in `Expansion::check`.
            let call = quote_spanned!(*place=> (#require)(#name > 0, #message, &[]));
            quote!(#(#conditions)* const _: () = #call;)
        });
        quote! {
            #(#conditions)*
            #[doc(hidden)]
            #[allow(non_upper_case_globals)]
            const #name: ::core::primitive::usize = #value;
            #check
        }
    }
}

/// Whether a message names the text of a constant, and not a longer name that contains it. An `x` separates two sizes.
pub(crate) fn is_in(message: &str, text: &str) -> bool {
    let within = |c: char| c.is_alphanumeric() && c != 'x' || c == '_';
    message.match_indices(text).any(|(start, text)| {
        let (before, after) = (&message[..start], &message[start + text.len()..]);
        let goes_on = after.starts_with(within) || after.starts_with("::");
        !goes_on && !before.ends_with(within) && !before.ends_with("::")
    })
}

/// Moves the sizes of a network that are not numbers into constants.
pub(crate) fn named(item: &mut Item) -> Vec<Constant> {
    let Item { name: network, parameters, chain, .. } = item;
    forget(parameters, chain);
    let mut constants = Vec::new();
    each(chain, &mut |size, positive| name(network, size, positive, &mut constants));
    let mut seen = HashSet::new();
    for constant in &mut constants {
        constant.positive &= seen.insert(constant.text.clone());
    }
    constants
}

/// A size that is called like a parameter is unknown: a network has none, which was reported.
fn forget(parameters: &TokenStream, chain: &mut Chain) {
    let words: HashSet<String> =
        parameters.clone().into_iter().map(|token| token.to_string()).collect();
    each(chain, &mut |size, _| {
        if matches!(size, Size::Constant { text, .. } if words.contains(text)) {
            *size = Size::Unknown;
        }
    });
}

/// Calls `of` with each size that was written, and whether it has to be at least 1.
fn each(chain: &mut Chain, of: &mut impl FnMut(&mut Size, bool)) {
    for size in &mut chain.input {
        of(size, true);
    }
    for stage in &mut chain.stages {
        let zero = matches!(&stage.head, Head::Layer(layer) if layer.word == "pad");
        for size in &mut stage.arguments.sizes {
            of(size, !zero);
        }
        let options = &mut stage.options;
        let pairs = [&mut options.stride, &mut options.dilation].into_iter().flatten().flatten();
        for size in pairs.chain(&mut options.groups) {
            of(size, true);
        }
        if let Some(Padding::Zeros(zeros)) = &mut options.pad {
            for size in zeros {
                of(size, false);
            }
        }
    }
    for stage in &mut chain.stages {
        for block in &mut stage.arguments.blocks {
            each(&mut block.chain, of);
        }
    }
}

fn name(network: &Ident, size: &mut Size, positive: bool, constants: &mut Vec<Constant>) {
    let Size::Constant { tokens, text, place } = size else { return };
    let number = constants.len() + 1;
    // At a path, an editor shall show the user's constant and not this one. An expression may have no value: then rustc shall underline it.
    let is_path = syn::parse_str::<syn::Path>(text).is_ok();
    let site = if is_path { Span::mixed_site() } else { *place };
    let name = format_ident!("__{}_SIZE_{number}", network.unraw(), span = site);
    let value = std::mem::replace(tokens, quote!(#name));
    constants.push(Constant { name, text: text.clone(), value, place: *place, positive });
}
