//! Reads one module: what it asks, and what it loads by names that the bundler does not see.

use std::collections::BTreeSet;

use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, AssignmentTarget, BindingPattern, CallExpression, Expression};
use oxc_parser::Parser;
use oxc_semantic::{NodeId, Reference, Semantic, SemanticBuilder, SymbolId};
use oxc_span::{GetSpan, SourceType, Span};

use super::names::{Name, Names};
use super::{Question, marker, metadata};

/// How a call loads.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in crate::build) enum Kind {
    Require,
    Import,
    /// `require.resolve`: only where it is.
    Resolve,
}

/// A call whose module the bundler does not see.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in crate::build) struct Call {
    pub(in crate::build) kind: Kind,
    pub(in crate::build) name: Name,
}

/// What was found in a module.
#[derive(Clone, Debug, Default)]
pub(in crate::build) struct Scan {
    /// What is replaced, in bytes, in order.
    edits: Vec<(Span, Edit)>,
    pub(in crate::build) calls: BTreeSet<Call>,
    /// Short texts in it, other than of what is loaded.
    pub(in crate::build) texts: BTreeSet<String>,
    /// Whether it reads beside its own code.
    pub(in crate::build) asks_folder: bool,
    /// Whether it looks at `require.cache`, as who evaluates a module anew does.
    pub(in crate::build) has_cache: bool,
}

#[derive(Clone, Debug)]
enum Edit {
    Ask(Question),
    /// `{ require }`
    AskShorthand(Question, &'static str),
    /// `require.main` of the module that starts the bot.
    IsMain,
    Add(String),
    /// What is assigned to a constant.
    Constant,
    /// The same in `{ name } = value`.
    ConstantShorthand,
}

/// What throws when it is assigned to.
pub(in crate::build) const CONSTANT: &str = "$_k.x";

/// Words without one of which a module asks nothing.
const WORDS: [&str; 6] = [
    "require",
    "__dirname",
    "__filename",
    "import.meta",
    "import(",
    "createRequire",
];

/// The longest text that may be a module's name.
const MAX_NAME_BYTES: usize = 128;

/// A module to be read.
pub(in crate::build) struct Module<'a> {
    /// Where it is on disk.
    pub(in crate::build) file: &'a str,
    /// Where the bot is.
    pub(in crate::build) root: &'a str,
    pub(in crate::build) source: &'a str,
    pub(in crate::build) is_entry: bool,
    /// Not of a package.
    pub(in crate::build) is_own: bool,
    /// Whether it assigns to constants, which the bundler refuses and Node minds when it comes to it.
    pub(in crate::build) assigns_constants: bool,
    /// Whether types are told to decorators, as tsconfig.json may ask.
    pub(in crate::build) tells_types: bool,
}

/// Reads a module; nothing of one that does not parse, which the bundler says better.
pub(in crate::build) fn scan(module: &Module<'_>) -> Scan {
    let has_word = WORDS.iter().any(|word| module.source.contains(word));
    let is_read = module.is_own || module.assigns_constants || (has_word && may_ask(module.source));
    if !is_read {
        return Scan::default();
    }
    let Ok(kind) = SourceType::from_path(module.file).or_else(|_| SourceType::from_path("a.js"))
    else {
        return Scan::default();
    };
    // What only old scripts may write is tried second.
    for kind in [kind, kind.with_commonjs(true)] {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, module.source, kind).parse();
        if parsed.panicked || !parsed.diagnostics.is_empty() {
            continue;
        }
        let built = SemanticBuilder::new()
            .with_build_nodes(true)
            .build(&parsed.program);
        let mut reader = Reader {
            module,
            semantic: &built.semantic,
            names: Names {
                semantic: &built.semantic,
                file: module.file,
                root: module.root,
            },
            is_esm: parsed.module_record.has_module_syntax,
            scan: Scan::default(),
            loaded: BTreeSet::new(),
        };
        reader.read();
        let mut scan = reader.scan;
        scan.edits.sort_by_key(|(span, _)| span.start);
        scan.edits.dedup_by_key(|(span, _)| span.start);
        return scan;
    }
    Scan::default()
}

