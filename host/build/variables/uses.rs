//! What the code does with a value that it read: which says more of it than its name.

use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, Expression};
use oxc_semantic::{NodeId, Semantic, SymbolId};
use oxc_span::GetSpan;

use super::UsedAs;

/// What follows an id of a number in an address.
const OF_NUMBER: [&str; 4] = [
    "/messages",
    "/media",
    "/register",
    "/whatsapp_business_profile",
];
/// What follows an id of an account.
const OF_ACCOUNT: [&str; 3] = ["/message_templates", "/subscribed_apps", "/phone_numbers"];
/// What an address of the Graph API is in front of its version.
const GRAPH: &str = "graph.facebook.com/";

/// Of what a node reads, and of the constant that keeps it.
pub(super) fn of_value(semantic: &Semantic<'_>, node: NodeId) -> Option<UsedAs> {
    let nodes = semantic.nodes();
    let mut value = node;
    loop {
        let user = nodes.parent_id(value);
        let span = nodes.kind(value).span();
        match nodes.kind(user) {
            AstKind::ParenthesizedExpression(_)
            | AstKind::ChainExpression(_)
            | AstKind::TSNonNullExpression(_)
            | AstKind::TSAsExpression(_)
            | AstKind::TSSatisfiesExpression(_)
            | AstKind::LogicalExpression(_) => {}
            // `.trim()`, `.toString()`
            kind if kind
                .as_member_expression_kind()
                .is_some_and(|member| member.object().span() == span) => {}
            AstKind::CallExpression(call) if call.callee.span() == span => {}
            AstKind::VariableDeclarator(declarator) => {
                let BindingPattern::BindingIdentifier(name) = &declarator.id else {
                    return None;
                };
                return of_symbol(semantic, name.symbol_id.get()?);
            }
            _ => return used(semantic, value, user),
        }
        value = user;
    }
}

/// Of a constant, by the first use that says something.
pub(super) fn of_symbol(semantic: &Semantic<'_>, symbol: SymbolId) -> Option<UsedAs> {
    semantic.symbol_references(symbol).find_map(|reference| {
        let node = reference.node_id();
        used(semantic, node, semantic.nodes().parent_id(node))
    })
}

fn used(semantic: &Semantic<'_>, value: NodeId, user: NodeId) -> Option<UsedAs> {
    let nodes = semantic.nodes();
    let span = nodes.kind(value).span();
    let source = semantic.source_text();
    match nodes.kind(user) {
        AstKind::CallExpression(call) => {
            let callee = call.callee.get_inner_expression();
            let name = match callee {
                Expression::Identifier(name) => Some(name.name.as_str()),
                callee => callee
                    .as_member_expression()
                    .and_then(|member| member.static_property_name()),
            };
            let is_key = call.arguments.get(1).is_some_and(|key| key.span() == span);
            let checks = source.to_ascii_lowercase().contains("x-hub-signature");
            (name == Some("createHmac") && is_key && checks).then_some(UsedAs::AppSecret)
        }
        AstKind::BinaryExpression(binary) if binary.operator.is_equality() => {
            let other = match binary.left.span() == span {
                true => binary.right.span(),
                false => binary.left.span(),
            };
            let other = &source[other.start as usize..other.end as usize];
            let is_asked = other.contains("verify_token")
                || (other.to_ascii_lowercase().contains("token")
                    && source.contains("hub.verify_token"));
            is_asked.then_some(UsedAs::VerifyToken)
        }
        AstKind::TemplateLiteral(template) => {
            let at = template
                .expressions
                .iter()
                .position(|expression| expression.span() == span)?;
            let text = |at: usize| {
                template
                    .quasis
                    .get(at)
                    .map(|quasi| quasi.value.raw.as_str())
            };
            let (before, after) = (text(at)?, text(at + 1)?);
            let is_followed = |by: &[&str]| by.iter().any(|path| after.starts_with(path));
            if is_followed(&OF_NUMBER) {
                return Some(UsedAs::PhoneNumberId);
            }
            if is_followed(&OF_ACCOUNT) {
                return Some(UsedAs::AccountId);
            }
            (before.ends_with(GRAPH) && (after.is_empty() || after.starts_with('/')))
                .then_some(UsedAs::GraphVersion)
        }
        _ => None,
    }
}
