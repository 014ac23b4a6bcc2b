//! `#[derive(Parameters)]`: the struct is a sequence of scalars in memory, and nothing else.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Field, Fields, GenericParam, Generics, Path, Type, parse_quote};

use crate::syntax::spans::located;

/// The implementation, or one error for each mistake.
pub fn derive(input: TokenStream) -> TokenStream {
    syn::parse2(input)
        .and_then(|input| implementation(&input))
        .unwrap_or_else(syn::Error::into_compile_error)
}

/// `#[parameters(crate = path, scalar = f32)]`
struct Settings {
    root: Path,
    scalar: Option<Type>,
    /// Whether a struct of networks becomes a tree of parameters: not one that `network!` wrote, which is one by what it is; nor, unless it says so, one
    /// with a path of its own to the crate, of which only the traits are known to be there that make the implementation sound.
    tree: bool,
}

fn implementation(input: &DeriveInput) -> syn::Result<TokenStream> {
    check_layout(input)?;
    let fields = fields(input)?;
    if let Some(field) = fields.iter().find(|field| matches!(field.ty, Type::Reference(_))) {
        return Err(syn::Error::new_spanned(
            &field.ty,
            "`Parameters` holds its numbers itself: a reference is none",
        ));
    }
    let settings = settings(input)?;
    let scalar = scalar(input, settings.scalar, &fields)?;
    let root = settings.root;
    let name = &input.ident;
    let conditions: Vec<_> =
        input.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
    let mut generics = input.generics.clone();
    for parameter in generics.type_params_mut() {
        let is = |ty: &Type| matches!(ty, Type::Path(ty) if ty.path.is_ident(&parameter.ident));
        if is(&scalar) {
            parameter.bounds.push(parse_quote!(#root::Scalar));
        } else if !fields.iter().any(|field| is(&field.ty)) {
            // The parameter is in markers alone; that of a field's type has a stronger bound below.
            parameter.bounds.push(parse_quote!(::core::marker::Send));
            parameter.bounds.push(parse_quote!(::core::marker::Sync));
            parameter.bounds.push(parse_quote!('static));
        }
    }
    let words = words(input, &generics, &scalar, &fields, &root)?;
    // The bounds are the whole proof of safety. Each names the field's own type and, by the same path as the implementation, the trait: if a forged path
    // leads to another trait, the library's is not implemented. Everything else only makes better messages, whatever a forged path does to it.
    let clause = generics.make_where_clause();
    for field in &fields {
        clause.predicates.push(syn::parse2(bound(field, &input.generics, &scalar, &root)?)?);
    }
    let tree = settings.tree.then(|| tree(input, &generics, &fields, &root, &conditions));
    let (implementation, arguments, clause) = generics.split_for_impl();
    // `unsafe` has the macro's span, so that it compiles under `#![forbid(unsafe_code)]`.
    let unsafe_ = quote_spanned!(Span::mixed_site()=> unsafe);
    Ok(quote_spanned! {Span::mixed_site()=>
        // SAFETY: `repr(C)`, each field is itself a sequence of the scalar with the scalar's alignment, so nothing is between them.
        #(#conditions)*
        #[automatically_derived]
        #[allow(clippy::all)]
        #unsafe_ impl #implementation #root::Parameters for #name #arguments #clause {
            type Scalar = #scalar;
            // Only the library's trait has this constant.
            const DERIVED: () = ();
        }

        #tree

        #(#conditions)*
        #[allow(dead_code, clippy::all)]
        const _: () = { #words };
    })
}

/// Where each field is a tree of parameters with names, so is the struct: a struct of networks.
fn tree(
    input: &DeriveInput,
    generics: &Generics,
    fields: &[Field],
    root: &Path,
    conditions: &[&syn::Attribute],
) -> TokenStream {
    let mut generics = generics.clone();
    let branches: Vec<(usize, &Field)> =
        fields.iter().enumerate().filter(|(_, field)| !is_marker(field)).collect();
    // Nothing is no model; markers alone are what a layer without parameters has.
    if branches.is_empty() {
        return TokenStream::new();
    }
    // How each field is a tree, which the compiler finds.
    let kinds: Vec<Ident> = (0..branches.len())
        .map(|index| quote::format_ident!("Kind{index}", span = Span::mixed_site()))
        .collect();
    let clause = generics.make_where_clause();
    for ((_, field), kind) in branches.iter().zip(&kinds) {
        let ty = &field.ty;
        // With a lifetime, a bound that does not hold is no error: then the struct is no tree.
        clause.predicates.push(parse_quote!(for<'field> #ty: #root::layers::ParameterTree<#kind>));
    }
    let (_, arguments, clause) = generics.split_for_impl();
    let mut generics = generics.clone();
    for kind in &kinds {
        generics.params.push(parse_quote!(#kind));
    }
    let (implementation, ..) = generics.split_for_impl();
    let name = &input.ident;
    let members: Vec<syn::Member> = branches
        .iter()
        .map(|(index, field)| match &field.ident {
            Some(name) => syn::Member::Named(name.clone()),
            None => syn::Member::Unnamed((*index).into()),
        })
        .collect();
    let types = branches.iter().map(|(_, field)| &field.ty);
    let names = members.iter().map(|member| match member {
        syn::Member::Named(name) => name.unraw().to_string(),
        syn::Member::Unnamed(index) => index.index.to_string(),
    });
    quote_spanned! {Span::mixed_site()=>
        #(#conditions)*
        #[automatically_derived]
        #[allow(clippy::all)]
        #[diagnostic::do_not_recommend]
        impl #implementation #root::layers::ParameterTree<#root::layers::Fields<(#(#kinds,)*)>>
            for #name #arguments #clause
        {
            fn describe(
                path: &#root::layers::ParameterPath<'_>,
                visit: &mut dyn ::core::ops::FnMut(&#root::layers::ParameterPath<'_>, #root::layers::Part),
            ) {
                #(<#types as #root::layers::ParameterTree<#kinds>>::describe(&path.field(#names), visit);)*
            }

            fn initialize<Generator: #root::rand::Rng + ?::core::marker::Sized>(
                &mut self,
                rng: &mut Generator,
            ) {
                #(#root::layers::ParameterTree::<#kinds>::initialize(&mut self.#members, rng);)*
            }
        }
    }
}

/// The scalar that was written, or the first type parameter, unless that stands for a whole field.
fn scalar(input: &DeriveInput, written: Option<Type>, fields: &[Field]) -> syn::Result<Type> {
    if let Some(scalar) = written {
        return Ok(scalar);
    }
    let parameter = input.generics.type_params().next().map(|parameter| &parameter.ident);
    let is_field = |name: &Ident| {
        fields.iter().any(|field| matches!(&field.ty, Type::Path(ty) if ty.path.is_ident(name)))
    };
    match parameter {
        Some(name) if !is_field(name) => Ok(parse_quote!(#name)),
        _ => Err(syn::Error::new_spanned(
            &input.ident,
            "which scalar is it made of? Write `#[parameters(scalar = f32)]`",
        )),
    }
}

/// That a field is `Parameters` of the scalar.
fn bound(
    field: &Field,
    generics: &Generics,
    scalar: &Type,
    root: &Path,
) -> syn::Result<TokenStream> {
    let ty = &field.ty;
    let held = if is_marker(field) {
        // The library implements the trait for `core`'s type of this name alone.
        quote!((#ty, [#scalar; 0]))
    } else if let Some(check) = check(field)? {
        // If the constant cannot be computed, which was reported, rustc knows no such array and says no more.
        quote!([#ty; #check])
    } else {
        ty.to_token_stream()
    };
    // With a lifetime, rustc checks a bound without a type parameter where the type is used, as it does others: by then the mistake was reported.
    // Others have none: two that are the same bound, of types that are written in two ways, rustc would take for two.
    let lifetime = (!is_generic(ty, generics)).then(|| quote!(for<'field>));
    let span = Span::mixed_site().located_at(ty.span());
    let root = resolved(root, ty.span());
    Ok(quote_spanned!(span=> #lifetime #held: #root::Parameters<Scalar = #scalar>))
}

/// The path at another place, with the meaning that it has in the implementation's head. Its `::` has a meaning too: in a crate of edition 2015, `::axonal`
/// is a module of that crate, and a field's type can come from a macro of such a crate.
fn resolved(path: &Path, place: Span) -> TokenStream {
    let tokens = path.to_token_stream().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(place));
        token
    });
    tokens.collect()
}

/// Whether the type names a parameter of the struct.
fn is_generic(ty: &Type, generics: &Generics) -> bool {
    fn mentions(tokens: TokenStream, generics: &Generics) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => mentions(group.stream(), generics),
            TokenTree::Ident(name) => generics.params.iter().any(|parameter| match parameter {
                GenericParam::Type(parameter) => parameter.ident == name,
                GenericParam::Const(parameter) => parameter.ident == name,
                GenericParam::Lifetime(_) => false,
            }),
            _ => false,
        })
    }
    mentions(ty.to_token_stream(), generics)
}

/// Code that does not compile, with one error at the type, for each field that is no `Parameters`. The bounds alone would be reported at the first use of
/// the struct, and in other words.
fn words(
    input: &DeriveInput,
    generics: &Generics,
    scalar: &Type,
    fields: &[Field],
    root: &Path,
) -> syn::Result<TokenStream> {
    let params: Vec<&GenericParam> = input.generics.params.iter().collect();
    let parameter = match params.as_slice() {
        [GenericParam::Type(parameter)] if matches!(scalar, Type::Path(ty) if ty.path.is_ident(&parameter.ident)) => {
            Some(&parameter.ident)
        }
        _ => None,
    };
    let (mut of_all, mut of_one) = (TokenStream::new(), TokenStream::new());
    for field in fields {
        let span = field.ty.span();
        let is = |ty: TokenStream| {
            let root = located(&quote!(#root), span);
            quote_spanned!(span=> <&'static #ty as #root::__private::IsParameters<#ty>>::Scalar)
        };
        let ty = field.ty.to_token_stream();
        if is_marker(field) {
            of_all.extend(quote_spanned! {span=>
                let _: fn(#ty) -> ::core::marker::PhantomData<_> = |field| field;
            });
        } else if check(field)?.is_some() {
            // `network!` has reported it.
        } else if !is_generic(&field.ty, generics) {
            let own = is(ty);
            of_all.extend(quote_spanned!(span=> let _: fn(#own) -> #scalar = |scalar| scalar;));
        } else if let Some(parameter) = parameter {
            let own = is(replaced(ty, parameter, &quote!(::core::primitive::f32)));
            of_one.extend(quote_spanned! {span=>
                let _: ::core::option::Option<#own> = ::core::option::Option::None;
            });
        }
    }
    let (implementation, _, clause) = generics.split_for_impl();
    Ok(quote! {
        fn fields #implementation () #clause { #of_all }
        #of_one
    })
}

/// The tokens with something else in the place of a name.
fn replaced(tokens: TokenStream, name: &Ident, by: &TokenStream) -> TokenStream {
    let replace = |token| match token {
        TokenTree::Ident(word) if word == *name => by.clone(),
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), replaced(group.stream(), name, by));
            inner.set_span(group.span());
            TokenTree::Group(inner).into()
        }
        token => token.into(),
    };
    tokens.into_iter().map(replace).collect()
}

/// `repr(C)` or `repr(transparent)`, and nothing that changes the alignment.
fn check_layout(input: &DeriveInput) -> syn::Result<()> {
    let mut found = false;
    // `r#repr` is the same attribute.
    let is_repr = |path: &Path| path.get_ident().is_some_and(|name| name.unraw() == "repr");
    for attribute in input.attrs.iter().filter(|attribute| is_repr(attribute.path())) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("C") || meta.path.is_ident("transparent") {
                found = true;
                Ok(())
            } else {
                Err(meta.error("`Parameters` needs the layout `repr(C)` alone"))
            }
        })?;
    }
    if found {
        Ok(())
    } else {
        let message = format!(
            "`Parameters` needs a layout that is known: write `#[repr(C)]` above `{}`",
            input.ident
        );
        Err(syn::Error::new_spanned(&input.ident, message))
    }
}

fn fields(input: &DeriveInput) -> syn::Result<Vec<Field>> {
    match &input.data {
        Data::Struct(data) => Ok(match &data.fields {
            Fields::Named(fields) => fields.named.iter().cloned().collect(),
            Fields::Unnamed(fields) => fields.unnamed.iter().cloned().collect(),
            Fields::Unit => Vec::new(),
        }),
        _ => Err(syn::Error::new_spanned(
            &input.ident,
            "`Parameters` is for structs: every part of an enum or union is not there all the time",
        )),
    }
}

fn settings(input: &DeriveInput) -> syn::Result<Settings> {
    let mut settings = Settings { root: parse_quote!(::axonal), scalar: None, tree: true };
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("parameters"))
    {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("crate") {
                settings.root = meta.value()?.parse()?;
                settings.tree = false;
                Ok(())
            } else if meta.path.is_ident("scalar") {
                settings.scalar = Some(meta.value()?.parse()?);
                Ok(())
            } else if meta.path.is_ident("networks") {
                settings.tree = true;
                Ok(())
            } else {
                Err(meta.error("`parameters` knows `scalar = f32` and `crate = path`"))
            }
        })?;
    }
    Ok(settings)
}

/// The constant with which `network!` checks the user's own type in a field, so that a mistake is reported once.
fn check(field: &Field) -> syn::Result<Option<Ident>> {
    let mut check = None;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("parameters"))
    {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("check") {
                check = Some(meta.value()?.parse()?);
                Ok(())
            } else {
                Err(meta.error("`parameters` stands above the struct"))
            }
        })?;
    }
    Ok(check)
}

/// Whether the type of the field is called `PhantomData`. The bound checks that it is the one of `core`.
fn is_marker(field: &Field) -> bool {
    matches!(&field.ty, Type::Path(ty)
        if ty.path.segments.last().is_some_and(|segment| segment.ident == "PhantomData"))
}
