//! What a call loads, as far as its text says: a name, a name with holes, or anything.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, BinaryOperator, BindingPattern, CallExpression, Expression, TemplateLiteral,
};
use oxc_semantic::Semantic;

/// What is loaded.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in crate::build) enum Name {
    /// Exactly this.
    Exact(String),
    /// What begins and ends so, with at least the beginning known.
    Between(String, String),
    Unknown,
}

/// Constants that are made of constants; a deeper chain is a circle.
const MAX_HOPS: u8 = 8;

/// A piece of a name.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Anything,
}

/// Reads names in one module.
pub(super) struct Names<'a, 's> {
    pub(super) semantic: &'s Semantic<'a>,
    /// Where the module is on disk; names that begin at its folder begin so.
    pub(super) file: &'s str,
    /// Where the bot is on disk: the folder that it runs in.
    pub(super) root: &'s str,
}

impl<'a> Names<'a, '_> {
    pub(super) fn of(&self, expression: &Expression<'a>) -> Name {
        named(self.pieces(expression, MAX_HOPS))
    }

    pub(super) fn of_call(&self, call: &CallExpression<'a>) -> Name {
        named(self.of_method(call, MAX_HOPS))
    }

    fn folder(&self) -> &str {
        self.file.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    fn pieces(&self, expression: &Expression<'a>, hops: u8) -> Vec<Piece> {
        let unknown = || vec![Piece::Anything];
        let Some(hops) = hops.checked_sub(1) else {
            return unknown();
        };
        match expression.get_inner_expression() {
            Expression::StringLiteral(text) => vec![Piece::Text(text.value.to_string())],
            Expression::TemplateLiteral(template) => self.template(template, hops),
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                let mut pieces = self.pieces(&sum.left, hops);
                pieces.extend(self.pieces(&sum.right, hops));
                pieces
            }
            Expression::Identifier(name) => {
                let reference = name.reference_id.get();
                let symbol =
                    reference.and_then(|id| self.semantic.scoping().get_reference(id).symbol_id());
                match (symbol, name.name.as_str()) {
                    (Some(symbol), _) => self.constant(symbol, hops),
                    (None, "__dirname") => vec![Piece::Text(self.folder().to_owned())],
                    (None, "__filename") => vec![Piece::Text(self.file.to_owned())],
                    _ => unknown(),
                }
            }
            Expression::StaticMemberExpression(member) => {
                let is_meta = matches!(&member.object, Expression::ImportMeta(_));
                match member.property.name.as_str() {
                    "dirname" if is_meta => vec![Piece::Text(self.folder().to_owned())],
                    "filename" | "url" if is_meta => vec![Piece::Text(self.file.to_owned())],
                    // `pathToFileURL(file).href`
                    "href" | "pathname" => self.pieces(&member.object, hops),
                    _ => unknown(),
                }
            }
            Expression::NewExpression(new) if new.callee.is_specific_id("URL") => {
                let mut arguments = new.arguments.iter().filter_map(Argument::as_expression);
                let Some(first) = arguments.next() else {
                    return unknown();
                };
                let base = arguments.next().map(|base| self.pieces(base, hops));
                let name = self.pieces(first, hops);
                match base {
                    None => name,
                    Some(base) => joined(vec![parent(base), name]),
                }
            }
            Expression::CallExpression(call) => self.of_method(call, hops),
            _ => unknown(),
        }
    }

    /// What a call gives of which one knows what it does with names.
    fn of_method(&self, call: &CallExpression<'a>, hops: u8) -> Vec<Piece> {
        let unknown = || vec![Piece::Anything];
        let method = match call.callee.get_inner_expression() {
            Expression::Identifier(name) => name.name.as_str(),
            callee => match callee
                .as_member_expression()
                .and_then(|member| member.static_property_name())
            {
                Some(name) => name,
                None => return unknown(),
            },
        };
        let mut arguments = call
            .arguments
            .iter()
            .map(|argument| match argument.as_expression() {
                Some(expression) => self.pieces(expression, hops),
                None => unknown(),
            });
        match method {
            "join" | "resolve" => {
                let mut parts: Vec<_> = arguments.collect();
                if method == "resolve" && !starts_absolute(&parts) {
                    parts.insert(0, vec![Piece::Text(self.root.to_owned())]);
                }
                joined(parts)
            }
            "dirname" => arguments.next().map_or_else(unknown, parent),
            "cwd" => vec![Piece::Text(self.root.to_owned())],
            "fileURLToPath" | "pathToFileURL" | "normalize" | "toString" | "String" => {
                arguments.next().unwrap_or_else(unknown)
            }
            _ => unknown(),
        }
    }

    fn template(&self, template: &TemplateLiteral<'a>, hops: u8) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (index, quasi) in template.quasis.iter().enumerate() {
            let text = quasi.value.cooked.as_ref().map_or("", |text| text.as_str());
            pieces.push(Piece::Text(text.to_owned()));
            if let Some(expression) = template.expressions.get(index) {
                pieces.extend(self.pieces(expression, hops));
            }
        }
        pieces
    }

    /// What a `const` holds.
    fn constant(&self, symbol: oxc_semantic::SymbolId, hops: u8) -> Vec<Piece> {
        let nodes = self.semantic.nodes();
        let declaration = self.semantic.scoping().symbol_declaration(symbol);
        let init = match nodes.kind(declaration) {
            AstKind::VariableDeclarator(declarator)
                if matches!(declarator.id, BindingPattern::BindingIdentifier(_)) =>
            {
                let is_const = !self.semantic.scoping().symbol_is_mutated(symbol);
                declarator.init.as_ref().filter(|_| is_const)
            }
            _ => None,
        };
        init.map_or_else(|| vec![Piece::Anything], |init| self.pieces(init, hops))
    }
}

