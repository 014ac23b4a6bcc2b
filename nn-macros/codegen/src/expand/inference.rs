//! The part of the expansion that is for inference: `Layer`, whose passes are straight-line calls from one layer to the next.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;

use crate::expand::{Expansion, LayerCode, joining, local, unreachable};
use crate::shapes::shape::Shape;
use crate::shapes::typed::{Source, TypedLayer};
use crate::syntax::tree::{Activation, ActivationKind, Head, Size};
use crate::syntax::vocabulary::Role;

impl Expansion<'_> {
    pub(super) fn layer(&self) -> TokenStream {
        let Self { root, definition, scalar, parts, .. } = self;
        let input = definition.network.input.rust(root, scalar);
        let output = match (&definition.network.output, parts.last()) {
            // Only the compiler knows whether it is an image. The output of a block has to be written out, for the layer around it.
            (Shape::Of(..), Some(LayerCode { rust, layer, .. }))
                if !definition.block && matches!(layer.stage.head, Head::User(_)) =>
            {
                quote!(<#rust as #root::Layer>::Output)
            }
            (output, _) => output.rust(root, scalar),
        };
        let (activation, passes) = (self.last_activation(), self.passes_all());
        let [input, output, activation] =
            [input, output, activation].map(|likely| definition.unknown_type(likely));
        let units = parts.iter().flat_map(|part| part.units(scalar));
        let (infer_one, infer, rooms) = (self.infer_one(), self.infer(), self.rooms());
        let initialize = self.initialize();
        let describe = parts.iter().filter(|part| !part.layer.is_hidden()).map(|part| {
            let LayerCode { field, rust, layer, fixed_output, .. } = part;
            let label = field.unraw().to_string();
            if let (Some(branches), Head::Layer(grammar)) =
                (part.branches(scalar), &layer.stage.head)
            {
                let word = grammar.word;
                let written =
                    branches.iter().zip(&layer.blocks).filter(|(_, block)| block.is_written);
                let branches = written.map(|(branch, block)| {
                    let label = block.role.field().unraw().to_string();
                    let from = match &block.role {
                        Role::Input(name) => Some(name.unraw().to_string()),
                        _ => block.from.clone(),
                    };
                    let source = from.map(|from| {
                        let word = format!("from {from}");
                        let input = &block.network.input;
                        // The block's own, where others come with it.
                        let (own, _) =
                            input.part(0).unwrap_or_else(|| (input.clone(), Size::of(0)));
                        let fixed = own.rust(root, &quote!(::core::primitive::f32));
                        quote_spanned! {Span::mixed_site()=>
                            visit(&branch, #root::layers::Part::join::<#fixed>(#word));
                        }
                    });
                    quote_spanned! {Span::mixed_site()=> {
                        let branch = path.field(#label);
                        #source
                        <#branch as #root::Layer>::describe(&branch, visit);
                    }}
                });
                return quote_spanned! {Span::mixed_site()=> {
                    let path = path.field(#label);
                    #(#branches)*
                    visit(&path, #root::layers::Part::join::<#fixed_output>(#word));
                }};
            }
            quote_spanned! {Span::mixed_site()=>
                <#rust as #root::Layer>::describe(&path.field(#label), visit);
            }
        });
        let labels = self.labels();
        let inline = self.inline();
        let outlined = definition.outlined.then(
            || quote_spanned!(Span::mixed_site()=> const OUTLINED: ::core::primitive::bool = true;),
        );
        let body = quote_spanned! {Span::mixed_site()=>
            type Input = #input;
            type Output = #output;
            type Activation = #activation;

            #passes

            const MULTIPLY_ADDS: ::core::primitive::usize =
                0 #(+ <#units as #root::Layer>::MULTIPLY_ADDS)*;

            #outlined

            #inline
            fn infer_one<Instructions: #root::Simd>(
                &self,
                simd: Instructions,
                input: &Self::Input,
                output: &mut Self::Output,
            ) {
                #infer_one
            }

            #inline
            fn infer<Instructions: #root::Simd>(
                &self,
                simd: Instructions,
                inputs: &[Self::Input],
                outputs: &mut [Self::Output],
            ) {
                #infer
            }

            #rooms

            fn initialize<Random: #root::rand::Rng + ?::core::marker::Sized>(
                &mut self,
                rng: &mut Random,
            ) {
                #initialize
            }

            fn describe(
                path: &#root::layers::ParameterPath<'_>,
                visit: &mut dyn ::core::ops::FnMut(&#root::layers::ParameterPath<'_>, #root::layers::Part),
            ) {
                #(#describe)*
                #labels
            }
        };
        self.implement(&quote!(#root::Layer), &[], &body)
    }

    /// Names the fields of the labels behind `from`, each at its word there: an editor shows them.
    fn labels(&self) -> Option<TokenStream> {
        let layers = &self.definition.network.layers;
        let layers = layers.iter().enumerate().filter(|(_, layer)| !layer.is_hidden());
        let labels = layers.flat_map(|(index, layer)| {
            let before = &self.definition.network.layers[..index];
            let written = layer.stage.arguments.blocks.iter();
            let written = written.filter(|block| !matches!(block.role, Role::Input(_)));
            written.filter_map(move |block| {
                let from = block.chain.written.as_ref().or(block.chain.from.as_ref())?;
                let is_meant = |layer: &&TypedLayer<'_>| {
                    let label = layer.stage.label.as_ref();
                    label.is_some_and(|label| label.unraw() == from.unraw())
                };
                let layer = before.iter().rev().find(is_meant)?;
                let mut field = layer.field.clone();
                field.set_span(from.span());
                Some(field)
            })
        });
        let labels: Vec<Ident> = labels.collect();
        (!labels.is_empty()).then(|| {
            quote_spanned! {Span::mixed_site()=>
                let _ = |network: &Self| { #(let _ = &network.#labels;)* };
            }
        })
    }

    /// The attribute of a pass: a small one is inlined into its caller, once for each instruction set.
    pub(crate) fn inline(&self) -> Option<TokenStream> {
        (!self.definition.outlined).then(|| quote_spanned!(Span::mixed_site()=> #[inline(always)]))
    }

    fn initialize(&self) -> TokenStream {
        let Self { root, scalar, .. } = self;
        let steps = self.parts.iter().map(|part| {
            let LayerCode { field, layer, .. } = part;
            if let Some(initializer) = &layer.stage.options.initializer {
                let site = Span::mixed_site();
                let word = layer.stage.options.place("init").unwrap_or(site);
                let kind = Ident::new("Initializer", word.resolved_at(site));
                quote_spanned! {site=>
                    self.#field.initialize_with(#root::init::#kind::#initializer, rng);
                }
            } else {
                let (units, places) = (part.units(scalar), part.places());
                quote_spanned! {Span::mixed_site()=>
                    #(<#units as #root::Layer>::initialize(&mut #places, rng);)*
                }
            }
        });
        quote!(#(#steps)*)
    }

    /// The scratch memory that a pass needs between the layers, `ROOM`, and the passes that are given it: `infer_one_in`, `infer_in`.
    ///
    /// A network in a network has its part of the memory of the network around it. So a pass has one buffer, however many blocks there are, and
    /// its length, which decides whether it is on the stack, is a constant.
    pub(crate) fn rooms(&self) -> TokenStream {
        let Self { root, scalar, .. } = self;
        let Some(calls) = self.calls() else { return TokenStream::new() };
        let onto = self.passes_onto(&calls);
        if !self.has_room(&calls) {
            return onto;
        }
        let lengths = self.lengths(&calls);
        let inline = self.inline();
        let passes = [Pass::One, Pass::Many].map(|pass| {
            let (name, function) = (pass.room(), pass.function_in());
            let nested = self.nested().map(|part| match part.branches(scalar) {
                Some(branches) => {
                    let output = &part.fixed_output;
                    let rooms = branches.iter().map(|branch| match pass {
                        Pass::One => quote_spanned! {Span::mixed_site()=>
                            #root::__private::branches::room_for_one::<#branch>()
                        },
                        Pass::Many => quote_spanned! {Span::mixed_site()=>
                            #root::__private::branches::room::<#branch, #output>()
                        },
                    });
                    quote_spanned!(Span::mixed_site()=> #root::__private::most(&[#(#rooms),*]))
                }
                None => {
                    let rust = &part.rust;
                    quote_spanned!(Span::mixed_site()=> <#rust as #root::Layer>::#name)
                }
            });
            let own = self.own(pass, &lengths);
            let body = self.body(&calls, pass, &lengths, None);
            let (source, target) = pass.ends();
            let [input, output] = pass.samples();
            quote_spanned! {Span::mixed_site()=>
                const #name: ::core::primitive::usize =
                    #own + #root::__private::most(&[#(#nested),*]);

                #inline
                fn #function<Instructions: #root::Simd>(
                    &self,
                    simd: Instructions,
                    #source: &#input,
                    #target: &mut #output,
                    room: &mut [#scalar],
                ) {
                    #body
                }
            }
        });
        passes.into_iter().chain([onto]).collect()
    }

    /// The passes of a residual block that add the shortcut where the last layer's sums are in registers: `infer_one_onto_in`, `infer_onto_in`.
    fn passes_onto(&self, calls: &[Call<'_>]) -> TokenStream {
        let Self { root, scalar, .. } = self;
        let can_add = matches!(calls, [.., last] if normalized(last) == 2)
            && !self.definition.network.is_graph();
        if !self.definition.block || !can_add {
            return TokenStream::new();
        }
        let lengths = self.lengths(calls);
        let inline = self.inline();
        let passes = [Pass::One, Pass::Many].map(|pass| {
            let function = pass.function_onto_in();
            let (source, target) = pass.ends();
            let [input, output] = pass.samples();
            let addition = quote_spanned!(Span::mixed_site()=> addition);
            let body = if self.has_room(calls) {
                self.body(calls, pass, &lengths, Some(&addition))
            } else {
                let steps = self.steps(calls, pass, Some(&addition));
                quote_spanned!(Span::mixed_site()=> let _ = room; #steps)
            };
            quote_spanned! {Span::mixed_site()=>
                #inline
                fn #function<Instructions: #root::Simd>(
                    &self,
                    simd: Instructions,
                    #source: &#input,
                    #target: &mut #output,
                    addition: #root::__private::Addition<'_, Self::Output>,
                    room: &mut [#scalar],
                ) {
                    #body
                }
            }
        });
        passes.into_iter().collect()
    }

    /// One sample.
    pub(crate) fn infer_one(&self) -> TokenStream {
        self.pass(Pass::One)
    }

    /// A batch, in chunks of as many samples as the scratch memory holds.
    pub(crate) fn infer(&self) -> TokenStream {
        self.pass(Pass::Many)
    }

    /// A pass that makes its scratch memory, on the stack or on the heap.
    fn pass(&self, pass: Pass) -> TokenStream {
        let Self { root, name, scalar, .. } = self;
        let Some(calls) = self.calls() else { return unreachable() };
        if !self.has_room(&calls) {
            return self.steps(&calls, pass, None);
        }
        in_room(root, name, scalar, pass)
    }

    /// A pass in scratch memory: first that between its own layers, then that of the networks in it.
    fn body(
        &self,
        calls: &[Call<'_>],
        pass: Pass,
        lengths: &Lengths,
        addition: Option<&TokenStream>,
    ) -> TokenStream {
        let steps = self.steps(calls, pass, addition);
        let own = self.own(pass, lengths);
        let split = self.nested().next().is_some().then(|| {
            quote_spanned! {Span::mixed_site()=>
                const OWN: ::core::primitive::usize = #own;
                let (room, nested) = room.split_at_mut(OWN);
            }
        });
        // A single layer has nothing before or behind it to keep.
        let unused = (calls.len() == 1).then(|| quote_spanned!(Span::mixed_site()=> let _ = room;));
        let places = self.places(calls, pass);
        match pass {
            Pass::One => quote!(#split #unused #places #steps),
            Pass::Many if calls.len() == 1 => quote!(#split #unused #steps),
            Pass::Many => {
                let chunk = self.chunk(lengths);
                let (additions, addition) = addition
                    .map(|addition| {
                        let site = Span::mixed_site();
                        (
                            quote_spanned!(site=> let mut additions = #addition;),
                            quote_spanned!(site=> let #addition = additions.next(inputs.len());),
                        )
                    })
                    .unzip();
                quote_spanned! {Span::mixed_site()=>
                    const CHUNK: ::core::primitive::usize = #chunk;
                    #split
                    #additions
                    for (inputs, outputs) in
                        ::core::iter::Iterator::zip(inputs.chunks(CHUNK), outputs.chunks_mut(CHUNK))
                    {
                        #addition
                        #places
                        #steps
                    }
                }
            }
        }
    }

    /// The places of what is used again, in front of the others.
    fn places(&self, calls: &[Call<'_>], pass: Pass) -> TokenStream {
        let root = self.root;
        let kept =
            self.kept(calls).into_iter().zip(calls).enumerate().filter(|(_, (kept, _))| *kept);
        let places = kept.filter_map(|(index, (_, call))| {
            let (values, part) = (local("kept", index), call.last()?);
            // All are split off in front.
            let split = pass.split(root, 0, part);
            Some(quote_spanned!(Span::mixed_site()=> let (#values, room) = #split;))
        });
        places.collect()
    }

    /// The number of scalars between the layers, from the lengths of the samples there.
    fn own(&self, pass: Pass, lengths: &Lengths) -> TokenStream {
        let root = self.root;
        let Lengths { ends, kept, .. } = lengths;
        let room = quote_spanned!(Span::mixed_site()=> #root::__private::room(&[#(#ends),*]));
        let room = match kept.as_slice() {
            [] => room,
            kept => quote_spanned!(Span::mixed_site()=> (#room #(+ #kept)*)),
        };
        match pass {
            Pass::One => room,
            Pass::Many => {
                let chunk = self.chunk(lengths);
                quote_spanned!(Span::mixed_site()=> #chunk * #room)
            }
        }
    }

    /// How many samples go through the layers at a time.
    fn chunk(&self, lengths: &Lengths) -> TokenStream {
        let Self { root, name, .. } = self;
        let lengths = &lengths.all;
        quote_spanned! {Span::mixed_site()=>
            #root::__private::chunk(
                &[#(#lengths),*],
                <#name<::core::primitive::f32> as #root::Parameters>::PARAMETERS,
            )
        }
    }

    /// Whether a pass needs scratch memory, between its layers or in them.
    fn has_room(&self, calls: &[Call<'_>]) -> bool {
        calls.len() > 1 || self.nested().next().is_some()
    }

    /// The calls of a pass: one for each layer, but that a batch normalization, and the activation behind it, belong to the call of the layer before them, and
    /// `relu` to that of the residual block before it.
    fn calls(&self) -> Option<Vec<Call<'_>>> {
        self.code()?;
        let mut rest = &self.parts[..];
        let mut calls = Vec::new();
        while !rest.is_empty() {
            let start = self.parts.len() - rest.len();
            let mut count = normalized(rest).max(rectified(rest)).max(1);
            // What is used again has to come out.
            let network = self.definition.network;
            while (start..start + count - 1).any(|layer| network.is_kept(layer)) {
                count -= 1;
            }
            let (call, others) = rest.split_at(count);
            calls.push(call);
            rest = others;
        }
        Some(calls)
    }

    /// The layers that may be networks themselves, or have networks in them.
    fn nested(&self) -> impl Iterator<Item = &LayerCode<'_>> {
        self.parts.iter().filter(|part| is_nested(part))
    }

    /// The length of a sample between each two calls.
    fn lengths(&self, calls: &[Call<'_>]) -> Lengths {
        let root = self.root;
        let hidden = calls.iter().take(calls.len() - 1);
        let kept = self.kept(calls);
        let lengths: Vec<TokenStream> = hidden
            .filter_map(|call| call.last())
            .map(|LayerCode { fixed_output, .. }| {
                quote_spanned!(Span::mixed_site()=> <#fixed_output as #root::Sample>::LEN)
            })
            .collect();
        let ends = lengths.iter().zip(&kept);
        let ends = ends.map(|(length, kept)| if *kept { quote!(0) } else { length.clone() });
        let places = lengths.iter().zip(&kept).filter(|(_, kept)| **kept);
        let places = places.map(|(length, _)| length.clone()).collect();
        Lengths { ends: ends.collect(), kept: places, all: lengths }
    }

    /// Whether the output of each call but the last one is used again behind the next one, so that it has a place of its own.
    fn kept(&self, calls: &[Call<'_>]) -> Vec<bool> {
        let mut end = 0;
        let kept = calls.iter().map(|call| {
            end += call.len();
            self.definition.network.is_kept(end - 1)
        });
        kept.take(calls.len() - 1).collect()
    }

    /// One call after the other. The hidden outputs lie at the two ends of the scratch memory in turn: each call reads from one end and writes to the other.
    ///
    /// The last one adds the `addition`, if there is one.
    fn steps(&self, calls: &[Call<'_>], pass: Pass, addition: Option<&TokenStream>) -> TokenStream {
        let root = self.root;
        let ends: Vec<_> = calls.iter().filter_map(|call| call.last()).collect();
        let hidden = &ends[..ends.len() - 1];
        let kept = self.kept(calls);
        let steps = calls.iter().enumerate().map(|(index, call)| {
            let (mut source, mut target) = pass.ends();
            let mut splits = TokenStream::new();
            if let [LayerCode { layer, .. }] = call
                && layer.is_part()
            {
                // It takes the network's input.
            } else if let Some(before) = index.checked_sub(1)
                && kept[before]
            {
                let values = local("kept", before);
                source = quote_spanned!(Span::mixed_site()=> &*#values);
            } else if let Some(before) = index.checked_sub(1)
                && let Some(part) = hidden.get(before)
            {
                let values = local("output", before);
                let split = pass.split(root, before, part);
                // Behind the last layer, the rest is not used.
                let is_used = kept.get(index) == Some(&false);
                let rest = if is_used { "room" } else { "_room" };
                let rest = Ident::new(rest, Span::mixed_site());
                splits.extend(quote_spanned!(Span::mixed_site()=> let (#values, #rest) = #split;));
                source = quote!(#values);
            }
            if kept.get(index) == Some(&true) {
                let values = local("kept", index);
                target = quote_spanned!(Span::mixed_site()=> &mut *#values);
            } else if let Some(part) = hidden.get(index) {
                let values = local("output", index);
                let split = pass.split(root, index, part);
                splits.extend(quote_spanned!(Span::mixed_site()=> let (#values, _) = #split;));
                target = quote!(#values);
            }
            let addition = addition.filter(|_| index == hidden.len());
            let code = match call {
                [part] if part.layer.has_sources() => {
                    self.branches_from(part, pass, calls, [source, target])
                }
                _ => self.call(call, pass, [source, target], addition),
            };
            quote_spanned!(Span::mixed_site()=> { #splits #code })
        });
        steps.collect()
    }

    /// The branches of one layer, from what each of them takes to `target`.
    fn branches_from(
        &self,
        part: &LayerCode<'_>,
        pass: Pass,
        calls: &[Call<'_>],
        [source, target]: [TokenStream; 2],
    ) -> TokenStream {
        let root = self.root;
        let joining = joining(part.layer);
        let function = Ident::new(
            match pass {
                Pass::One => "infer_one",
                Pass::Many => "infer_all",
            },
            Span::mixed_site(),
        );
        let sources = part.layer.blocks.iter().map(|block| match block.source {
            Source::Before => source.clone(),
            Source::Input => pass.ends().0,
            Source::Layer(layer) => {
                let mut end = 0;
                let call = calls.iter().position(|call| {
                    end += call.len();
                    end > layer
                });
                let values = local("kept", call.unwrap_or_default());
                quote_spanned!(Span::mixed_site()=> &*#values)
            }
        });
        let places = part.places();
        quote_spanned! {Span::mixed_site()=>
            let target = #target;
            let joined = #root::__private::branches::Joined::NOTHING;
            #(
                let joined = #root::__private::branches::#function(
                    #root::__private::branches::Joining::#joining,
                    &#places, joined, simd, #sources, &mut *target, &mut *nested,
                );
            )*
            let _ = joined;
        }
    }

    /// One call, from `source` to `target`.
    fn call(
        &self,
        call: Call<'_>,
        pass: Pass,
        [mut source, mut target]: [TokenStream; 2],
        addition: Option<&TokenStream>,
    ) -> TokenStream {
        let (root, outlined) = (self.root, self.definition.outlined);
        let site = Span::mixed_site();
        let simd = (!outlined).then(|| quote_spanned!(site=> simd,));
        let function = pass.function();
        match call {
            [part] => {
                let LayerCode { field, rust, layer, .. } = part;
                if layer.is_recast() {
                    let (recast, recast_mut) = pass.recasts();
                    source = quote_spanned!(site=> #root::__private::#recast(#source));
                    target = quote_spanned!(site=> #root::__private::#recast_mut(#target));
                }
                let nested = is_nested(part);
                let function = if nested { pass.function_in() } else { function };
                let room = nested.then(|| quote_spanned!(site=> , &mut *nested));
                let passes = if outlined {
                    quote_spanned!(site=> #root::__private::Outlined::<#rust>)
                } else {
                    quote_spanned!(site=> <#rust as #root::Layer>)
                };
                quote_spanned!(site=> #passes::#function(&self.#field, #simd #source, #target #room);)
            }
            [part, _] if rectified(call) > 0 => {
                let LayerCode { field, rust, .. } = part;
                let function = pass.function_onto_in();
                let passes = if outlined {
                    quote_spanned!(site=> #root::__private::Outlined::<#rust>)
                } else {
                    quote_spanned!(site=> <#rust as #root::Layer>)
                };
                quote_spanned! {site=>
                    #passes::#function(
                        &self.#field, #simd #source, #target, #root::__private::Addition::RELU,
                        &mut *nested,
                    );
                }
            }
            [before, normalization, activation @ ..] => {
                let activation = match activation {
                    [LayerCode { rust, .. }, ..] => {
                        quote_spanned!(site=> <#rust as #root::Layer>::Activation)
                    }
                    [] => quote_spanned!(site=> #root::activations::Identity),
                };
                let passes = if outlined {
                    quote_spanned!(site=> OutlinedNormalized)
                } else {
                    quote_spanned!(site=> Normalized)
                };
                let [(first, first_type), (second, second_type)] =
                    [before, normalization].map(|part| (&part.field, &part.rust));
                let addition = match addition {
                    Some(addition) => quote!(#addition),
                    None => quote_spanned!(site=> #root::__private::Addition::NONE),
                };
                quote_spanned! {site=>
                    #root::__private::#passes::<#first_type, #second_type, #activation>::#function(
                        &self.#first, &self.#second, #simd #source, #target, #addition,
                    );
                }
            }
            [] => TokenStream::new(),
        }
    }
}

/// The lengths of the samples between calls, as constants.
struct Lengths {
    /// Of those that lie at the two ends of the room in turn, and 0 in the place of the others.
    ends: Vec<TokenStream>,
    /// Of those that are used again, and have places of their own.
    kept: Vec<TokenStream>,
    all: Vec<TokenStream>,
}

/// The layers that one call goes through: one; a layer with the batch normalization behind it, and the activation behind that; a residual block with `relu`.
type Call<'a> = &'a [LayerCode<'a>];

/// How many of the first layers are one call: a layer whose sums a batch normalization scales while they are in registers, that normalization, and the activation
/// behind it. 0 if the first layer is none of these.
fn normalized(parts: &[LayerCode<'_>]) -> usize {
    let is_layer = |part: &LayerCode<'_>, words: &[&str]| {
        matches!(&part.layer.stage.head, Head::Layer(grammar) if words.contains(&grammar.word))
            && part.layer.stage.activation.is_none()
            && !part.layer.is_recast()
    };
    match parts {
        [first, second, rest @ ..]
            if is_layer(first, &["conv", "dense"]) && is_layer(second, &["batchnorm"]) =>
        {
            let activation = rest.first().is_some_and(|part| {
                matches!(part.layer.stage.head, Head::Activation) && !part.layer.is_recast()
            });
            if activation { 3 } else { 2 }
        }
        _ => 0,
    }
}

/// 2 if the first layers are a residual block and `relu`, else 0.
fn rectified(parts: &[LayerCode<'_>]) -> usize {
    match parts {
        [first, second, ..] => {
            let is_residual = matches!(&first.layer.stage.head, Head::Layer(grammar) if grammar.word == "residual")
                && !first.layer.stage.captures;
            let is_relu = matches!(
                (&second.layer.stage.head, &second.layer.stage.activation),
                (Head::Activation, Some(Activation { kind: ActivationKind::Known(row, _), .. }))
                    if row.word == "relu"
            );
            let recast = first.layer.is_recast() || second.layer.is_recast();
            if is_residual && is_relu && !recast { 2 } else { 0 }
        }
        _ => 0,
    }
}

/// Whether a layer may need scratch memory itself, for layers in it.
fn is_nested(part: &LayerCode<'_>) -> bool {
    !part.layer.blocks.is_empty() || matches!(part.layer.stage.head, Head::User(_))
}

/// A pass of the type that makes its scratch memory, on the stack or on the heap.
pub(crate) fn in_room(
    root: &TokenStream,
    name: &Ident,
    scalar: &TokenStream,
    pass: Pass,
) -> TokenStream {
    let (room, function) = (pass.room(), pass.function_in());
    let (source, target) = pass.ends();
    quote_spanned! {Span::mixed_site()=>
        const ROOM: ::core::primitive::usize =
            <#name<::core::primitive::f32> as #root::Layer>::#room;
        let mut heap = <#root::__private::Heap as ::core::default::Default>::default();
        let mut stack =
            [#root::__private::zero::<#scalar>(); #root::__private::on_stack(ROOM)];
        let room: &mut [#scalar] = heap.or_stack(&mut stack, ROOM);
        <Self as #root::Layer>::#function(self, simd, #source, #target, room);
    }
}

/// The samples that go through the layers together.
#[derive(Clone, Copy)]
pub(crate) enum Pass {
    /// One sample.
    One,
    /// A chunk of a batch.
    Many,
}

impl Pass {
    pub(crate) fn function(self) -> Ident {
        let name = match self {
            Self::One => "infer_one",
            Self::Many => "infer",
        };
        Ident::new(name, Span::mixed_site())
    }

    /// The function that is given its scratch memory.
    pub(crate) fn function_in(self) -> Ident {
        let name = match self {
            Self::One => "infer_one_in",
            Self::Many => "infer_in",
        };
        Ident::new(name, Span::mixed_site())
    }

    /// The same, which adds something to what comes out.
    fn function_onto_in(self) -> Ident {
        let name = match self {
            Self::One => "infer_one_onto_in",
            Self::Many => "infer_onto_in",
        };
        Ident::new(name, Span::mixed_site())
    }

    /// The constant that is the length of that memory.
    fn room(self) -> Ident {
        let name = match self {
            Self::One => "ROOM_FOR_ONE",
            Self::Many => "ROOM",
        };
        Ident::new(name, Span::mixed_site())
    }

    /// The types of inputs and outputs.
    pub(crate) fn samples(self) -> [TokenStream; 2] {
        let site = Span::mixed_site();
        match self {
            Self::One => [quote_spanned!(site=> Self::Input), quote_spanned!(site=> Self::Output)],
            Self::Many => {
                [quote_spanned!(site=> [Self::Input]), quote_spanned!(site=> [Self::Output])]
            }
        }
    }

    /// The functions that cast samples between types of the same length.
    fn recasts(self) -> (Ident, Ident) {
        let (shared, mutable) = match self {
            Self::One => ("recast", "recast_mut"),
            Self::Many => ("recast_all", "recast_all_mut"),
        };
        (Ident::new(shared, Span::mixed_site()), Ident::new(mutable, Span::mixed_site()))
    }

    /// The input of the first layer, and the output of the last.
    pub(crate) fn ends(self) -> (TokenStream, TokenStream) {
        let site = Span::mixed_site();
        match self {
            Self::One => (quote_spanned!(site=> input), quote_spanned!(site=> output)),
            Self::Many => (quote_spanned!(site=> inputs), quote_spanned!(site=> outputs)),
        }
    }

    /// The outputs of a layer, and the rest of the scratch memory.
    fn split(self, root: &TokenStream, index: usize, part: &LayerCode<'_>) -> TokenStream {
        let output = &part.output;
        let name = match (self, index.is_multiple_of(2)) {
            (Self::One, true) => "split_sample",
            (Self::One, false) => "split_last_sample",
            (Self::Many, true) => "split_samples",
            (Self::Many, false) => "split_last_samples",
        };
        let split = Ident::new(name, Span::mixed_site());
        let count = match self {
            Self::One => TokenStream::new(),
            Self::Many => quote_spanned!(Span::mixed_site()=> , inputs.len()),
        };
        quote_spanned!(Span::mixed_site()=> #root::__private::#split::<#output>(room #count))
    }
}
