//! Warns of what is to run at a time of its own: between events nothing of a bot runs.
//!
//! The author's own files are looked at, by their text: schedules of the usual packages wherever they
//! are made, and intervals that are made while the bot starts and do something that others would see.
//! An interval that keeps house loses nothing.

use std::path::Path;

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, CallExpression, Expression};
use oxc_semantic::{NodeId, Semantic};
use oxc_span::{GetSpan, Span};

use super::error::{Place, Report};
use super::module_state::{Starts, When};
use crate::build::parsed;

/// Packages that run what they are given at a time, and what of theirs is called.
const SCHEDULERS: [(&str, &str); 5] = [
    ("node-cron", "schedule"),
    ("node-schedule", "scheduleJob"),
    ("cron", "CronJob"),
    ("croner", "Cron"),
    ("@nestjs/schedule", "Cron"),
];

/// Words of work that somebody would miss, in small letters.
const OUTWARD: [&str; 11] = [
    "axios", "console.", "fetch(", "log(", "logger", "message", "notify", "post(", "publish",
    ".query(", "send",
];

/// Words in the names of functions that only keep house.
const KEEPS_HOUSE: [&str; 7] = [
    "clean", "clear", "evict", "expire", "prune", "purge", "sweep",
];

const ADVICE: &str = "have a scheduler outside of the bot call one of the bot's routes at that time; a bot runs \
                      only while it has an event or a request (docs/instances.md)";

/// One report for all of these files, which are relative to `dir`.
pub(super) fn warning<'a>(dir: &Path, files: impl Iterator<Item = &'a str>) -> Option<Report> {
    let mut places: Vec<(String, Place)> = Vec::new();
    for file in files {
        let Ok(source) = std::fs::read_to_string(dir.join(file)) else {
            continue;
        };
        let found = timers_in(file, &source).into_iter();
        places.extend(found.map(|span| {
            let called = source[span.start as usize..span.end as usize].to_owned();
            (called, place(file, &source, span))
        }));
    }
    let count = places.len();
    let (called, place) = places.into_iter().next()?;
    let more = match count {
        1 => String::new(),
        2 => " (nor does another one)".to_owned(),
        n => format!(" (nor do {} more)", n - 1),
    };
    let message =
        format!("`{called}` does not fire between events: nothing of a bot runs then{more}");
    Some(
        Report::new(message)
            .with_place(Some(place))
            .with_advice(ADVICE),
    )
}

fn place(file: &str, source: &str, span: Span) -> Place {
    let before = &source[..span.start as usize];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Place {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        length: (span.end - span.start) as usize,
        text: source[line_start..]
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
    }
}

/// What is called to make a timer, in the order of the file.
fn timers_in(file: &str, source: &str) -> Vec<Span> {
    let is_named = |name: &str| {
        ['\'', '"']
            .iter()
            .any(|quote| source.contains(&format!("{quote}{name}{quote}")))
    };
    let schedulers: Vec<&str> = SCHEDULERS
        .iter()
        .filter(|(package, _)| is_named(package))
        .map(|(_, called)| *called)
        .collect();
    if schedulers.is_empty() && !source.contains("setInterval") {
        return Vec::new();
    }
    parsed::look_at(file, source, |semantic| timers(semantic, &schedulers)).unwrap_or_default()
}

fn timers(semantic: &Semantic<'_>, schedulers: &[&str]) -> Vec<Span> {
    let starts = Starts::new(semantic);
    let nodes = semantic.nodes();
    let found = nodes.iter().filter_map(|node| {
        let callee = match node.kind() {
            AstKind::CallExpression(call) => {
                if is_interval(call) {
                    let fires = matches!(starts.when(node.id()), When::Start(_))
                        && is_outward(semantic, call);
                    return fires.then(|| call.callee.span());
                }
                &call.callee
            }
            AstKind::NewExpression(new) => &new.callee,
            _ => return None,
        };
        schedulers
            .contains(&name_of(callee)?)
            .then(|| callee.span())
    });
    found.collect()
}

