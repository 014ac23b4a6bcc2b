//! The activation that a network ends in. Its last layers may pass on an activation: `dense 10 softmax => reshape 2x5` ends in `softmax`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;

use crate::expand::{Expansion, LayerCode};
use crate::shapes::layers::table::Passes;
use crate::shapes::typed::TypedNetwork;
use crate::syntax::spans::elsewhere;

impl Expansion<'_> {
    /// The number of layers at the end that may pass on the activation before them. Of the user's own, the compiler finds out.
    fn end(&self) -> usize {
        let Some((_, hidden)) = self.code() else { return 0 };
        // The network's input has no activation, but the branches of the first layer may end in one.
        let has_branches = self.parts[0].layer.branches().is_some();
        let may_pass = hidden.len() + usize::from(has_branches);
        let last = self.parts.iter().rev().take(may_pass);
        last.take_while(|part| part.layer.passes() != Some(Passes::Nothing)).count()
    }

    /// The parts of the end with their indices.
    fn end_parts(&self) -> impl Iterator<Item = (usize, &LayerCode<'_>)> {
        self.parts.iter().enumerate().skip(self.parts.len() - self.end())
    }

    /// The constant that says whether the layer passes on the activation before it.
    fn passed(&self, index: usize) -> Ident {
        let name = &self.definition.network.name;
        format_ident!("__{}_PASSED{}", name.unraw(), index + 1, span = Span::mixed_site())
    }

    /// The activation that the network up to and with this layer ends in.
    fn activation_behind(&self, index: usize, scalar: &TokenStream) -> TokenStream {
        let Self { root, parts, .. } = self;
        let Some(part) = parts.get(index) else {
            return quote!(#root::activations::Identity);
        };
        // Branches that take different values give numbers.
        if part.layer.has_sources() {
            return quote!(#root::activations::Identity);
        }
        let rust = part.layer.checked(root, scalar).unwrap_or_else(|| part.rust.clone());
        let own = quote!(<#rust as #root::Layer>::Activation);
        if index + self.end() < parts.len() {
            return own;
        }
        if let Some(networks) = part.layer.branches() {
            return self.beside(index, &self.branches(index, &networks, scalar));
        }
        let passed = self.passed(index);
        let before = self.activation_before(index, scalar);
        quote! {
            <#root::__private::End<#passed> as #root::__private::Behind<#before, #own>>::Activation
        }
    }

    /// The activation in front of this layer.
    fn activation_before(&self, index: usize, scalar: &TokenStream) -> TokenStream {
        let root = self.root;
        match index.checked_sub(1) {
            Some(before) => self.activation_behind(before, scalar),
            None => quote!(#root::activations::Identity),
        }
    }

    /// The constant that says which activation a branch, counted from 0 on, has in common with those before it.
    fn joined(&self, index: usize, branch: usize) -> Ident {
        let name = &self.definition.network.name;
        let branch = if branch == 1 { String::new() } else { format!("_{branch}") };
        format_ident!("__{}_JOINED{}{branch}", name.unraw(), index + 1, span = Span::mixed_site())
    }

    /// The activation that branches end in together, from those of each.
    fn beside(&self, index: usize, branches: &[TokenStream]) -> TokenStream {
        let root = self.root;
        let Some((first, others)) = branches.split_first() else { return TokenStream::new() };
        others.iter().enumerate().fold(first.clone(), |before, (number, own)| {
            let joined = self.joined(index, number + 1);
            quote! {
                <#root::__private::End<#joined> as #root::__private::Beside<#before, #own>>::Activation
            }
        })
    }

    /// The constant that says whether a branch passes on the activation in front of both.
    fn branch(&self, index: usize, branch: usize) -> Ident {
        let name = &self.definition.network.name;
        let (layer, branch) = (index + 1, branch + 1);
        format_ident!("__{}_BRANCH{layer}_{branch}", name.unraw(), span = Span::mixed_site())
    }

    /// The activations that the branches of a layer end in.
    fn branches(
        &self,
        index: usize,
        networks: &[&TypedNetwork<'_>],
        scalar: &TokenStream,
    ) -> Vec<TokenStream> {
        let root = self.root;
        let all = networks.iter().enumerate().map(|(branch, network)| {
            let (name, passed) = (elsewhere(&network.name), self.branch(index, branch));
            let own = quote!(<#name<#scalar> as #root::Layer>::Activation);
            // Only where it is needed: each layer names the type before it twice, so that its length doubles with every layer.
            if !may_pass(network) {
                return own;
            }
            let before = self.activation_before(index, scalar);
            quote! {
                <#root::__private::End<#passed> as #root::__private::Behind<#before, #own>>::Activation
            }
        });
        all.collect()
    }

    /// The constants of a layer with branches.
    fn branch_constants(&self, index: usize) -> Option<TokenStream> {
        let Self { root, parts, conditions, .. } = self;
        let fixed = quote!(::core::primitive::f32);
        let networks = parts[index].layer.branches()?;
        let branches = self.branches(index, &networks, &fixed);
        let passing = networks.iter().enumerate().filter(|(_, network)| may_pass(network));
        let passed = passing.map(|(branch, network)| {
            let before = self.activation_before(index, &fixed);
            let (constant, name) = (self.branch(index, branch), elsewhere(&network.name));
            quote! {
                #(#conditions)*
                #[doc(hidden)]
                #[allow(non_upper_case_globals)]
                const #constant: ::core::primitive::u8 =
                    #root::__private::passed::<#name<#fixed>, #before>(
                        <#name<#fixed> as #root::Layer>::PASSES
                    );
            }
        });
        let joined = branches.iter().enumerate().skip(1).map(|(branch, own)| {
            let name = self.joined(index, branch);
            let before = self.beside(index, &branches[..branch]);
            quote! {
                #(#conditions)*
                #[doc(hidden)]
                #[allow(non_upper_case_globals)]
                const #name: ::core::primitive::u8 = #root::__private::joined::<#before, #own>();
            }
        });
        Some(quote!(#(#passed)* #(#joined)*))
    }

    /// The activation that the network ends in.
    pub(crate) fn last_activation(&self) -> TokenStream {
        let Self { root, parts, scalar, .. } = self;
        let known = self.definition.network.output.is_known();
        match (parts.last(), parts.len().checked_sub(1)) {
            (Some(_), Some(last)) if known && self.end() > 0 => {
                self.activation_behind(last, scalar)
            }
            (Some(LayerCode { rust, layer, .. }), _) if known && !layer.has_sources() => {
                quote!(<#rust as #root::Layer>::Activation)
            }
            _ => quote!(#root::activations::Identity),
        }
    }

    /// What the layer does to probabilities, of the type `axonal::layers::Passes`.
    fn passes(&self, part: &LayerCode<'_>) -> TokenStream {
        let root = self.root;
        let fixed = quote!(::core::primitive::f32);
        let known = match part.layer.passes() {
            Some(Passes::Nothing) => quote!(Nothing),
            Some(Passes::Numbers) => quote!(Numbers),
            Some(Passes::Probabilities) => quote!(Probabilities),
            Some(Passes::Dropped) => quote!(Dropped),
            None => {
                let rust = part.layer.checked(root, &fixed);
                return quote!(<#rust as #root::Layer>::PASSES);
            }
        };
        quote!(#root::layers::Passes::#known)
    }

    /// The constants of the end. They are items, because a constant in a generic type may not name `T`, and each is used more than once.
    pub(crate) fn end_constants(&self) -> TokenStream {
        let Self { root, conditions, .. } = self;
        let fixed = quote!(::core::primitive::f32);
        let constants = self.end_parts().map(|(index, part)| {
            if let Some(constants) = self.branch_constants(index) {
                return constants;
            }
            let (name, passes) = (self.passed(index), self.passes(part));
            let before = self.activation_before(index, &fixed);
            let rust = part.layer.checked(root, &fixed);
            quote! {
                #(#conditions)*
                #[doc(hidden)]
                #[allow(non_upper_case_globals)]
                const #name: ::core::primitive::u8 =
                    #root::__private::passed::<#rust, #before>(#passes);
            }
        });
        constants.collect()
    }

    /// `Layer::PASSES` of a network all of whose layers pass on something; else it has its default, `Nothing`.
    pub(crate) fn passes_all(&self) -> Option<TokenStream> {
        let root = self.root;
        let (first, _) = self.parts.split_first()?;
        if self.end() + 1 < self.parts.len() || first.layer.passes() == Some(Passes::Nothing) {
            return None;
        }
        self.code()?;
        let passes = self.parts.iter().map(|part| self.passes(part));
        let all = quote!(#root::layers::Passes::Numbers #(.then(#passes))*);
        Some(quote!(const PASSES: #root::layers::Passes = #all;))
    }

    /// Whether a loss takes the scores of the layer, because all layers behind it pass them on: a condition for the compiler.
    /// None if a layer behind it is known not to.
    pub(crate) fn gives_scores(&self, index: usize) -> Option<TokenStream> {
        let root = self.root;
        let end = self.end();
        if end == 0 || index + 1 + end < self.parts.len() {
            return None;
        }
        // Branches change the scores.
        if self.parts[index + 1..].iter().any(|part| part.layer.branches().is_some()) {
            return None;
        }
        let behind = (index + 1..self.parts.len()).map(|index| self.passed(index));
        Some(quote!(true #(&& #behind == #root::__private::SAME)*))
    }
}

/// Whether all layers of a branch may pass on their inputs. Of the user's own, the compiler finds out.
fn may_pass(branch: &TypedNetwork<'_>) -> bool {
    branch.layers.iter().all(|layer| layer.passes() != Some(Passes::Nothing))
}
