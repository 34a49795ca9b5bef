//! What changes a variable, and which of that is done by handlers.

use super::origin::{Origin, origin, property};
use super::start::{Starts, When};
use oxc_ast::AstKind;
use oxc_ast::ast::{
    AssignmentExpression, AssignmentOperator, BinaryOperator, Expression, LogicalOperator,
    UnaryOperator,
};
use oxc_semantic::{NodeId, Semantic};
use oxc_span::GetSpan;

/// A variable, or a field of an object, that is changed after its file was loaded.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) variable: String,
    /// Whose field it is.
    pub(super) owner: Option<Owner>,
    /// Where it is changed, in bytes, and when.
    pub(super) places: Vec<(usize, When)>,
}

/// What has a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    /// An object that there is once: a class itself, or one that a variable holds.
    Object(String),
    /// A class's instances, by its name; of one that is made where it stands there is none.
    Instances(Option<String>),
}

const CHANGES_ARRAYS: [&str; 9] = [
    "copyWithin",
    "fill",
    "pop",
    "push",
    "reverse",
    "shift",
    "sort",
    "splice",
    "unshift",
];
const CHANGES_CONTAINERS: [&str; 7] = ["add", "clear", "del", "delete", "put", "set", "take"];

/// Names of the global object: what is put there is shared by all modules.
const GLOBALS: [&str; 2] = ["global", "globalThis"];

/// The changes in one module of what its variables hold.
pub(super) fn changes(semantic: &Semantic<'_>, starts: &Starts<'_, '_>) -> Vec<Change> {
    let scoping = semantic.scoping();
    let mut found = Vec::new();
    for symbol in scoping.symbol_ids() {
        if !starts.is_at_start(scoping.symbol_declaration(symbol)) {
            continue;
        }
        let name = scoping.symbol_name(symbol);
        let holds = origin(semantic, symbol);
        let nodes = semantic
            .symbol_references(symbol)
            .filter(|reference| {
                let node = reference.node_id();
                match reference.is_write() {
                    true => !is_made_at_first_use(semantic, starts, node, name),
                    false => is_changed_within(semantic, node, holds),
                }
            })
            .map(|reference| reference.node_id());
        found.extend(change(semantic, starts, name, None, nodes));
    }
    for global in GLOBALS {
        let references = scoping.root_unresolved_references().get(global);
        let references = references.into_iter().flatten();
        let nodes = references
            .map(|id| scoping.get_reference(*id).node_id())
            .filter(|node| is_changed_within(semantic, *node, Origin::Other));
        found.extend(change(semantic, starts, global, None, nodes));
    }
    found
}

/// Those of these places that do not certainly run while the bot starts; none if there is none.
pub(super) fn change(
    semantic: &Semantic<'_>,
    starts: &Starts<'_, '_>,
    name: &str,
    owner: Option<Owner>,
    nodes: impl Iterator<Item = NodeId>,
) -> Option<Change> {
    let places: Vec<_> = nodes
        .map(|node| (node, starts.when(node)))
        .filter(|(_, when)| !when.is_certain())
        .map(|(node, when)| (semantic.nodes().kind(node).span().start as usize, when))
        .collect();
    (!places.is_empty()).then(|| Change {
        variable: name.to_owned(),
        owner,
        places,
    })
}

/// Whether what a variable holds is changed where it is named: `a.b = 1`, `delete a[b]`, `a.push(b)`.
pub(super) fn is_changed_within(semantic: &Semantic<'_>, node: NodeId, holds: Origin<'_>) -> bool {
    let nodes = semantic.nodes();
    let mut value = node;
    let mut path: Vec<Option<String>> = Vec::new();
    loop {
        let user = nodes.parent_id(value);
        let span = nodes.kind(value).span();
        match nodes.kind(user) {
            AstKind::ParenthesizedExpression(_)
            | AstKind::ChainExpression(_)
            | AstKind::TSNonNullExpression(_)
            | AstKind::TSAsExpression(_)
            | AstKind::TSSatisfiesExpression(_) => {}
            kind => match kind.as_member_expression_kind() {
                Some(member) if member.object().span() == span => {
                    path.push(member.static_property_name().map(|name| name.to_string()));
                }
                _ => return is_changed_by(semantic, value, user, &path, holds),
            },
        }
        value = user;
    }
}

