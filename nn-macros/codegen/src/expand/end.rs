//! The activation that a network ends in. Its last layers may pass on an activation: `dense 10 softmax => reshape 2x5` ends in `softmax`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;

use crate::expand::{Expansion, LayerCode, join};
use crate::shapes::layers::table::Passes;
use crate::shapes::shape::Shape;
use crate::shapes::typed::{Source, TypedBlock};
use crate::syntax::spans::elsewhere;

impl Expansion<'_> {
    /// Which layers may pass on an activation that the network ends in: those at its end, and those before a value that a branch at its end passes on.
    /// Of the user's own, the compiler finds out.
    fn passing(&self) -> Vec<bool> {
        let mut passing = vec![false; self.parts.len()];
        let Some((_, hidden)) = self.code() else { return passing };
        let mut is_asked = passing.clone();
        is_asked[hidden.len()] = true;
        for (index, LayerCode { layer, .. }) in self.parts.iter().enumerate().rev() {
            let branches = layer.branches();
            // The network's input has no activation, but the branches of the first layer may end in one.
            let may_pass =
                layer.passes() != Some(Passes::Nothing) && (index > 0 || branches.is_some());
            if !is_asked[index] || !may_pass {
                continue;
            }
            passing[index] = true;
            if let Some(before) = index.checked_sub(1) {
                is_asked[before] = true;
            }
            for block in branches.unwrap_or_default() {
                if let (Source::Layer(source), true) = (block.source, passes_on(block)) {
                    is_asked[source] = true;
                }
            }
        }
        passing
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
        let is_passing = self.passing()[index];
        if let (true, Some(blocks)) = (is_passing, part.layer.branches()) {
            let branches = self.branches(index, blocks, scalar);
            if let Shape::Record(record) = &part.layer.output {
                let name = elsewhere(&record.name);
                return quote!(#name<#(#branches),*>);
            }
            return self.beside(index, &branches);
        }
        // The sum of what branches give is numbers. If they take different values, there is no layer to ask.
        if part.layer.has_sources() {
            return quote!(#root::activations::Identity);
        }
        let rust = part.layer.checked(root, scalar).unwrap_or_else(|| part.rust.clone());
        let own = quote!(<#rust as #root::Layer>::Activation);
        if !is_passing {
            return own;
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

    /// The activation of what a branch of this layer takes.
    fn activation_of(&self, index: usize, source: Source, scalar: &TokenStream) -> TokenStream {
        let root = self.root;
        match source {
            Source::Before => self.activation_before(index, scalar),
            Source::Input => quote!(#root::activations::Identity),
            Source::Layer(layer) => self.activation_behind(layer, scalar),
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

    /// The constant that says whether a branch passes on the activation of what it takes.
    fn branch(&self, index: usize, branch: usize) -> Ident {
        let name = &self.definition.network.name;
        let (layer, branch) = (index + 1, branch + 1);
        format_ident!("__{}_BRANCH{layer}_{branch}", name.unraw(), span = Span::mixed_site())
    }

    /// The activations that the branches of a layer end in.
    fn branches(
        &self,
        index: usize,
        blocks: &[TypedBlock<'_>],
        scalar: &TokenStream,
    ) -> Vec<TokenStream> {
        let root = self.root;
        let all = blocks.iter().enumerate().map(|(branch, block)| {
            let (name, passed) = (elsewhere(&block.network.name), self.branch(index, branch));
            let own = quote!(<#name<#scalar> as #root::Layer>::Activation);
            // Only where it is needed: each layer names the type before it twice, so that its length doubles with every layer.
            if !passes_on(block) {
                return own;
            }
            let before = self.activation_of(index, block.source, scalar);
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
        let blocks = parts[index].layer.branches()?;
        let branches = self.branches(index, blocks, &fixed);
        let passing = blocks.iter().enumerate().filter(|(_, block)| passes_on(block));
        // A loss of one head is given what the head gives, and not the scores of what stands before it.
        let is_heads = parts[index].layer.is_heads();
        let passed = if is_heads { quote!(passed_by_head) } else { quote!(passed) };
        let passed = passing.map(|(branch, block)| {
            let before = self.activation_of(index, block.source, &fixed);
            let (constant, name) = (self.branch(index, branch), elsewhere(&block.network.name));
            quote! {
                #(#conditions)*
                #[doc(hidden)]
                #[allow(non_upper_case_globals)]
                const #constant: ::core::primitive::u8 =
                    #root::__private::#passed::<#name<#fixed>, #before>(
                        <#name<#fixed> as #root::Layer>::PASSES
                    );
            }
        });
        let joined = branches.iter().enumerate().skip(1).filter(|_| !is_heads).map(|(branch, own)| {
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
            (Some(_), Some(last)) if known && self.passing()[last] => {
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
            None if part.layer.has_sources() => {
                let branches = join::types(part.layer, &fixed);
                return join::passes(root, &branches);
            }
            None => {
                let rust = part.layer.checked(root, &fixed);
                return quote!(<#rust as #root::Layer>::PASSES);
            }
        };
        quote!(#root::layers::Passes::#known)
    }

    /// The constants of the layers that may pass on an activation. They are items, because a constant in a generic type may not name `T`, and each is used more than once.
    pub(crate) fn end_constants(&self) -> TokenStream {
        let Self { root, conditions, .. } = self;
        let fixed = quote!(::core::primitive::f32);
        let passing = self.passing();
        let parts = self.parts.iter().enumerate().filter(|(index, _)| passing[*index]);
        let constants = parts.map(|(index, part)| {
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
        let others_pass = self.passing().iter().skip(1).all(|passing| *passing);
        if !others_pass || first.layer.passes() == Some(Passes::Nothing) {
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
        let passing = self.passing();
        if passing.last() != Some(&true) || passing[index + 1..].contains(&false) {
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
fn passes_on(branch: &TypedBlock<'_>) -> bool {
    branch.network.layers.iter().all(|layer| layer.passes() != Some(Passes::Nothing))
}