/// Whether there is more in it than `require("name")`, by which most of all modules end here.
fn may_ask(source: &str) -> bool {
    if WORDS[1..4].iter().any(|word| source.contains(word)) || source.contains("createRequire") {
        return true;
    }
    let is_plain = |after: &str| {
        let after = after.trim_start();
        let quoted = after.strip_prefix('(').map(str::trim_start);
        quoted.is_some_and(|text| text.starts_with(['"', '\'']))
    };
    let asks = |word: &str, call: bool| {
        source.match_indices(word).any(|(at, _)| {
            let before = source[..at].chars().next_back();
            let is_whole = before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '$');
            let after = &source[at + word.len() - usize::from(call)..];
            let next = after.chars().next();
            is_whole
                && next.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '$')
                && !is_plain(after)
        })
    };
    asks("require", false) || asks("import(", true)
}

impl Scan {
    /// The module with its markers; none when there is nothing to replace.
    pub(in crate::build) fn marked(&self, source: &str, module: usize) -> Option<String> {
        if self.edits.is_empty() {
            return None;
        }
        let mut marked = String::with_capacity(source.len() + 64);
        let mut rest = 0;
        for (span, edit) in &self.edits {
            let (start, end) = (span.start as usize, span.end as usize);
            if start < rest {
                continue;
            }
            marked.push_str(&source[rest..start]);
            let length = end - start;
            match edit {
                Edit::Ask(question) => marked.push_str(&marker(*question, module, length)),
                Edit::AskShorthand(question, name) => {
                    marked.push_str(&format!("{name}:{}", marker(*question, module, length)));
                }
                Edit::IsMain => marked.push_str(&format!("{:length$}", "module")),
                Edit::Add(text) => marked.push_str(text),
                Edit::Constant => {
                    marked.push_str(&format!("{CONSTANT:length$}"));
                    // No line moves either.
                    marked.extend(source[start..end].matches('\n'));
                }
                Edit::ConstantShorthand => {
                    marked.push_str(&format!("{}:{CONSTANT}", &source[start..end]));
                }
            }
            rest = end;
        }
        marked.push_str(&source[rest..]);
        Some(marked)
    }
}

struct Reader<'a, 's> {
    module: &'s Module<'s>,
    semantic: &'s Semantic<'a>,
    names: Names<'a, 's>,
    is_esm: bool,
    scan: Scan,
    /// Where texts are that name what is loaded.
    loaded: BTreeSet<u32>,
}

