//! Fields of objects that methods change: `this.users[from] = 1`, `#sessions.set(from, 1)`.

use super::change::{Change, Owner, change, is_changed_within, is_made_at_first_use};
use super::origin::{Origin, of_value};
use super::start::{Starts, class_name};
use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, MethodDefinitionKind};
use oxc_semantic::{NodeId, Semantic};
use oxc_span::GetSpan;
use std::collections::BTreeMap;

/// One use of a field, by `this`.
struct Use<'a> {
    /// `this.users`
    node: NodeId,
    /// What is put into it there.
    given: Option<&'a Expression<'a>>,
    /// Whether the object is only being made there.
    is_first: bool,
}

/// The changes that methods make, in one module.
pub(super) fn changes(semantic: &Semantic<'_>, starts: &Starts<'_, '_>) -> Vec<Change> {
    let nodes = semantic.nodes();
    let mut fields: BTreeMap<(Owner, String), (NodeId, Vec<Use<'_>>)> = BTreeMap::new();
    for node in nodes.iter() {
        if !matches!(node.kind(), AstKind::ThisExpression(_)) {
            continue;
        }
        let member = nodes.parent_id(node.id());
        let Some(name) = field_name(nodes.kind(member)) else {
            continue;
        };
        let Some((owner, object, is_first)) = owner_of(semantic, starts, node.id()) else {
            continue;
        };
        let given = match nodes.parent_kind(member) {
            AstKind::AssignmentExpression(assignment)
                if assignment.left.span() == nodes.kind(member).span() =>
            {
                Some(&assignment.right)
            }
            _ => None,
        };
        let used = Use {
            node: member,
            given,
            is_first,
        };
        let field = fields.entry((owner, name));
        field.or_insert_with(|| (object, Vec::new())).1.push(used);
    }
    let found = fields
        .into_iter()
        .filter_map(|((owner, name), (object, uses))| {
            let declared = declared(semantic, object, &name);
            let given = uses.iter().filter_map(|used| used.given);
            let holds = declared
                .into_iter()
                .chain(given)
                .map(of_value)
                .find(|origin| !matches!(origin, Origin::Other))
                .unwrap_or(Origin::Other);
            let name = format!("this.{name}");
            let changed = uses.iter().filter(|used| {
                let kind = nodes.kind(used.node);
                let is_assigned = kind.as_member_expression_kind().is_some_and(|member| {
                    member.is_assigned_to_in_parent(&nodes.parent_kind(used.node))
                });
                !used.is_first
                    && match is_assigned {
                        true => !is_made_at_first_use(semantic, starts, used.node, &name),
                        false => is_changed_within(semantic, used.node, holds),
                    }
            });
            change(
                semantic,
                starts,
                &name,
                Some(owner),
                changed.map(|used| used.node),
            )
        });
    found.collect()
}

fn field_name(member: AstKind<'_>) -> Option<String> {
    match member {
        AstKind::PrivateFieldExpression(member) => Some(format!("#{}", member.field.name)),
        kind => {
            let member = kind.as_member_expression_kind()?;
            Some(member.static_property_name()?.to_string())
        }
    }
}

/// Whose `this` it is, the class or the object, and whether that is only being made there.
fn owner_of(
    semantic: &Semantic<'_>,
    starts: &Starts<'_, '_>,
    this: NodeId,
) -> Option<(Owner, NodeId, bool)> {
    let nodes = semantic.nodes();
    let scope = nodes.ancestor_ids(this).find(|id| {
        matches!(
            nodes.kind(*id),
            AstKind::Function(_) | AstKind::PropertyDefinition(_) | AstKind::StaticBlock(_)
        )
    })?;
    // Arrow functions within a constructor run later.
    let is_direct = starts.function_around(this) == Some(scope);
    let (member, is_static, is_made) = match (nodes.kind(scope), nodes.parent_kind(scope)) {
        (AstKind::PropertyDefinition(field), _) => (scope, field.r#static, is_direct),
        (AstKind::Function(_), AstKind::MethodDefinition(method)) => {
            let is_constructor = method.kind == MethodDefinitionKind::Constructor;
            (
                nodes.parent_id(scope),
                method.r#static,
                is_direct && is_constructor,
            )
        }
        (AstKind::Function(_), AstKind::ObjectProperty(_)) => {
            let object = nodes.parent_id(nodes.parent_id(scope));
            let name = object_name(semantic, object)?;
            let is_one = starts.is_at_start(object);
            return is_one.then_some((Owner::Object(name), object, false));
        }
        _ => return None,
    };
    let class = nodes
        .ancestor_ids(member)
        .find(|id| matches!(nodes.kind(*id), AstKind::Class(_)))?;
    let name = class_name(semantic, class);
    let owner = match is_static {
        true => Owner::Object(name.unwrap_or_else(|| "class".to_owned())),
        false => Owner::Instances(name),
    };
    Some((owner, class, is_made))
}

/// The variable that holds an object, or `module.exports`.
fn object_name(semantic: &Semantic<'_>, object: NodeId) -> Option<String> {
    let nodes = semantic.nodes();
    match nodes.parent_kind(object) {
        AstKind::VariableDeclarator(declarator) => {
            let span = declarator.id.span();
            let text = &semantic.source_text()[span.start as usize..span.end as usize];
            Some(text.to_owned())
        }
        AstKind::AssignmentExpression(assignment) => {
            let span = assignment.left.span();
            let text = &semantic.source_text()[span.start as usize..span.end as usize];
            text.contains("exports").then(|| text.to_owned())
        }
        AstKind::ExportDefaultDeclaration(_) => Some("export default".to_owned()),
        _ => None,
    }
}

/// What a field is declared with, in a class's body or an object's.
fn declared<'a>(semantic: &Semantic<'a>, object: NodeId, name: &str) -> Option<&'a Expression<'a>> {
    use oxc_ast::ast::{ClassElement, ObjectPropertyKind, PropertyKey};
    let is_named = |key: &PropertyKey<'_>| match key {
        PropertyKey::PrivateIdentifier(key) => name.strip_prefix('#') == Some(key.name.as_str()),
        key => key.is_specific_static_name(name),
    };
    match semantic.nodes().kind(object) {
        AstKind::Class(class) => class.body.body.iter().find_map(|element| match element {
            ClassElement::PropertyDefinition(field) if is_named(&field.key) => field.value.as_ref(),
            _ => None,
        }),
        AstKind::ObjectExpression(object) => {
            object
                .properties
                .iter()
                .find_map(|property| match property {
                    ObjectPropertyKind::ObjectProperty(property) if is_named(&property.key) => {
                        Some(&property.value)
                    }
                    _ => None,
                })
        }
        _ => None,
    }
}
