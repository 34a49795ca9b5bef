//! Which code runs while the bot starts, and which runs for events.

use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, CallExpression, Expression};
use oxc_semantic::{NodeId, Semantic, SymbolId};
use oxc_span::GetSpan;
use std::cell::RefCell;
use std::collections::HashMap;

/// Methods that call what they are given at once, or at the end of starting: `initDb().then(...)`.
const CALLS_NOW: [&str; 20] = [
    "catch",
    "every",
    "filter",
    "finally",
    "find",
    "findIndex",
    "findLast",
    "flatMap",
    "forEach",
    "from",
    "listen",
    "map",
    "reduce",
    "reduceRight",
    "replace",
    "replaceAll",
    "some",
    "sort",
    "then",
    "toSorted",
];

/// One module's functions.
pub(super) struct Starts<'a, 's> {
    semantic: &'s Semantic<'a>,
    /// Functions by whether they run while the bot starts.
    known: RefCell<HashMap<NodeId, bool>>,
}

impl<'a, 's> Starts<'a, 's> {
    pub(super) fn new(semantic: &'s Semantic<'a>) -> Self {
        Self {
            semantic,
            known: RefCell::default(),
        }
    }

    /// Whether the code at a node runs while the bot starts, and only then as far as one can see.
    pub(super) fn is_at_start(&self, node: NodeId) -> bool {
        self.function_around(node)
            .is_none_or(|function| self.runs_at_start(function))
    }

    /// The innermost function that a node is in.
    pub(super) fn function_around(&self, node: NodeId) -> Option<NodeId> {
        let nodes = self.semantic.nodes();
        nodes.ancestor_ids(node).find(|id| {
            matches!(
                nodes.kind(*id),
                AstKind::Function(_) | AstKind::ArrowFunctionExpression(_)
            )
        })
    }

    fn runs_at_start(&self, function: NodeId) -> bool {
        if let Some(known) = self.known.borrow().get(&function) {
            return *known;
        }
        // A function that calls itself does not change when it runs.
        self.known.borrow_mut().insert(function, true);
        let runs = self.is_called_at_start(function) || self.all_uses_are_at_start(function);
        self.known.borrow_mut().insert(function, runs);
        runs
    }

    /// `(() => { ... })()`, `main().then(() => ...)`, `list.forEach((item) => ...)`
    fn is_called_at_start(&self, used: NodeId) -> bool {
        let nodes = self.semantic.nodes();
        let mut value = used;
        let mut user = nodes.parent_id(value);
        while let AstKind::ParenthesizedExpression(_) = nodes.kind(user) {
            value = user;
            user = nodes.parent_id(value);
        }
        let span = nodes.kind(value).span();
        let called = match nodes.kind(user) {
            AstKind::CallExpression(call) => call.callee.span() == span || calls_now(call),
            AstKind::NewExpression(new) => new
                .callee
                .get_identifier_reference()
                .is_some_and(|name| name.name == "Promise"),
            // `(function () { ... }).call(this)`
            AstKind::StaticMemberExpression(member)
                if matches!(member.property.name.as_str(), "call" | "apply") =>
            {
                let call = nodes.parent_id(user);
                return matches!(nodes.kind(call), AstKind::CallExpression(call)
                    if call.callee.span() == member.span)
                    && self.is_at_start(call);
            }
            _ => false,
        };
        called && self.is_at_start(user)
    }

    /// `async function main() { ... }` that is only ever called while the bot starts.
    fn all_uses_are_at_start(&self, function: NodeId) -> bool {
        let Some(symbol) = self.name_of(function) else {
            return false;
        };
        let mut uses = self.semantic.symbol_references(symbol).peekable();
        uses.peek().is_some() && uses.all(|used| self.is_called_at_start(used.node_id()))
    }

    /// The variable that a function is known by; none for one that is exported.
    fn name_of(&self, function: NodeId) -> Option<SymbolId> {
        let nodes = self.semantic.nodes();
        let parent = nodes.parent_id(function);
        let (name, outer) = match (nodes.kind(function), nodes.kind(parent)) {
            (AstKind::Function(function), _) if function.is_declaration() => {
                (function.id.as_ref()?, parent)
            }
            (_, AstKind::VariableDeclarator(declarator)) => match &declarator.id {
                BindingPattern::BindingIdentifier(name) => {
                    (&**name, nodes.parent_id(nodes.parent_id(parent)))
                }
                _ => return None,
            },
            _ => return None,
        };
        let is_exported = matches!(
            nodes.kind(outer),
            AstKind::ExportDeclaration(_)
                | AstKind::ExportNamedDeclaration(_)
                | AstKind::ExportDefaultDeclaration(_)
        );
        if is_exported {
            None
        } else {
            name.symbol_id.get()
        }
    }
}

/// Whether a call runs the functions it is given while it runs, or soon after the start.
fn calls_now(call: &CallExpression<'_>) -> bool {
    let Some(member) = call.callee.get_inner_expression().as_member_expression() else {
        return false;
    };
    // What a process is told of it is no event of a customer's.
    let is_process = matches!(member.object().get_inner_expression(),
        Expression::Identifier(object) if object.name == "process");
    let method = member.static_property_name();
    is_process || method.is_some_and(|method| CALLS_NOW.contains(&method))
}
