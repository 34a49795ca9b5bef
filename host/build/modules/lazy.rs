//! What a module loads by names in quotes, and whether it does as soon as it is evaluated.

use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_parser::Parser;
use oxc_semantic::{NodeId, Semantic, SemanticBuilder};
use oxc_span::{GetSpan, SourceType};

/// One `import` or `require` with a name in quotes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::build) struct Load {
    pub(in crate::build) name: String,
    /// Where the name is, in bytes.
    pub(in crate::build) offset: usize,
    /// Whether it waits in a function, or fails into a `catch`.
    pub(in crate::build) is_lazy: bool,
    /// Whether a `catch` around it takes what it throws.
    pub(in crate::build) is_tried: bool,
}

/// What the module at `file`, whose text is `source`, loads; nothing of one that does not parse.
pub(in crate::build) fn loads(file: &str, source: &str) -> Vec<Load> {
    let Ok(kind) = SourceType::from_path(file).or_else(|_| SourceType::from_path("a.js")) else {
        return Vec::new();
    };
    for kind in [kind, kind.with_commonjs(true)] {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, source, kind).parse();
        if parsed.panicked || !parsed.diagnostics.is_empty() {
            continue;
        }
        let built = SemanticBuilder::new()
            .with_build_nodes(true)
            .build(&parsed.program);
        return of(&built.semantic);
    }
    Vec::new()
}

fn of(semantic: &Semantic<'_>) -> Vec<Load> {
    let nodes = semantic.nodes();
    let found = nodes.iter().filter_map(|node| {
        let (name, span) = match node.kind() {
            AstKind::ImportDeclaration(import) if !import.import_kind.is_type() => {
                (import.source.value.as_str(), import.source.span)
            }
            AstKind::ExportAllDeclaration(export) => {
                (export.source.value.as_str(), export.source.span)
            }
            AstKind::StringLiteral(text) => match nodes.parent_kind(node.id()) {
                AstKind::CallExpression(call)
                    if call.callee.is_specific_id("require")
                        && call
                            .arguments
                            .first()
                            .is_some_and(|first| first.span() == text.span) =>
                {
                    (text.value.as_str(), text.span)
                }
                AstKind::ImportExpression(import) if import.source.span() == text.span => {
                    (text.value.as_str(), text.span)
                }
                // `export { a } from 'a'`
                AstKind::ExportFromDeclaration(_) => (text.value.as_str(), text.span),
                _ => return None,
            },
            _ => return None,
        };
        Some(Load {
            name: name.to_owned(),
            offset: span.start as usize,
            is_lazy: is_lazy(semantic, node.id()),
            is_tried: is_tried(semantic, node.id()),
        })
    });
    found.collect()
}

fn is_lazy(semantic: &Semantic<'_>, node: NodeId) -> bool {
    let nodes = semantic.nodes();
    nodes.ancestor_kinds(node).any(|kind| {
        matches!(
            kind,
            AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) | AstKind::TryStatement(_)
        )
    })
}

fn is_tried(semantic: &Semantic<'_>, node: NodeId) -> bool {
    let nodes = semantic.nodes();
    let at = nodes.kind(node).span();
    let around = nodes.ancestor_kinds(node).take_while(|kind| {
        !matches!(
            kind,
            AstKind::Function(_) | AstKind::ArrowFunctionExpression(_)
        )
    });
    around.into_iter().any(|kind| {
        matches!(kind, AstKind::TryStatement(tried)
            if tried.handler.is_some() && tried.block.span.contains_inclusive(at))
    })
}
