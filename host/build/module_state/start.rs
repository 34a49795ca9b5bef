//! Which code runs while the bot starts, and which runs for events.

use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, CallExpression, Expression, MethodDefinitionKind, PropertyKey};
use oxc_semantic::{NodeId, Semantic, SymbolId};
use oxc_span::GetSpan;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

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

/// When code runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::build) enum When {
    /// While the bot starts, as far as functions of these names are called only then. Other files may
    /// call them: `uses` has who does.
    Start(BTreeSet<String>),
    /// For events, as far as one can see.
    Event,
}

impl When {
    /// Whether it certainly runs while the bot starts only.
    pub(super) fn is_certain(&self) -> bool {
        matches!(self, Self::Start(names) if names.is_empty())
    }
}

/// How a class's constructor is named among functions.
pub(super) fn made(class: &str) -> String {
    format!("new {class}")
}

/// How what a decorator's function returns is named among functions.
pub(super) fn decorated(by: &str) -> String {
    format!("@{by}")
}

/// One module's functions.
pub(in crate::build) struct Starts<'a, 's> {
    semantic: &'s Semantic<'a>,
    /// Functions by when they run.
    known: RefCell<HashMap<NodeId, When>>,
}

impl<'a, 's> Starts<'a, 's> {
    pub(in crate::build) fn new(semantic: &'s Semantic<'a>) -> Self {
        Self {
            semantic,
            known: RefCell::default(),
        }
    }

    /// Whether the code at a node certainly runs while the bot starts, and only then.
    pub(super) fn is_at_start(&self, node: NodeId) -> bool {
        self.when(node).is_certain()
    }

    /// When the code at a node runs.
    pub(in crate::build) fn when(&self, node: NodeId) -> When {
        match self.function_around(node) {
            None => When::Start(BTreeSet::new()),
            Some(function) => self.runs(function),
        }
    }