/// `schedule`, `cron.schedule`
fn name_of<'a>(callee: &Expression<'a>) -> Option<&'a str> {
    match callee.get_inner_expression() {
        Expression::Identifier(name) => Some(name.name.as_str()),
        // `CronJob.from(...)`
        Expression::StaticMemberExpression(member) if member.property.name == "from" => {
            name_of(&member.object)
        }
        Expression::StaticMemberExpression(member) => Some(member.property.name.as_str()),
        _ => None,
    }
}

fn is_interval(call: &CallExpression<'_>) -> bool {
    matches!(call.callee.get_inner_expression(), Expression::Identifier(name) if name.name == "setInterval")
}

/// Whether an interval does more than to keep house, by the words of its function, else by its name.
fn is_outward(semantic: &Semantic<'_>, call: &CallExpression<'_>) -> bool {
    let Some(run) = call.arguments.first().and_then(Argument::as_expression) else {
        return false;
    };
    let text = |span: Span| {
        semantic.source_text()[span.start as usize..span.end as usize].to_ascii_lowercase()
    };
    let says = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    let declared = match run.get_inner_expression() {
        Expression::Identifier(name) => {
            let reference = name.reference_id.get();
            let symbol = reference.and_then(|id| semantic.scoping().get_reference(id).symbol_id());
            symbol.and_then(|symbol| {
                function_at(semantic, semantic.scoping().symbol_declaration(symbol))
            })
        }
        Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_) => {
            Some(run.span())
        }
        _ => None,
    };
    match declared {
        Some(span) => says(&text(span), &OUTWARD),
        None => !says(&text(run.span()), &KEEPS_HOUSE),
    }
}

/// The function that a declaration is of, in this file.
fn function_at(semantic: &Semantic<'_>, declared: NodeId) -> Option<Span> {
    match semantic.nodes().kind(declared) {
        AstKind::Function(function) => Some(function.span),
        AstKind::VariableDeclarator(declarator) => match &declarator.init {
            Some(Expression::ArrowFunctionExpression(function)) => Some(function.span),
            Some(Expression::FunctionExpression(function)) => Some(function.span),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<&str> {
        let spans = timers_in("app.js", source).into_iter();
        spans
            .map(|span| &source[span.start as usize..span.end as usize])
            .collect()
    }

    #[test]
    fn schedules_and_intervals_that_somebody_would_miss_are_found() {
        let schedules = "
            const cron = require('node-cron'), schedule = require(\"node-schedule\")
            const { CronJob } = require('cron')
            cron.schedule('* * * * *', () => {})
            exports.start = () => schedule.scheduleJob('* * * * *', remind)
            new CronJob('* * * * *', remind).start()";
        assert_eq!(
            found(schedules),
            ["cron.schedule", "schedule.scheduleJob", "CronJob"]
        );
        let intervals = "
            const { checkReminders, cleanUp } = require('./jobs')
            setInterval(async () => { await sendReminders() }, 60000)
            setInterval(tick, 1000); setInterval(checkReminders, 1000)
            function tick() { console.log('tick') }
            setInterval(cleanUp, 1000)
            setInterval(() => { for (const [k] of map) map.delete(k) }, 1000)
            app.post('/', () => { setInterval(() => res.write(send()), 10) })
            app.listen(3000, () => setInterval(tick, 10))";
        assert_eq!(found(intervals), ["setInterval"; 4]);
        assert_eq!(found("schedule('x'); cron.schedule('y')"), [""; 0]);
    }

    #[test]
    fn all_of_them_are_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let app = "const cron = require('node-cron')\ncron.schedule('* * * * *', run)\n";
        std::fs::write(folder.path().join("app.js"), app).unwrap();
        std::fs::write(folder.path().join("b.js"), app).unwrap();
        let told = |files: &[&str]| warning(folder.path(), files.iter().copied());
        let one = told(&["app.js"]).unwrap().to_string();
        let says = "`cron.schedule` does not fire between events: nothing of a bot runs then\n --> app.js:2:1\n";
        assert!(one.starts_with(says), "{one}");
        let two = told(&["app.js", "b.js"]).unwrap().to_string();
        assert!(two.contains("(nor does another one)"), "{two}");
        assert_eq!(told(&["gone.js"]), None);
    }
}