impl<'a> Reader<'a, '_> {
    fn read(&mut self) {
        for (name, question) in [
            ("__dirname", Question::Folder),
            ("__filename", Question::File),
        ] {
            for (node, span) in self.free(name) {
                self.scan.asks_folder = true;
                self.replace(node, span, question, name);
            }
        }
        for (node, span) in self.free("require") {
            self.required(node, span);
        }
        for (node, _) in self.free("module") {
            self.of_module(node);
        }
        if self.module.assigns_constants {
            self.constants();
        }
        if self.module.tells_types {
            let added = metadata::additions(self.semantic);
            let added = added
                .into_iter()
                .map(|(at, text)| (Span::new(at, at), Edit::Add(text)));
            self.scan.edits.extend(added);
        }
        let nodes = self.semantic.nodes();
        let mut texts = Vec::new();
        for node in nodes.iter() {
            match node.kind() {
                AstKind::ImportMeta(_) => self.of_meta(node.id()),
                AstKind::ImportExpression(import) => self.imported(&import.source, import.span),
                AstKind::CallExpression(call) => {
                    self.of_made(call);
                    self.beside(call);
                }
                AstKind::VariableDeclarator(declarator) => {
                    if let (BindingPattern::BindingIdentifier(name), Some(init)) =
                        (&declarator.id, &declarator.init)
                        && self.holds_require(init)
                        && let Some(symbol) = name.symbol_id.get()
                    {
                        self.alias(symbol);
                    }
                }
                AstKind::AssignmentExpression(assignment) => {
                    if let AssignmentTarget::AssignmentTargetIdentifier(name) = &assignment.left
                        && self.holds_require(&assignment.right)
                        && let Some(id) = name.reference_id.get()
                        && let Some(symbol) = self.semantic.scoping().get_reference(id).symbol_id()
                    {
                        self.alias(symbol);
                    }
                }
                AstKind::StringLiteral(text) if self.module.is_own => {
                    let is_import = matches!(
                        nodes.parent_kind(node.id()),
                        AstKind::ImportDeclaration(_)
                            | AstKind::ExportFromDeclaration(_)
                            | AstKind::ExportAllDeclaration(_)
                    );
                    if !is_import {
                        texts.push((text.span.start, text.value.to_string()));
                    }
                }
                AstKind::TemplateElement(text) if self.module.is_own => {
                    if let Some(cooked) = &text.value.cooked {
                        texts.push((text.span.start, cooked.to_string()));
                    }
                }
                _ => {}
            }
        }
        for (at, text) in texts {
            if !text.is_empty() && text.len() <= MAX_NAME_BYTES && !self.loaded.contains(&at) {
                // `target: './transport.js'`
                if text.starts_with("./") && text.ends_with("js") && self.names_transports() {
                    let (kind, name) = (Kind::Require, Name::Exact(text.clone()));
                    self.scan.calls.insert(Call { kind, name });
                }
                self.scan.texts.insert(text);
            }
        }
    }

    /// Where constants and imports are assigned to, and what a module exports: `live.n = 5`.
    fn constants(&mut self) {
        let scoping = self.semantic.scoping();
        for symbol in scoping.symbol_ids() {
            let flags = scoping.symbol_flags(symbol);
            if !flags.is_const_variable() && !flags.is_import() {
                continue;
            }
            for reference in self.semantic.symbol_references(symbol) {
                if !reference.is_write() {
                    let member = self.assigned_member(symbol, reference.node_id());
                    let edits = member.map(|span| (span, Edit::Constant));
                    self.scan.edits.extend(edits);
                    continue;
                }
                let is_shorthand = matches!(
                    self.semantic.nodes().parent_kind(reference.node_id()),
                    AstKind::AssignmentTargetPropertyIdentifier(_)
                );
                let edit = match is_shorthand {
                    true => Edit::ConstantShorthand,
                    false => Edit::Constant,
                };
                self.scan
                    .edits
                    .push((self.semantic.reference_span(reference), edit));
            }
        }
    }

    /// Where a member of `import * as name` is assigned to, at one use of the name.
    fn assigned_member(&self, symbol: SymbolId, node: NodeId) -> Option<Span> {
        let nodes = self.semantic.nodes();
        let declared = self.semantic.scoping().symbol_declaration(symbol);
        if !matches!(nodes.kind(declared), AstKind::ImportNamespaceSpecifier(_)) {
            return None;
        }
        let user = nodes.parent_id(node);
        let member = nodes.kind(user).as_member_expression_kind()?;
        let is_object = member.object().span() == nodes.kind(node).span();
        let by = nodes.parent_kind(user);
        (is_object && member.is_assigned_to_in_parent(&by)).then(|| member.span())
    }

    /// Where a name is used that nothing in the module declares.
    fn free(&self, name: &str) -> Vec<(NodeId, Span)> {
        let scoping = self.semantic.scoping();
        let references = scoping.root_unresolved_references().get(name);
        let references = references.into_iter().flatten();
        let found = references.map(|id| {
            let reference: &Reference = scoping.get_reference(*id);
            (reference.node_id(), self.semantic.reference_span(reference))
        });
        found.collect()
    }

    fn replace(&mut self, node: NodeId, span: Span, question: Question, name: &'static str) {
        let is_shorthand = matches!(
            self.semantic.nodes().parent_kind(node),
            AstKind::ObjectProperty(property) if property.shorthand
        );
        let edit = match is_shorthand {
            true => Edit::AskShorthand(question, name),
            false => Edit::Ask(question),
        };
        self.scan.edits.push((span, edit));
    }

    /// A free `require`.
    fn required(&mut self, node: NodeId, span: Span) {
        let nodes = self.semantic.nodes();
        let (user, user_id) = self.user(node);
        match user {
            AstKind::CallExpression(call) if call.callee.get_inner_expression().span() == span => {
                if self.is_seen(call) {
                    return;
                }
                self.called(call, Kind::Require);
            }
            AstKind::StaticMemberExpression(member) if member.property.name == "main" => {
                let edit = match self.module.is_entry && !self.is_esm {
                    true => Edit::IsMain,
                    false => Edit::Ask(Question::Main),
                };
                self.scan.edits.push((member.span, edit));
                return;
            }
            AstKind::StaticMemberExpression(member) if member.property.name == "resolve" => {
                if let AstKind::CallExpression(call) = nodes.parent_kind(user_id)
                    && call.callee.span() == member.span
                {
                    self.called(call, Kind::Resolve);
                }
            }
            AstKind::StaticMemberExpression(member) if member.property.name == "cache" => {
                self.scan.has_cache = true;
            }
            AstKind::UnaryExpression(unary)
                if unary.operator == oxc_ast::ast::UnaryOperator::Typeof =>
            {
                return;
            }
            _ => {}
        }
        self.replace(node, span, Question::Require, "require");
    }

    /// `createRequire(import.meta.url)('name')`, and `.resolve('name')` of it: what is found for a name of
    /// which nothing is known is found to be loaded.
    fn of_made(&mut self, call: &CallExpression<'a>) {
        match call.callee.get_inner_expression() {
            Expression::CallExpression(maker) if makes_require(maker) => {
                self.called(call, Kind::Require);
            }
            Expression::StaticMemberExpression(member) if member.property.name == "resolve" => {
                let Expression::CallExpression(maker) = member.object.get_inner_expression() else {
                    return;
                };
                let first = call.arguments.first().and_then(Argument::as_expression);
                if let Some(first) = first.filter(|_| makes_require(maker)) {
                    let kind = match self.names.of(first) {
                        Name::Exact(_) => Kind::Resolve,
                        _ => Kind::Require,
                    };
                    self.called(call, kind);
                }
            }
            _ => {}
        }
    }

    /// `join(__dirname, 'transport.js')` where transports are named: for pino, which starts them by `thread-stream`.
    fn beside(&mut self, call: &CallExpression<'a>) {
        if !self.names_transports() {
            return;
        }
        if let Name::Exact(name) = self.names.of_call(call)
            && name.starts_with('/')
            && name.ends_with(".js")
        {
            let (kind, name) = (Kind::Require, Name::Exact(name));
            self.scan.calls.insert(Call { kind, name });
        }
    }

    fn names_transports(&self) -> bool {
        let source = self.module.source;
        source.contains("thread-stream") || (self.module.is_own && source.contains("pino"))
    }

    /// `module.require(name)`
    fn of_module(&mut self, node: NodeId) {
        let (user, user_id) = self.user(node);
        let AstKind::StaticMemberExpression(member) = user else {
            return;
        };
        if member.property.name != "require" {
            return;
        }
        if let AstKind::CallExpression(call) = self.semantic.nodes().parent_kind(user_id)
            && call.callee.span() == member.span
            && !self.is_seen(call)
        {
            self.called(call, Kind::Require);
            self.scan
                .edits
                .push((member.span, Edit::Ask(Question::Require)));
        }
    }

    fn of_meta(&mut self, node: NodeId) {
        let (user, user_id) = self.user(node);
        let AstKind::StaticMemberExpression(member) = user else {
            return;
        };
        if member.property.name == "resolve" {
            if let AstKind::CallExpression(call) = self.semantic.nodes().parent_kind(user_id)
                && call.callee.span() == member.span
            {
                self.called(call, Kind::Resolve);
            }
            let edit = Edit::Ask(Question::Resolver);
            self.scan.edits.push((member.span, edit));
            return;
        }
        let question = match member.property.name.as_str() {
            "dirname" => Question::Folder,
            "filename" => Question::File,
            "url" => Question::Url,
            _ => return,
        };
        self.scan.asks_folder = true;
        self.scan.edits.push((member.span, Edit::Ask(question)));
    }

    fn imported(&mut self, source: &Expression<'a>, span: Span) {
        match self.literal(source) {
            Some(at) => {
                self.loaded.insert(at);
            }
            None => {
                let name = self.names.of(source);
                self.scan.calls.insert(Call {
                    kind: Kind::Import,
                    name,
                });
                let word = Span::new(span.start, span.start + "import".len() as u32);
                self.scan.edits.push((word, Edit::Ask(Question::Import)));
            }
        }
    }

    /// Whether the bundler sees what a call of `require` loads.
    fn is_seen(&mut self, call: &CallExpression<'a>) -> bool {
        let first = call.arguments.first().and_then(Argument::as_expression);
        let Some(first) = first.filter(|_| call.arguments.len() == 1 && !call.optional) else {
            return false;
        };
        let texts = match first.get_inner_expression() {
            Expression::ConditionalExpression(either) => {
                vec![
                    self.literal(&either.consequent),
                    self.literal(&either.alternate),
                ]
            }
            _ => vec![self.literal(first)],
        };
        let is_seen = texts.iter().all(Option::is_some);
        if is_seen {
            self.loaded.extend(texts.into_iter().flatten());
        }
        is_seen
    }

    /// Where a text without holes begins.
    fn literal(&self, expression: &Expression<'a>) -> Option<u32> {
        match expression.get_inner_expression() {
            Expression::StringLiteral(text) => Some(text.span.start),
            Expression::TemplateLiteral(template) if template.expressions.is_empty() => {
                template.quasis.first().map(|quasi| quasi.span.start)
            }
            _ => None,
        }
    }

    fn called(&mut self, call: &CallExpression<'a>, kind: Kind) {
        let Some(first) = call.arguments.first().and_then(Argument::as_expression) else {
            return;
        };
        if let Some(at) = self.literal(first) {
            self.loaded.insert(at);
        }
        let name = self.names.of(first);
        self.scan.calls.insert(Call { kind, name });
    }

    /// Whether a value is a `require`: the module's own, or one that was made.
    fn holds_require(&self, value: &Expression<'a>) -> bool {
        match value.get_inner_expression() {
            Expression::Identifier(name) => {
                let reference = name.reference_id.get();
                let symbol =
                    reference.and_then(|id| self.semantic.scoping().get_reference(id).symbol_id());
                name.name == "require" && symbol.is_none()
            }
            Expression::CallExpression(call) => makes_require(call),
            Expression::LogicalExpression(either) => {
                self.holds_require(&either.left) || self.holds_require(&either.right)
            }
            Expression::ConditionalExpression(either) => {
                self.holds_require(&either.consequent) || self.holds_require(&either.alternate)
            }
            _ => false,
        }
    }

    /// The calls of a variable that holds a `require`.
    fn alias(&mut self, symbol: SymbolId) {
        let nodes = self.semantic.nodes();
        let used: Vec<_> = self
            .semantic
            .symbol_references(symbol)
            .map(Reference::node_id)
            .collect();
        for node in used {
            let span = nodes.kind(node).span();
            let (user, user_id) = self.user(node);
            match user {
                AstKind::CallExpression(call)
                    if call.callee.get_inner_expression().span() == span =>
                {
                    self.called(call, Kind::Require);
                }
                AstKind::StaticMemberExpression(member) if member.property.name == "resolve" => {
                    if let AstKind::CallExpression(call) = nodes.parent_kind(user_id)
                        && call.callee.span() == member.span
                    {
                        self.called(call, Kind::Resolve);
                    }
                }
                AstKind::StaticMemberExpression(member) if member.property.name == "cache" => {
                    self.scan.has_cache = true;
                }
                _ => {}
            }
        }
    }

    /// What uses a value, without the brackets around it.
    fn user(&self, node: NodeId) -> (AstKind<'a>, NodeId) {
        let nodes = self.semantic.nodes();
        let mut user = nodes.parent_id(node);
        while let AstKind::ParenthesizedExpression(_) = nodes.kind(user) {
            user = nodes.parent_id(user);
        }
        (nodes.kind(user), user)
    }
}

/// `createRequire(…)`, `module.createRequire(…)`
fn makes_require(call: &CallExpression<'_>) -> bool {
    match call.callee.get_inner_expression() {
        Expression::Identifier(name) => name.name.starts_with("createRequire"),
        callee => callee
            .as_member_expression()
            .and_then(|member| member.static_property_name())
            .is_some_and(|name| name == "createRequire"),
    }
}