    /// The innermost function that a node is in; a class's field counts as one.
    pub(super) fn function_around(&self, node: NodeId) -> Option<NodeId> {
        let nodes = self.semantic.nodes();
        nodes.ancestor_ids(node).find(|id| match nodes.kind(*id) {
            AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) => true,
            AstKind::PropertyDefinition(field) => !field.r#static,
            _ => false,
        })
    }

    fn runs(&self, function: NodeId) -> When {
        if let Some(known) = self.known.borrow().get(&function) {
            return known.clone();
        }
        // A function that calls itself does not change when it runs.
        let known = When::Start(BTreeSet::new());
        self.known.borrow_mut().insert(function, known);
        let runs = match self.called_at(function) {
            Some(when) => when,
            None => self.by_its_uses(function),
        };
        self.known.borrow_mut().insert(function, runs.clone());
        runs
    }

    /// When a function is called, where it stands: `(() => { ... })()`, `main().then(() => ...)`,
    /// `list.forEach((item) => ...)`. None where it is not.
    pub(super) fn called_at(&self, used: NodeId) -> Option<When> {
        let nodes = self.semantic.nodes();
        let mut value = used;
        let mut user = nodes.parent_id(value);
        while let AstKind::ParenthesizedExpression(_) | AstKind::ChainExpression(_) =
            nodes.kind(user)
        {
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
            AstKind::Decorator(_) => true,
            // `(function () { ... }).call(this)`
            AstKind::StaticMemberExpression(member)
                if matches!(member.property.name.as_str(), "call" | "apply") =>
            {
                let call = nodes.parent_id(user);
                let is_called = matches!(nodes.kind(call), AstKind::CallExpression(call)
                    if call.callee.span() == member.span);
                return is_called.then(|| self.when(call));
            }
            _ => false,
        };
        called.then(|| self.when(user))
    }

    /// `async function main() { ... }` that is only ever called while the bot starts.
    fn by_its_uses(&self, function: NodeId) -> When {
        let mut names = self.shared_names(function);
        let mut is_used = false;
        let symbol = self.symbol_of(function);
        for used in symbol
            .into_iter()
            .flat_map(|symbol| self.semantic.symbol_references(symbol))
        {
            let node = used.node_id();
            is_used = true;
            if let Some(name) = exported_as(self.semantic, node) {
                names.insert(name);
                continue;
            }
            match self.called_at(node) {
                Some(When::Start(more)) => names.extend(more),
                _ => return When::Event,
            }
        }
        match is_used || !names.is_empty() {
            true => When::Start(names),
            false => When::Event,
        }
    }

    /// The variable that a function is known by in its file.
    fn symbol_of(&self, function: NodeId) -> Option<SymbolId> {
        let nodes = self.semantic.nodes();
        match (nodes.kind(function), nodes.parent_kind(function)) {
            (AstKind::Function(function), _) if function.is_declaration() => {
                function.id.as_ref()?.symbol_id.get()
            }
            (_, AstKind::VariableDeclarator(declarator)) => match &declarator.id {
                BindingPattern::BindingIdentifier(name) => name.symbol_id.get(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The names by which other files, or other methods, may call a function.
    fn shared_names(&self, function: NodeId) -> BTreeSet<String> {
        let nodes = self.semantic.nodes();
        let parent = nodes.parent_id(function);
        let key = |key: &PropertyKey<'_>| key.name().map(|name| name.to_string());
        let name = match (nodes.kind(function), nodes.kind(parent)) {
            (AstKind::PropertyDefinition(_), _) => {
                self.class_around(function).map(|name| made(&name))
            }
            (_, AstKind::MethodDefinition(method)) => match method.kind {
                MethodDefinitionKind::Constructor => {
                    self.class_around(parent).map(|name| made(&name))
                }
                _ => key(&method.key),
            },
            (_, AstKind::PropertyDefinition(field)) => key(&field.key),
            (_, AstKind::ObjectProperty(property)) => key(&property.key),
            (
                AstKind::Function(function),
                AstKind::ExportDeclaration(_)
                | AstKind::ExportNamedDeclaration(_)
                | AstKind::ExportDefaultDeclaration(_),
            ) => function.id.as_ref().map(|id| id.name.to_string()),
            (_, AstKind::VariableDeclarator(declarator)) => {
                let outer = nodes.parent_kind(nodes.parent_id(parent));
                match (&declarator.id, outer) {
                    (
                        BindingPattern::BindingIdentifier(name),
                        AstKind::ExportDeclaration(_) | AstKind::ExportNamedDeclaration(_),
                    ) => Some(name.name.to_string()),
                    _ => None,
                }
            }
            _ => exported_as(self.semantic, function),
        };
        let returned = self.returned_by(function).map(|by| decorated(&by));
        name.into_iter().chain(returned).collect()
    }

    /// The name of the function that returns this one, as a decorator's does.
    fn returned_by(&self, function: NodeId) -> Option<String> {
        let nodes = self.semantic.nodes();
        let parent = nodes.parent_kind(function);
        if !matches!(
            parent,
            AstKind::ReturnStatement(_) | AstKind::ExpressionStatement(_)
        ) {
            return None;
        }
        let maker = self.function_around(function)?;
        match (nodes.kind(maker), nodes.parent_kind(maker)) {
            (AstKind::Function(maker), _) if maker.id.is_some() => {
                maker.id.as_ref().map(|id| id.name.to_string())
            }
            (_, AstKind::VariableDeclarator(declarator)) => match &declarator.id {
                BindingPattern::BindingIdentifier(name) => Some(name.name.to_string()),
                _ => None,
            },
            _ => exported_as(self.semantic, maker),
        }
    }

    /// The name of the class that a member is of.
    pub(super) fn class_around(&self, member: NodeId) -> Option<String> {
        let nodes = self.semantic.nodes();
        let class = nodes
            .ancestor_ids(member)
            .find(|id| matches!(nodes.kind(*id), AstKind::Class(_)))?;
        class_name(self.semantic, class)
    }
}

/// The name of a class, or of the variable that it is in.
pub(super) fn class_name(semantic: &Semantic<'_>, class: NodeId) -> Option<String> {
    let nodes = semantic.nodes();
    let AstKind::Class(found) = nodes.kind(class) else {
        return None;
    };
    match (&found.id, nodes.parent_kind(class)) {
        (Some(id), _) => Some(id.name.to_string()),
        (None, AstKind::VariableDeclarator(declarator)) => match &declarator.id {
            BindingPattern::BindingIdentifier(name) => Some(name.name.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// The name under which a value is given to other files: `exports.add = add`, `module.exports = { add }`.
pub(super) fn exported_as(semantic: &Semantic<'_>, value: NodeId) -> Option<String> {
    let nodes = semantic.nodes();
    let user = nodes.parent_id(value);
    match nodes.kind(user) {
        AstKind::AssignmentExpression(assignment)
            if assignment.right.span() == nodes.kind(value).span() =>
        {
            let member = assignment.left.as_member_expression()?;
            let is_exports = is_exports(member.object());
            (is_exports || is_module(member.object()))
                .then(|| member.static_property_name().map(str::to_owned))
                .flatten()
        }
        AstKind::ObjectProperty(property) => {
            let object = nodes.parent_id(user);
            let AstKind::AssignmentExpression(assignment) = nodes.parent_kind(object) else {
                return None;
            };
            let member = assignment.left.as_member_expression()?;
            is_module(member.object())
                .then(|| property.key.name().map(|name| name.to_string()))
                .flatten()
        }
        AstKind::ExportSpecifier(specifier) => Some(specifier.exported.name().to_string()),
        AstKind::ExportDefaultDeclaration(_) => Some("default".to_owned()),
        _ => None,
    }
}

fn is_module(object: &Expression<'_>) -> bool {
    matches!(object, Expression::Identifier(name) if name.name == "module")
}

/// `exports`, `module.exports`
fn is_exports(object: &Expression<'_>) -> bool {
    match object {
        Expression::Identifier(name) => name.name == "exports",
        Expression::StaticMemberExpression(member) => {
            member.property.name == "exports" && is_module(&member.object)
        }
        _ => false,
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