fn is_changed_by(
    semantic: &Semantic<'_>,
    value: NodeId,
    user: NodeId,
    path: &[Option<String>],
    holds: Origin<'_>,
) -> bool {
    let nodes = semantic.nodes();
    let (value, user) = (nodes.kind(value), nodes.kind(user));
    match user {
        AstKind::CallExpression(call) if call.callee.span() == value.span() => {
            let Some((Some(method), before)) = path.split_last() else {
                return false;
            };
            let container = match (holds, before) {
                (holds, []) => holds,
                (Origin::Object(Some(object)), [Some(name)]) => property(object, name),
                _ => return false,
            };
            match container {
                Origin::Array => CHANGES_ARRAYS.contains(&method.as_str()),
                Origin::Container => CHANGES_CONTAINERS.contains(&method.as_str()),
                _ => false,
            }
        }
        AstKind::CallExpression(call) => {
            let is_first = call
                .arguments
                .first()
                .is_some_and(|first| first.span() == value.span());
            is_first
                && path.is_empty()
                && matches!(holds, Origin::Object(_) | Origin::Array)
                && is_object_assign(&call.callee)
        }
        AstKind::UnaryExpression(unary) => {
            unary.operator == UnaryOperator::Delete && is_path_of_ours(path, holds)
        }
        _ => {
            let assigned = value
                .as_member_expression_kind()
                .is_some_and(|member| member.is_assigned_to_in_parent(&user));
            assigned && is_path_of_ours(path, holds)
        }
    }
}

fn is_path_of_ours(path: &[Option<String>], holds: Origin<'_>) -> bool {
    !path.is_empty() && !matches!(holds, Origin::Package)
}

fn is_object_assign(callee: &Expression<'_>) -> bool {
    let member = callee.get_inner_expression().as_member_expression();
    member.is_some_and(|member| {
        let is_object =
            matches!(member.object(), Expression::Identifier(name) if name.name == "Object");
        is_object && member.static_property_name() == Some("assign")
    })
}

/// `x ??= make()`, `x = x || make()`, `if (!x) x = make()`: kept, but made again without harm.
pub(super) fn is_made_at_first_use(
    semantic: &Semantic<'_>,
    starts: &Starts<'_, '_>,
    node: NodeId,
    name: &str,
) -> bool {
    let nodes = semantic.nodes();
    let AstKind::AssignmentExpression(assignment) = nodes.parent_kind(node) else {
        return false;
    };
    if fills(assignment, name) {
        return true;
    }
    if assignment.operator != AssignmentOperator::Assign {
        return false;
    }
    let function = starts.function_around(node);
    nodes
        .ancestor_ids(node)
        .take_while(|id| Some(*id) != function)
        .any(|id| match nodes.kind(id) {
            AstKind::IfStatement(choice) => {
                let span = nodes.kind(node).span();
                let within = choice.consequent.span();
                within.start <= span.start
                    && span.end <= within.end
                    && asks_whether_empty(&choice.test, name)
            }
            // `x || (x = make())`
            AstKind::LogicalExpression(logical) => {
                logical.operator != LogicalOperator::And && is_name(&logical.left, name)
            }
            _ => false,
        })
}

fn fills(assignment: &AssignmentExpression<'_>, name: &str) -> bool {
    match assignment.operator {
        AssignmentOperator::LogicalOr | AssignmentOperator::LogicalNullish => true,
        AssignmentOperator::Assign => matches!(assignment.right.get_inner_expression(),
            Expression::LogicalExpression(logical)
                if logical.operator != LogicalOperator::And && is_name(&logical.left, name)),
        _ => false,
    }
}

fn asks_whether_empty(test: &Expression<'_>, name: &str) -> bool {
    match test.get_inner_expression() {
        Expression::UnaryExpression(unary) => {
            unary.operator == UnaryOperator::LogicalNot && is_name(&unary.argument, name)
        }
        Expression::BinaryExpression(binary) => {
            let is_equal = matches!(
                binary.operator,
                BinaryOperator::Equality | BinaryOperator::StrictEquality
            );
            let is_nothing = |side: &Expression<'_>| match side.get_inner_expression() {
                Expression::NullLiteral(_) => true,
                Expression::Identifier(word) => word.name == "undefined",
                Expression::StringLiteral(text) => text.value == "undefined",
                _ => false,
            };
            let is_asked = |side: &Expression<'_>| match side.get_inner_expression() {
                Expression::UnaryExpression(unary) => {
                    unary.operator == UnaryOperator::Typeof && is_name(&unary.argument, name)
                }
                side => is_name(side, name),
            };
            is_equal
                && (is_asked(&binary.left) && is_nothing(&binary.right)
                    || is_nothing(&binary.left) && is_asked(&binary.right))
        }
        Expression::LogicalExpression(logical) if logical.operator == LogicalOperator::And => {
            asks_whether_empty(&logical.left, name) || asks_whether_empty(&logical.right, name)
        }
        _ => false,
    }
}

fn is_name(expression: &Expression<'_>, name: &str) -> bool {
    match expression.get_inner_expression() {
        Expression::Identifier(word) => word.name == name,
        Expression::StaticMemberExpression(member) => {
            matches!(member.object, Expression::ThisExpression(_))
                && name.strip_prefix("this.") == Some(member.property.name.as_str())
        }
        Expression::PrivateFieldExpression(member) => {
            name.strip_prefix("this.#") == Some(member.field.name.as_str())
        }
        _ => false,
    }
}