/// The name that pieces make.
fn named(pieces: Vec<Piece>) -> Name {
    let mut before = String::new();
    let mut after = String::new();
    let mut has_hole = false;
    for piece in pieces {
        match piece {
            Piece::Text(text) if has_hole => after.push_str(&text),
            Piece::Text(text) => before.push_str(&text),
            Piece::Anything => {
                has_hole = true;
                after.clear();
            }
        }
    }
    let before = before.strip_prefix("file://").unwrap_or(&before).to_owned();
    match (has_hole, before.is_empty()) {
        (false, _) => Name::Exact(before),
        (true, false) if before != "/" && before != "." => Name::Between(before, after),
        _ => Name::Unknown,
    }
}

/// Whether what `path.resolve` is given begins at a root: `__dirname` does.
fn starts_absolute(parts: &[Vec<Piece>]) -> bool {
    match parts.first().and_then(|pieces| pieces.first()) {
        Some(Piece::Text(text)) => text.starts_with('/'),
        Some(Piece::Anything) => true,
        None => false,
    }
}

/// Parts of a path with `/` between them, and without `.` and `..` where what is before is known.
fn joined(parts: Vec<Vec<Piece>>) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            pieces.push(Piece::Text("/".to_owned()));
        }
        pieces.extend(part);
    }
    let mut merged: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (merged.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, piece) => merged.push(piece),
        }
    }
    if let Some(Piece::Text(first)) = merged.first_mut() {
        let is_open = first.ends_with('/');
        let mut normal = super::table::normal(first);
        if is_open && !normal.ends_with('/') {
            normal.push('/');
        }
        *first = normal;
    }
    merged
}

/// The folder of a file whose name is known.
fn parent(pieces: Vec<Piece>) -> Vec<Piece> {
    match pieces.as_slice() {
        [Piece::Text(path)] => {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            vec![Piece::Text(folder.to_owned())]
        }
        _ => vec![Piece::Anything],
    }
}
