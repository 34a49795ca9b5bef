//! The places of one file that read the environment.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, BindingPattern, CallExpression, Expression, ImportDeclarationSpecifier,
    LogicalOperator, MemberExpression, ObjectExpression, ObjectPropertyKind, UnaryOperator,
};
use oxc_semantic::{NodeId, Semantic, SymbolId};
use oxc_span::GetSpan;

use super::UsedAs;
use super::uses;

/// What one file has.
#[derive(Default)]
pub(super) struct Found {
    pub(super) reads: Vec<Read>,
    /// Functions that read the variable that one of their arguments names, and which one.
    pub(super) helpers: Vec<(String, usize)>,
    /// Calls with texts, among which may be those of helpers, of this file or another.
    pub(super) calls: Vec<Call>,
    /// Variables that the code sets itself.
    pub(super) set: Vec<String>,
}

#[derive(Clone)]
pub(super) struct Read {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) needed: bool,
    pub(super) used_as: Option<UsedAs>,
}

pub(super) struct Call {
    pub(super) callee: String,
    pub(super) texts: Vec<Option<String>>,
    pub(super) line: usize,
    pub(super) used_as: Option<UsedAs>,
}

/// Methods by which libraries are asked for one variable: `config.get('NAME')`, and whether they
/// fail without it.
const GETTERS: [(&str, bool); 4] = [
    ("get", false),
    ("getOrThrow", true),
    ("getenv", false),
    ("require", true),
];

pub(super) fn found(semantic: &Semantic<'_>) -> Found {
    let file = File { semantic };
    let mut found = Found::default();
    for node in semantic.nodes().iter() {
        let id = node.id();
        match node.kind() {
            AstKind::StaticMemberExpression(_) | AstKind::ComputedMemberExpression(_) => {
                file.member(id, &mut found);
            }
            AstKind::VariableDeclarator(declarator) => {
                if let (BindingPattern::ObjectPattern(pattern), Some(value)) =
                    (&declarator.id, &declarator.init)
                    && file.is_environment(value)
                {
                    for property in &pattern.properties {
                        let (bound, needed) = match &property.value {
                            BindingPattern::AssignmentPattern(with) => (&with.left, false),
                            bound => (bound, true),
                        };
                        let symbol = match bound {
                            BindingPattern::BindingIdentifier(name) => name.symbol_id.get(),
                            _ => None,
                        };
                        if let Some(name) = property.key.static_name() {
                            let used = symbol.and_then(|symbol| uses::of_symbol(semantic, symbol));
                            let tested = symbol.is_some_and(|symbol| file.is_tested(symbol));
                            found.reads.push(Read {
                                name: name.to_string(),
                                line: file.line(property.span.start),
                                needed: needed && !tested,
                                used_as: used,
                            });
                        }
                    }
                }
            }
            AstKind::CallExpression(call) => file.call(id, call, &mut found),
            _ => {}
        }
    }
    found
}

struct File<'a, 's> {
    semantic: &'s Semantic<'a>,
}

