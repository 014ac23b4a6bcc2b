//! Sizes that are computed, as `{ HIDDEN / 2 }`: each becomes a constant with a name. One that cannot be computed is one error, where the
//! same in each type of the expansion would be one for each.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;

use crate::options::Padding;
use crate::parse::Chain;
use crate::quantity::Size;

/// A constant: its name and its expression in braces.
pub(crate) struct Constant {
    pub(crate) name: Ident,
    pub(crate) value: TokenStream,
}

/// Gives names to all of a network.
pub(crate) fn named(network: &Ident, chain: &mut Chain) -> Vec<Constant> {
    let mut constants = Vec::new();
    in_chain(network, chain, &mut constants);
    constants
}

fn in_chain(network: &Ident, chain: &mut Chain, constants: &mut Vec<Constant>) {
    let mut sizes: Vec<&mut Size> = chain.input.iter_mut().collect();
    for stage in &mut chain.stages {
        let options = &mut stage.options;
        sizes.extend(&mut stage.arguments.sizes);
        sizes.extend([&mut options.stride, &mut options.dilation].into_iter().flatten().flatten());
        sizes.extend(&mut options.groups);
        if let Some(Padding::Zeros(zeros)) = &mut options.pad {
            sizes.extend(zeros);
        }
    }
    for size in sizes {
        name(network, size, constants);
    }
    for stage in &mut chain.stages {
        for block in &mut stage.arguments.blocks {
            in_chain(network, &mut block.chain, constants);
        }
    }
}

/// Of a path, the compiler says itself that it cannot be computed.
fn name(network: &Ident, size: &mut Size, constants: &mut Vec<Constant>) {
    let span = size.span();
    let Size::Constant { tokens, text } = size else { return };
    if syn::parse_str::<syn::Path>(text).is_ok() {
        return;
    }
    let number = constants.len() + 1;
    let name = format_ident!("__{}_SIZE_{number}", network.unraw(), span = span);
    let value = std::mem::replace(tokens, quote!(#name));
    constants.push(Constant { name, value });
}
