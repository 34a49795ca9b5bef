//! A file of JavaScript or TypeScript, parsed, with what its names mean.

use oxc_allocator::Allocator;
use oxc_parser::Parser;
use oxc_semantic::{Semantic, SemanticBuilder};
use oxc_span::SourceType;

/// What `look` finds in a file; none when it is of another kind or does not parse.
pub(super) fn look_at<T>(
    file: &str,
    source: &str,
    look: impl FnOnce(&Semantic<'_>) -> T,
) -> Option<T> {
    let kind = SourceType::from_path(file).ok()?;
    // What only old scripts may write is tried second.
    for kind in [kind, kind.with_commonjs(true)] {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, source, kind).parse();
        if parsed.panicked {
            continue;
        }
        let built = SemanticBuilder::new()
            .with_build_nodes(true)
            .build(&parsed.program);
        return Some(look(&built.semantic));
    }
    None
}