impl<'a> File<'a, '_> {
    fn line(&self, offset: u32) -> usize {
        let before = &self.semantic.source_text()[..offset as usize];
        before.matches('\n').count() + 1
    }

    fn text(&self, span: oxc_span::Span) -> &'a str {
        &self.semantic.source_text()[span.start as usize..span.end as usize]
    }

    /// `process.env.NAME`, `env['NAME']`, `process.env[name]` in a helper.
    fn member(&self, id: NodeId, found: &mut Found) {
        let nodes = self.semantic.nodes();
        let kind = nodes.kind(id);
        let Some(member) = kind.as_member_expression_kind() else {
            return;
        };
        if !self.is_environment(member.object()) {
            return;
        }
        let Some(name) = member.static_property_name() else {
            if let AstKind::ComputedMemberExpression(computed) = kind {
                found.helpers.extend(self.helper(id, &computed.expression));
            }
            return;
        };
        let name = name.to_string();
        let parent = nodes.parent_kind(id);
        if member.is_assigned_to_in_parent(&parent) {
            found.set.push(name);
            return;
        }
        if matches!(parent, AstKind::UnaryExpression(unary) if unary.operator == UnaryOperator::Delete)
        {
            return;
        }
        found.reads.push(Read {
            name,
            line: self.line(member.span().start),
            needed: self.is_needed(id),
            used_as: uses::of_value(self.semantic, id),
        });
    }

    /// The function that reads what its argument names.
    fn helper(&self, id: NodeId, key: &Expression<'a>) -> Option<(String, usize)> {
        let Expression::Identifier(key) = key.get_inner_expression() else {
            return None;
        };
        let nodes = self.semantic.nodes();
        let function = nodes.ancestor_ids(id).find(|id| {
            matches!(
                nodes.kind(*id),
                AstKind::Function(_) | AstKind::ArrowFunctionExpression(_)
            )
        })?;
        let (parameters, own_name) = match nodes.kind(function) {
            AstKind::Function(function) => (&function.params, function.id.as_ref()),
            AstKind::ArrowFunctionExpression(function) => (&function.params, None),
            _ => return None,
        };
        let argument = parameters.items.iter().position(|parameter| {
            matches!(&parameter.pattern, BindingPattern::BindingIdentifier(name) if name.name == key.name)
        })?;
        let name = match (own_name, nodes.parent_kind(function)) {
            (Some(name), _) => name.name.to_string(),
            (None, AstKind::VariableDeclarator(declarator)) => match &declarator.id {
                BindingPattern::BindingIdentifier(name) => name.name.to_string(),
                _ => return None,
            },
            (None, AstKind::ObjectProperty(property)) => property.key.static_name()?.to_string(),
            (None, AstKind::MethodDefinition(method)) => method.key.static_name()?.to_string(),
            _ => return None,
        };
        Some((name, argument))
    }

    fn call(&self, id: NodeId, call: &CallExpression<'a>, found: &mut Found) {
        let callee = call.callee.get_inner_expression();
        let name = match callee {
            Expression::Identifier(name) => Some(name.name.to_string()),
            callee => callee
                .as_member_expression()
                .and_then(|member| member.static_property_name())
                .map(|name| name.to_string()),
        };
        let texts: Vec<Option<String>> = call.arguments.iter().map(text_of).collect();
        if let Some(name) = name
            && texts.iter().flatten().any(|text| is_name(text))
        {
            if let Some(member) = callee.as_member_expression()
                && let Some((_, needed)) = GETTERS.iter().find(|(getter, _)| *getter == name)
                && self.is_about_environment(member)
                && let Some(Some(variable)) = texts.first()
            {
                let (needed, defaulted) = self.chained(id, *needed);
                found.reads.push(Read {
                    name: variable.clone(),
                    line: self.line(call.span.start),
                    needed: needed && !defaulted && texts.len() == 1,
                    used_as: uses::of_value(self.semantic, id),
                });
            }
            found.calls.push(Call {
                callee: name,
                texts,
                line: self.line(call.span.start),
                used_as: uses::of_value(self.semantic, id),
            });
        }
        self.schema(call, found);
    }

    /// What is called on `env.get('NAME')`: `.required()`, `.default('x')`.
    fn chained(&self, id: NodeId, needed: bool) -> (bool, bool) {
        let nodes = self.semantic.nodes();
        let (mut needed, mut defaulted) = (needed, false);
        let kinds = nodes.ancestor_kinds(id);
        for kind in kinds.take_while(|kind| {
            kind.as_member_expression_kind().is_some() || matches!(kind, AstKind::CallExpression(_))
        }) {
            match kind
                .as_member_expression_kind()
                .and_then(|m| m.static_property_name())
            {
                Some(name) if name == "required" => needed = true,
                Some(name) if name == "default" => defaulted = true,
                _ => {}
            }
        }
        (needed, defaulted)
    }

    /// `env.get`, `configService.get`, `this.config.get`, `envVar.from(process.env).get`.
    fn is_about_environment(&self, member: &MemberExpression<'a>) -> bool {
        let object = self.text(member.object().span()).to_ascii_lowercase();
        let last = object.rsplit('.').next().unwrap_or_default();
        last.contains("env") || last.contains("config")
    }

    /// `schema.parse(process.env)`, `cleanEnv(process.env, { NAME: str() })`,
    /// `createEnv({ server: { NAME: z.string() }, runtimeEnv: process.env })`.
    fn schema(&self, call: &CallExpression<'a>, found: &mut Found) {
        let arguments = || call.arguments.iter().filter_map(Argument::as_expression);
        let is_given = |argument: &Expression<'a>| {
            self.is_environment(argument)
                || matches!(argument.get_inner_expression(), Expression::ObjectExpression(object)
                if object.properties.iter().any(|property| match property {
                    ObjectPropertyKind::ObjectProperty(property) => self.is_environment(&property.value),
                    ObjectPropertyKind::SpreadProperty(spread) => self.is_environment(&spread.argument),
                }))
        };
        if !arguments().any(is_given) {
            return;
        }
        for argument in arguments() {
            self.keys(argument, 0, found);
        }
        if let Some(member) = call.callee.get_inner_expression().as_member_expression() {
            self.keys(member.object(), 0, found);
        }
    }

    /// The names that a schema has, wherever it is written.
    fn keys(&self, schema: &Expression<'a>, depth: usize, found: &mut Found) {
        if depth > 6 {
            return;
        }
        match schema.get_inner_expression() {
            Expression::ObjectExpression(object) => self.fields(object, depth, found),
            Expression::CallExpression(call) => {
                for argument in call.arguments.iter().filter_map(Argument::as_expression) {
                    self.keys(argument, depth + 1, found);
                }
                if let Some(member) = call.callee.get_inner_expression().as_member_expression() {
                    self.keys(member.object(), depth + 1, found);
                }
            }
            Expression::Identifier(name) => {
                let symbol = name
                    .reference_id
                    .get()
                    .and_then(|id| self.semantic.scoping().get_reference(id).symbol_id());
                if let Some(value) = symbol.and_then(|symbol| self.value_of(symbol)) {
                    self.keys(value, depth + 1, found);
                }
            }
            _ => {}
        }
    }

    fn fields(&self, object: &ObjectExpression<'a>, depth: usize, found: &mut Found) {
        for property in &object.properties {
            let ObjectPropertyKind::ObjectProperty(property) = property else {
                continue;
            };
            let Some(name) = property.key.static_name() else {
                continue;
            };
            if !is_name(&name) {
                self.keys(&property.value, depth + 1, found);
                continue;
            }
            let rule = self.text(property.value.span());
            let says = |word: &str| rule.contains(word);
            let asks = says("Joi.") || says("joi.") || says("yup.");
            let spared = ["optional", "default", "nullish", "devDefault", ".catch("];
            found.reads.push(Read {
                name: name.to_string(),
                line: self.line(property.span.start),
                needed: !spared.iter().any(|word| says(word)) && (!asks || says("required")),
                used_as: None,
            });
        }
    }

    /// What a constant was declared with.
    fn value_of(&self, symbol: SymbolId) -> Option<&Expression<'a>> {
        let nodes = self.semantic.nodes();
        let declared = self.semantic.scoping().symbol_declaration(symbol);
        let kinds = std::iter::once(nodes.kind(declared)).chain(nodes.ancestor_kinds(declared));
        for kind in kinds {
            match kind {
                AstKind::VariableDeclarator(declarator) => {
                    let is_whole = matches!(declarator.id, BindingPattern::BindingIdentifier(_));
                    return declarator.init.as_ref().filter(|_| is_whole);
                }
                AstKind::Function(_) | AstKind::Program(_) => return None,
                _ => {}
            }
        }
        None
    }

    /// Whether it is `process.env`, or a name for it.
    fn is_environment(&self, value: &Expression<'a>) -> bool {
        match value.get_inner_expression() {
            Expression::Identifier(name) => {
                let reference = name.reference_id.get();
                let symbol =
                    reference.and_then(|id| self.semantic.scoping().get_reference(id).symbol_id());
                symbol.is_some_and(|symbol| self.names_environment(symbol))
            }
            Expression::ChainExpression(chain) => chain
                .expression
                .as_member_expression()
                .is_some_and(|member| self.is_env_of_process(member)),
            value => value
                .as_member_expression()
                .is_some_and(|member| self.is_env_of_process(member)),
        }
    }

    fn is_env_of_process(&self, member: &MemberExpression<'a>) -> bool {
        if member.static_property_name() != Some("env") {
            return false;
        }
        match member.object().get_inner_expression() {
            Expression::Identifier(name) => name.name == "process",
            object => object
                .as_member_expression()
                .is_some_and(|member| member.static_property_name() == Some("process")),
        }
    }

    /// `const env = process.env`, `const { env } = process`, `import { env } from 'node:process'`.
    fn names_environment(&self, symbol: SymbolId) -> bool {
        let nodes = self.semantic.nodes();
        let name = self.semantic.scoping().symbol_name(symbol);
        let declared = self.semantic.scoping().symbol_declaration(symbol);
        let kinds = std::iter::once(nodes.kind(declared)).chain(nodes.ancestor_kinds(declared));
        for kind in kinds {
            match kind {
                AstKind::ImportDeclaration(import) => {
                    let is_process =
                        matches!(import.source.value.as_str(), "process" | "node:process");
                    let specifiers = import.specifiers.iter().flatten();
                    return is_process
                        && specifiers.into_iter().any(|specifier| match specifier {
                            ImportDeclarationSpecifier::ImportSpecifier(one) => {
                                one.local.name == name && one.imported.name() == "env"
                            }
                            _ => false,
                        });
                }
                AstKind::VariableDeclarator(declarator) => {
                    let Some(value) = &declarator.init else {
                        return false;
                    };
                    return match &declarator.id {
                        // No recursion into itself: `const env = env || {}`.
                        BindingPattern::BindingIdentifier(_) => {
                            !matches!(value.get_inner_expression(), Expression::Identifier(_))
                                && self.is_environment(value)
                        }
                        BindingPattern::ObjectPattern(pattern) => {
                            let is_process = matches!(value.get_inner_expression(),
                                Expression::Identifier(process) if process.name == "process");
                            is_process
                                && pattern.properties.iter().any(|property| {
                                    property.key.is_specific_static_name("env")
                                        && matches!(&property.value, BindingPattern::BindingIdentifier(bound)
                                            if bound.name == name)
                                })
                        }
                        _ => false,
                    };
                }
                AstKind::Function(_)
                | AstKind::ArrowFunctionExpression(_)
                | AstKind::Program(_) => {
                    return false;
                }
                _ => {}
            }
        }
        false
    }

    /// Whether the code has nothing to put in a value's place, where it is read.
    fn is_needed(&self, id: NodeId) -> bool {
        let nodes = self.semantic.nodes();
        let mut value = id;
        loop {
            let user = nodes.parent_id(value);
            let span = nodes.kind(value).span();
            match nodes.kind(user) {
                AstKind::ParenthesizedExpression(_)
                | AstKind::ChainExpression(_)
                | AstKind::TSNonNullExpression(_)
                | AstKind::TSAsExpression(_)
                | AstKind::TSSatisfiesExpression(_) => value = user,
                // `!NAME` before a throw asks for it; `!!NAME` does not.
                AstKind::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => {
                    return self.is_missed(user);
                }
                // The right side is what is left, and what `&&` gives may be asked for in turn.
                AstKind::LogicalExpression(logical) => {
                    if logical.right.span() != span || logical.operator != LogicalOperator::And {
                        return false;
                    }
                    value = user;
                }
                // `process.env.NAME?.trim()`
                AstKind::StaticMemberExpression(member) => return !member.optional,
                // `Number(process.env.NAME) || 3000`
                AstKind::CallExpression(call) if is_conversion(&call.callee) => value = user,
                AstKind::ObjectProperty(property) => {
                    return !(property.key.is_specific_static_name("connectionString")
                        && self.is_for_pg(user));
                }
                AstKind::BinaryExpression(binary) => {
                    let other = match binary.left.span() == span {
                        true => &binary.right,
                        false => &binary.left,
                    };
                    return !(binary.operator.is_equality() && is_literal(other));
                }
                AstKind::ConditionalExpression(choice) => return choice.test.span() != span,
                AstKind::IfStatement(choice) => return choice.test.span() != span,
                AstKind::CallExpression(call) => {
                    return !matches!(&call.callee, Expression::Identifier(name) if name.name == "Boolean");
                }
                AstKind::VariableDeclarator(declarator) => {
                    let symbol = match &declarator.id {
                        BindingPattern::BindingIdentifier(name) => name.symbol_id.get(),
                        _ => None,
                    };
                    return !symbol.is_some_and(|symbol| self.is_tested(symbol));
                }
                _ => return true,
            }
        }
    }

    /// Whether the code minds that there is nothing, where it asks `!NAME`.
    fn is_missed(&self, negation: NodeId) -> bool {
        let nodes = self.semantic.nodes();
        let mut value = negation;
        loop {
            let user = nodes.parent_id(value);
            match nodes.kind(user) {
                AstKind::ParenthesizedExpression(_) | AstKind::LogicalExpression(_) => value = user,
                AstKind::UnaryExpression(outer) => {
                    return outer.operator != UnaryOperator::LogicalNot;
                }
                AstKind::ConditionalExpression(choice) => {
                    return choice.test.span() != nodes.kind(value).span();
                }
                AstKind::IfStatement(choice) => {
                    let then = self.text(choice.consequent.span());
                    return MINDS.iter().any(|word| then.contains(word));
                }
                _ => return true,
            }
        }
    }

    /// `new Pool({ connectionString })`: without one, pg goes by what the host says of the database.
    fn is_for_pg(&self, property: NodeId) -> bool {
        let nodes = self.semantic.nodes();
        let maker = nodes.parent_kind(nodes.parent_id(property));
        let AstKind::NewExpression(new) = maker else {
            return false;
        };
        let name = match new.callee.get_inner_expression() {
            Expression::Identifier(name) => Some(name.name.as_str()),
            callee => callee
                .as_member_expression()
                .and_then(|member| member.static_property_name()),
        };
        name.is_some_and(|name| matches!(name, "Pool" | "Client"))
    }

    /// Whether a constant is asked for whether there is something in it.
    fn is_tested(&self, symbol: SymbolId) -> bool {
        let references = self.semantic.symbol_references(symbol);
        references.map(|reference| reference.node_id()).any(|node| {
            match self.semantic.nodes().parent_kind(node) {
                AstKind::VariableDeclarator(_) => false,
                _ => !self.is_needed(node),
            }
        })
    }
}

/// Words of code that does not go on without a value, or speaks of it.
const MINDS: [&str; 7] = [
    "throw", "exit", "rror", "reject", "fail", "console.", "status(",
];

/// `Number(text)`: the value in another type.
fn is_conversion(callee: &Expression<'_>) -> bool {
    matches!(callee, Expression::Identifier(name)
        if matches!(name.name.as_str(), "Number" | "parseInt" | "parseFloat" | "String"))
}

fn is_literal(value: &Expression<'_>) -> bool {
    let value = value.get_inner_expression();
    value.is_literal() || matches!(value, Expression::Identifier(name) if name.name == "undefined")
}

fn text_of(argument: &Argument<'_>) -> Option<String> {
    match argument.as_expression()?.get_inner_expression() {
        Expression::StringLiteral(text) => Some(text.value.to_string()),
        Expression::TemplateLiteral(template) if template.expressions.is_empty() => {
            let cooked = template.quasis.first()?.value.cooked.as_ref()?;
            Some(cooked.to_string())
        }
        _ => None,
    }
}

/// Whether it looks like a variable's name: what schemas and helpers are called with besides is not.
fn is_name(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_uppercase());
    begins
        && text.len() > 2
        && text
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
