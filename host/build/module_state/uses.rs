//! Who calls what, over all of a bot's files: which functions are called only while they are loaded,
//! and of which classes there is one instance.

use super::change::Owner;
use super::start::{Starts, When, class_name, decorated, exported_as, made};
use oxc_ast::AstKind;
use oxc_ast::ast::Expression;
use oxc_semantic::{NodeId, Semantic};
use oxc_span::GetSpan;
use std::collections::{BTreeMap, BTreeSet};

/// Decorators of classes that a framework makes one instance of.
const OF_ONE: [&str; 5] = [
    "Controller",
    "Injectable",
    "Service",
    "WebSocketGateway",
    "singleton",
];

/// What was found in a bot's files.
#[derive(Default)]
pub(super) struct Uses {
    /// By the names of functions: when they are called.
    calls: BTreeMap<String, Vec<When>>,
    /// Classes by those that extend them.
    bases: BTreeMap<String, String>,
    /// Classes that a framework makes one instance of.
    given: BTreeSet<String>,
}

impl Uses {
    /// Adds those of one module.
    pub(super) fn add(&mut self, semantic: &Semantic<'_>, starts: &Starts<'_, '_>) {
        let nodes = semantic.nodes();
        for node in nodes.iter() {
            let id = node.id();
            match node.kind() {
                AstKind::IdentifierReference(name) => {
                    self.used(semantic, starts, id, name.name.as_str());
                }
                AstKind::StaticMemberExpression(member) => {
                    let by = nodes.parent_kind(id);
                    let is_set = matches!(by, AstKind::AssignmentExpression(assignment)
                        if assignment.left.span() == member.span);
                    if !is_set {
                        self.used(semantic, starts, id, member.property.name.as_str());
                    }
                }
                AstKind::PrivateFieldExpression(member) => {
                    self.used(semantic, starts, id, member.field.name.as_str());
                }
                AstKind::NewExpression(new) => {
                    if let Expression::Identifier(class) = new.callee.get_inner_expression() {
                        self.call(made(class.name.as_str()), starts.when(id));
                    }
                }
                AstKind::Decorator(decorator) => {
                    if let Some(name) = called_name(&decorator.expression) {
                        self.call(decorated(name), starts.when(id));
                        if OF_ONE.contains(&name)
                            && matches!(nodes.parent_kind(id), AstKind::Class(_))
                        {
                            let class = class_name(semantic, nodes.parent_id(id));
                            self.given.extend(class);
                        }
                    }
                }
                AstKind::Class(class) => {
                    let base = class.heritage.as_ref().map(|heritage| &heritage.expression);
                    if let (Some(name), Some(Expression::Identifier(base))) =
                        (class_name(semantic, id), base)
                    {
                        self.bases.insert(name, base.name.to_string());
                    }
                }
                _ => {}
            }
        }
    }

    fn call(&mut self, name: String, when: When) {
        self.calls.entry(name).or_default().push(when);
    }

    /// A use of a name: a call, or handing it to somebody who calls it later.
    fn used(&mut self, semantic: &Semantic<'_>, starts: &Starts<'_, '_>, node: NodeId, name: &str) {
        if exported_as(semantic, node).is_some() {
            return;
        }
        let when = starts.called_at(node).unwrap_or(When::Event);
        let calls = self.calls.entry(name.to_owned()).or_default();
        // One is as good as many.
        if !calls.contains(&when) {
            calls.push(when);
        }
    }

    /// What follows from all of them.
    pub(super) fn solved(self) -> Solved {
        let runs = |starts: &BTreeSet<String>, when: &When| match when {
            When::Start(names) => names.is_subset(starts),
            When::Event => false,
        };
        // What only calls itself is not called.
        let mut starts = BTreeSet::new();
        loop {
            let is_called = |(name, calls): &(&String, &Vec<When>)| {
                !starts.contains(*name) && calls.iter().any(|when| runs(&starts, when))
            };
            let called = self.calls.iter().filter(is_called);
            let called: Vec<String> = called.map(|(name, _)| name.clone()).collect();
            if called.is_empty() {
                break;
            }
            starts.extend(called);
        }
        loop {
            let is_at_start = |name: &&String| {
                let calls = self.calls.get(*name);
                calls.is_some_and(|calls| calls.iter().all(|when| runs(&starts, when)))
            };
            let next: BTreeSet<String> = starts.iter().filter(is_at_start).cloned().collect();
            if next.len() == starts.len() {
                break;
            }
            starts = next;
        }
        let mut single = self.given;
        for (name, calls) in &self.calls {
            if let Some(class) = name.strip_prefix("new ")
                && calls.iter().any(|when| runs(&starts, when))
            {
                single.insert(class.to_owned());
            }
        }
        let mut open: Vec<String> = single.iter().cloned().collect();
        while let Some(class) = open.pop() {
            if let Some(base) = self.bases.get(&class)
                && single.insert(base.clone())
            {
                open.push(base.clone());
            }
        }
        Solved { starts, single }
    }
}

/// What is known of a bot's functions and classes.
pub(super) struct Solved {
    /// Functions that are called only while the bot starts.
    starts: BTreeSet<String>,
    /// Classes with an instance that is made while it starts.
    single: BTreeSet<String>,
}

impl Solved {
    pub(super) fn is_of_event(&self, when: &When) -> bool {
        match when {
            When::Start(names) => !names.is_subset(&self.starts),
            When::Event => true,
        }
    }

    /// Whether an object lives as long as the bot's instance.
    pub(super) fn lasts(&self, owner: &Owner) -> bool {
        match owner {
            Owner::Object(_) | Owner::Instances(None) => true,
            Owner::Instances(Some(class)) => self.single.contains(class),
        }
    }
}

fn called_name<'a>(expression: &Expression<'a>) -> Option<&'a str> {
    match expression.get_inner_expression() {
        Expression::Identifier(name) => Some(name.name.as_str()),
        Expression::CallExpression(call) => called_name(&call.callee),
        Expression::StaticMemberExpression(member) => Some(member.property.name.as_str()),
        _ => None,
    }
}
