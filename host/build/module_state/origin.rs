//! What a variable was made of, as far as its declaration says.

use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, Expression, ObjectExpression, ObjectPropertyKind};
use oxc_semantic::{Semantic, SymbolId};

/// What a variable holds at first.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    Array,
    /// A Map, a Set, or a cache by its name.
    Container,
    Object(Option<&'a ObjectExpression<'a>>),
    /// Of a package or of Node: what is changed there is seldom the bot's own state.
    Package,
    /// Of another file of the bot, or anything else.
    Other,
}

pub(super) fn origin<'a>(semantic: &Semantic<'a>, symbol: SymbolId) -> Origin<'a> {
    let nodes = semantic.nodes();
    let declaration = semantic.scoping().symbol_declaration(symbol);
    let declared = nodes.ancestor_kinds(declaration);
    for kind in std::iter::once(nodes.kind(declaration)).chain(declared) {
        match kind {
            AstKind::ImportDeclaration(import) => return module(import.source.value.as_str()),
            AstKind::VariableDeclarator(declarator) => {
                let Some(value) = &declarator.init else {
                    return Origin::Other;
                };
                let is_whole = matches!(declarator.id, BindingPattern::BindingIdentifier(_));
                return match of_value(value) {
                    // What is taken out of something is not what it is taken from.
                    Origin::Package => Origin::Package,
                    origin if is_whole => origin,
                    _ => Origin::Other,
                };
            }
            AstKind::Function(_)
            | AstKind::ArrowFunctionExpression(_)
            | AstKind::Class(_)
            | AstKind::Program(_) => return Origin::Other,
            _ => {}
        }
    }
    Origin::Other
}

pub(super) fn of_value<'a>(value: &'a Expression<'a>) -> Origin<'a> {
    match value.get_inner_expression() {
        Expression::ArrayExpression(_) => Origin::Array,
        Expression::ObjectExpression(object) => Origin::Object(Some(&**object)),
        Expression::NewExpression(new) => match new.callee.get_inner_expression() {
            Expression::Identifier(class) => of_class(class.name.as_str()),
            _ => Origin::Other,
        },
        Expression::CallExpression(call) => {
            if let Some(path) = call.common_js_require() {
                return module(path.value.as_str());
            }
            let member = call.callee.get_inner_expression().as_member_expression();
            let Some(member) = member else {
                return Origin::Other;
            };
            match (member.object(), member.static_property_name()) {
                (Expression::Identifier(object), Some("create")) if object.name == "Object" => {
                    Origin::Object(None)
                }
                // `require('express').Router()`
                _ => Origin::Other,
            }
        }
        // `require('dotenv').config`
        Expression::StaticMemberExpression(member) => match of_value(&member.object) {
            Origin::Package => Origin::Package,
            _ => Origin::Other,
        },
        _ => Origin::Other,
    }
}

fn of_class(class: &str) -> Origin<'static> {
    match class {
        "Array" => Origin::Array,
        "Object" => Origin::Object(None),
        "Map" | "Set" | "WeakMap" | "WeakSet" => Origin::Container,
        _ if class.contains("Cache") || class.contains("LRU") => Origin::Container,
        _ => Origin::Other,
    }
}

fn module(path: &str) -> Origin<'static> {
    match path.starts_with('.') {
        true => Origin::Other,
        false => Origin::Package,
    }
}

/// What an object's literal has under a name.
pub(super) fn property<'a>(object: &'a ObjectExpression<'a>, name: &str) -> Origin<'a> {
    let found = object
        .properties
        .iter()
        .find_map(|property| match property {
            ObjectPropertyKind::ObjectProperty(property)
                if property.key.is_specific_static_name(name) =>
            {
                Some(&property.value)
            }
            _ => None,
        });
    found.map_or(Origin::Other, of_value)
}
